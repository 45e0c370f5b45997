"""Bundles of other projects: each has the verdict that its origin gives it."""

from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.trust.trusted_root import parse_trusted_root
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.bundle import Trust, verify_bundle
from cosignpy.errors import MalformedError, VerificationError
from tests.support import vectors

pytestmark = vectors.NEEDED

CASES: Final = vectors.files("sigstore-conformance/*/bundle.sigstore.json") + vectors.files(
    "extra-bundles/*/bundle.sigstore.json"
)
BEACON: Final = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
    "extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
GITHUB: Final = "https://token.actions.githubusercontent.com"


def text(path: Path, default: str) -> str:
    return path.read_text().strip() if path.is_file() else default


def trust(case: Path) -> Trust:
    own = case / "trusted_root.json"
    name = "staging" if (case / "staging").exists() else "production"
    return Trust(
        parse_trusted_root(
            (own if own.is_file() else vectors.path(f"trusted_roots/{name}_trusted_root.json")).read_bytes()
        )
    )


def policy(case: Path) -> BundlePolicy:
    anything = AnyPredicateUnsafe("the verdict is about the signature")
    key = case / "key.pub"
    if key.is_file():
        return BundlePolicy(SignedByKey((PublicKey.parse_pem(key.read_bytes()),)), RequireLog(), anything)
    names, issuers = Exactly(text(case / "identity", BEACON)), Exactly(text(case / "issuer", GITHUB))
    return BundlePolicy(SignedByIdentity((IdentityRule((names,), (issuers,)),)), RequireLog(), anything)


def artifacts(case: Path) -> list[Artifact]:
    """Return the artifact as the case gives it: the file, its digest alone, or both."""
    own, digest = case / "artifact", case / "digest"
    if not own.is_file() and digest.is_file():
        return [Artifact({"sha256": bytes.fromhex(Digest.parse(text(digest, "")).hex)})]
    whole = Artifact.of((own if own.is_file() else case.parent / "a.txt").read_bytes())
    forms = {"file": whole, "digest": Artifact({"sha256": whole.digests["sha256"]})}
    wanted = text(case / "forms", "")
    return [forms[wanted]] if wanted else list(forms.values())


@pytest.mark.parametrize("bundle", CASES, ids=lambda path: path.parent.name)
def test_the_verdict_is_the_one_that_the_case_has(bundle: Path) -> None:
    case = bundle.parent
    for artifact in artifacts(case):
        if not case.name.endswith("_fail"):
            assert verify_bundle(parse_bundle(bundle.read_bytes()), artifact, trust(case), policy(case)).entries
            continue
        believed = trust(case)
        with pytest.raises((MalformedError, VerificationError)):
            verify_bundle(parse_bundle(bundle.read_bytes()), artifact, believed, policy(case))
