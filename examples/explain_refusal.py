"""See how far a verification comes: python explain_refusal.py FILE IDENTITY ISSUER TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import (
    BundlePolicy,
    CosignError,
    Exactly,
    IdentityRule,
    RequireLog,
    SignedByIdentity,
    parse_trusted_root,
    trail_of,
    verify_blob,
)

name, identity, issuer, root = sys.argv[1:]
policy = BundlePolicy(SignedByIdentity((IdentityRule((Exactly(identity),), (Exactly(issuer),)),)), RequireLog())
try:
    verify_blob(
        Path(name), Path(f"{name}.sigstore.json").read_bytes(), policy, parse_trusted_root(Path(root).read_bytes())
    )
except CosignError as error:
    trail = trail_of(error)
    for finding in trail.steps_until_refusal() if trail else ():
        print(f"{finding.step:12} {finding.outcome}")
    sys.exit(f"{error}\nhint: {error.hint}")
