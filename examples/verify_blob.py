"""Verify a file by its bundle: python verify_blob.py FILE IDENTITY ISSUER TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import BundlePolicy, Exactly, IdentityRule, RequireLog, SignedByIdentity, parse_trusted_root, verify_blob

name, identity, issuer, root = sys.argv[1:]
rule = IdentityRule((Exactly(identity),), (Exactly(issuer),))
policy = BundlePolicy(SignedByIdentity((rule,)), RequireLog())
bundle = Path(f"{name}.sigstore.json").read_bytes()
found = verify_blob(Path(name), bundle, policy, parse_trusted_root(Path(root).read_bytes()))
print(f"{name}: signed by {identity} before {found.times[0].moment}, entry {found.entries[0].log_index} of the log")
