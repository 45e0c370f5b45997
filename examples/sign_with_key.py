"""Sign a file with a key alone: python sign_with_key.py FILE KEY, with its password in COSIGN_PASSWORD."""

import os
import sys
from pathlib import Path

from cosignpy import encode_bundle, load_signer, open_key_signing, sign_blob

name, key = sys.argv[1:]
signer = load_signer(key, password=lambda: os.environb[b"COSIGN_PASSWORD"])
with open_key_signing(signer) as signing:
    bundle = sign_blob(Path(name), signing)
Path(f"{name}.sigstore.json").write_bytes(encode_bundle(bundle))
print(f"{name}: signed by the key {signer.public_key.fingerprint}")
