"""Sign a file as whoever a token is about: python sign_blob.py FILE TOKEN SIGNING_CONFIG TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import encode_bundle, open_keyless_signing, parse_signing_config, parse_trusted_root, sign_blob

name, *files = sys.argv[1:]
token, config, root = (Path(file).read_bytes() for file in files)
with open_keyless_signing(token.decode(), parse_signing_config(config), parse_trusted_root(root)) as signing:
    bundle = sign_blob(Path(name), signing)
Path(f"{name}.sigstore.json").write_bytes(encode_bundle(bundle))
print(f"{name}: signed, entry {bundle.log_entries[0].log_index} of the log")
