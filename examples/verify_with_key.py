"""Verify a file that a key signed: python verify_with_key.py FILE PUBLIC_KEY."""

import sys
from pathlib import Path

from cosignpy import BundlePolicy, SignedByKey, SkipLogUnsafe, load_public_key, verify_blob

name, key = sys.argv[1:]
policy = BundlePolicy(SignedByKey((load_public_key(key),)), SkipLogUnsafe("our own key, which has no log"))
found = verify_blob(Path(name), Path(f"{name}.sigstore.json").read_bytes(), policy)
print(f"{name}: signed by the key {found.key.fingerprint}; nobody can tell when, or how often it signs")
