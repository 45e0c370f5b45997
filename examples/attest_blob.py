"""Attest something about a file: python attest_blob.py FILE PREDICATE TOKEN SIGNING_CONFIG TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import attest_blob, encode_bundle, open_keyless_signing, parse_signing_config, parse_trusted_root

name, *files = sys.argv[1:]
predicate, token, config, root = (Path(file).read_bytes() for file in files)
with open_keyless_signing(token.decode(), parse_signing_config(config), parse_trusted_root(root)) as signing:
    bundle = attest_blob([Path(name)], "https://example.com/review/v1", predicate, signing)
Path(f"{name}.sigstore.json").write_bytes(encode_bundle(bundle))
print(f"{name}: attested, entry {bundle.log_entries[0].log_index} of the log")
