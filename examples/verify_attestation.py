"""Verify what was attested about a file: python verify_attestation.py FILE IDENTITY ISSUER TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import (
    BundlePolicy,
    Exactly,
    IdentityRule,
    PredicateTypeIs,
    RequireLog,
    SignedByIdentity,
    parse_trusted_root,
    verify_blob,
)

name, identity, issuer, root = sys.argv[1:]
signer = SignedByIdentity((IdentityRule((Exactly(identity),), (Exactly(issuer),)),))
policy = BundlePolicy(signer, RequireLog(), PredicateTypeIs("https://example.com/review/v1"))
bundle = Path(f"{name}.sigstore.json").read_bytes()
found = verify_blob(Path(name), bundle, policy, parse_trusted_root(Path(root).read_bytes()))
print(f"{identity} says about {name}: {found.payload.decode()}")
