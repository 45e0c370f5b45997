"""Verify an image on a registry: python verify_image.py IMAGE IDENTITY ISSUER TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import Exactly, IdentityRule, ImagePolicy, RequireLog, SignedByIdentity, parse_trusted_root, verify_image

name, identity, issuer, root = sys.argv[1:]
rule = IdentityRule((Exactly(identity),), (Exactly(issuer),))
policy = ImagePolicy(keys=(), transparency=RequireLog(), identities=SignedByIdentity((rule,)))
found = verify_image(name, policy, parse_trusted_root(Path(root).read_bytes()))
print(f"{found.digest}: {len(found.signatures)} signatures by {identity}; pull this digest, not the tag")
