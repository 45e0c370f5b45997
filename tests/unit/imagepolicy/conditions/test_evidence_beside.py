"""What conditions are told beside a statement: the members that docs/policies.md names, and its examples, evaluated."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.x509 import SubjectAlternativeName, UniformResourceIdentifier

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.predicates import NamedArtifact, build_statement
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim, VerifiedSignature
from cosignpy.errors import ConditionRefused
from cosignpy.imagepolicy.conditions.beside import describe_signature
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.conditions.load import load_condition
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.parse import parse_policies
from cosignpy.operations.file_signature import describe_file_signature
from cosignpy.operations.verify_by_policies import VerifyByPolicies, verify_by_policies
from cosignpy.places import Place
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.policy_page_conditions import EVIDENCE
from tests.support.signed import IMAGE, KEY
from tests.support.signed_images import push_bundle
from tests.support.virtual_sigstore import (
    ARTIFACT,
    FILE,
    REKOR_V1,
    REKOR_V2,
    ROOT,
    SIGNING,
    TRUST,
    FakeLog,
    Signing,
    certify,
    fulcio_text,
)

PAGE: Final = (Path(__file__).parents[4] / "docs" / "policies.md").read_text()
SECTION: Final = PAGE.split("## Conditions\n")[1].partition("\n## ")[0]
GITHUB: Final = "https://token.actions.githubusercontent.com"
REPOSITORY: Final = "https://github.com/team/app"
WORKFLOW: Final = f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1"
SLSA: Final = "https://slsa.dev/provenance/v1"
ALGORITHM: Final = "PKIX_ECDSA_P256_SHA_256"


def provenance(repository: str, digest: Digest) -> bytes:
    workflow: Any = {"repository": repository, "path": ".github/workflows/release.yml", "ref": "refs/tags/v1"}
    said: Any = {"buildDefinition": {"buildType": "a", "externalParameters": {"workflow": workflow}}}
    return build_statement([NamedArtifact("app", digest)], SLSA, encode_json(said))


def attested(repository: str = REPOSITORY, digest: Digest | None = None, log: FakeLog = REKOR_V2) -> Bundle:
    """Return provenance by a workflow of `REPOSITORY`, which says that it is of this one."""
    leaf = certify(
        (
            (SubjectAlternativeName([UniformResourceIdentifier(WORKFLOW)]), True),
            fulcio_text(8, GITHUB),
            fulcio_text(12, REPOSITORY),
            *SIGNING,
        )
    )
    statement = provenance(repository, digest or Digest.of(ARTIFACT))
    return Signing(log, leaf=leaf, statement=statement, stamped=log is REKOR_V2).bundle()


def verified(bundle: Bundle) -> VerifiedSignature:
    rule = IdentityRule((Exactly(WORKFLOW),), (Exactly(GITHUB),))
    policy = BundlePolicy(SignedByIdentity((rule,)), RequireLog(), AnyPredicateUnsafe("test"))
    found = verify_bundle(bundle, FILE, TRUST, policy)
    return describe_file_signature("app.json", Digest.of(ARTIFACT), bundle, found)


def keyed() -> VerifiedSignature:
    claim = SignedClaim(SignatureFormat.LEGACY, "type", b"payload", "", {})
    algorithm = verified(attested()).algorithm
    return VerifiedSignature("where", IMAGE, KEY.public_key, algorithm, claim, None, bare_signature=b"signature")


def paths(document: Any, path: str = "") -> set[str]:
    if isinstance(document, list):
        return {each for item in document for each in paths(item, f"{path}[]")}
    if not isinstance(document, dict):
        return set()
    named = {name: f"{path}.{name}".lstrip(".") for name in document}
    return set(named.values()).union(*(paths(content, named[name]) for name, content in document.items()))


def test_all_members_that_the_page_names_are_there() -> None:
    shown = paths(describe_signature(verified(attested())))
    assert {name for name, _ in EVIDENCE} <= shown
    assert shown.isdisjoint({"certificate.der", "logEntries[].checkpoint", "statement.subjects"})


def test_what_is_shown_of_a_workflow() -> None:
    bundle = attested()
    found: Any = describe_signature(verified(bundle))
    assert found["certificate"]["names"] == [WORKFLOW]
    assert found["certificate"]["extensions"] == {
        "8": GITHUB,
        "12": REPOSITORY,
        "issuer": GITHUB,
        "source-repository-uri": REPOSITORY,
    }
    assert found["signed"]["digest"] == str(Digest.of(ARTIFACT))
    assert found["statement"] == {"digest": str(Digest.of(provenance(REPOSITORY, Digest.of(ARTIFACT))))}
    assert [each["source"] for each in found["times"]] == ["timestamp authority"]
    (entry,) = found["logEntries"]
    assert (entry["log"], entry["inclusion"]["origin"]) == (REKOR_V2.url, REKOR_V2.origin)
    assert found["key"]["algorithm"] == ALGORITHM


def test_a_log_of_numbered_entries_vouches_for_the_time_itself() -> None:
    found: Any = describe_signature(verified(attested(log=REKOR_V1)))
    assert [(each["source"], each["authority"]) for each in found["times"]] == [("transparency log", REKOR_V1.url)]
    assert found["logEntries"][0]["promised"] == found["times"][0]["time"]


def test_beside_a_key_alone_there_is_nothing_and_a_condition_can_ask() -> None:
    found = describe_signature(keyed())
    assert (found["certificate"], found["times"], found["logEntries"]) == (None, [], [])
    assert found["key"] == {"fingerprint": KEY.public_key.fingerprint, "algorithm": ALGORITHM}
    assert "statement" not in found


CEL_HOLDS: Final = (
    'evidence.certificate != null && evidence.certificate.issuer == "https://token.actions.githubusercontent.com"',
    'evidence.times.exists(each, timestamp(each.time) < timestamp("2026-02-01T00:00:00Z"))',
    f'evidence.logEntries[0].inclusion.origin == "{REKOR_V2.origin}" && evidence.logEntries[0].logIndex >= 0',
    f'evidence.signed.digest == "{Digest.of(ARTIFACT)}"',
    "subject.exists(each, 'sha256:' + each.digest.sha256 == evidence.signed.digest)",
)
CEL_REFUSED: Final = (
    'evidence.certificate == null || evidence.certificate.issuer == "https://accounts.example.com"',
    'evidence.times.exists(each, timestamp(each.time) < timestamp("2025-02-01T00:00:00Z"))',
    'evidence.logEntries[0].inclusion.origin == "log.example.com"',
    f'evidence.signed.digest == "{IMAGE}"',
    "subject.exists(each, 'sha512:' + each.digest.sha256 == evidence.signed.digest)",
)
REGO_HOLDS: Final = (
    'data.evidence.certificate.extensions["source-repository-uri"] == "https://github.com/team/app"',
    'startswith(data.evidence.certificate.names[0], "https://github.com/team/")',
    f'data.evidence.logEntries[_].inclusion.origin == "{REKOR_V2.origin}"',
    'data.evidence.times[_].source == "timestamp authority"',
    f'data.evidence.statement.digest == "{Digest.of(provenance(REPOSITORY, Digest.of(ARTIFACT)))}"',
)
REGO_REFUSED: Final = (
    'data.evidence.certificate.extensions["source-repository-uri"] == "https://github.com/team/other"',
    'startswith(data.evidence.certificate.names[0], "https://github.com/other/")',
    'data.evidence.logEntries[_].inclusion.origin == "log.example.com"',
    'data.evidence.times[_].source == "nobody"',
    f'data.evidence.statement.digest == "{IMAGE}"',
)


def check(language: Language, text: str, bundle: Bundle) -> None:
    shown = verified(bundle)
    given = ConditionInput(shown.claim.payload, encode_json(describe_signature(shown)))
    load_condition(language, text, Place("policy", 1)).check(given)


@pytest.mark.parametrize("text", CEL_HOLDS)
def test_cel_holds(text: str) -> None:
    check(Language.CEL, text, attested())


@pytest.mark.parametrize("text", CEL_REFUSED)
def test_cel_refuses(text: str) -> None:
    with pytest.raises(ConditionRefused) as caught:
        check(Language.CEL, text, attested())
    assert str(caught.value) == "policy:1: the expression is false"


@pytest.mark.parametrize("text", REGO_HOLDS)
def test_rego_holds(text: str) -> None:
    check(Language.REGO, f"package signature\nallow {{ {text} }}", attested())


@pytest.mark.parametrize("text", REGO_REFUSED)
def test_rego_refuses(text: str) -> None:
    with pytest.raises(ConditionRefused) as caught:
        check(Language.REGO, f"package signature\nallow {{ {text} }}", attested())
    assert str(caught.value) == "policy:2: allow is undefined"


class Root:
    """A trusted root at hand."""

    def trusted_root(self) -> TrustedRoot:
        return ROOT


@pytest.mark.parametrize(("repository", "admitted"), [(REPOSITORY, True), (f"{REPOSITORY}2", False)])
def test_the_policy_of_the_page_wants_the_repository_of_the_certificate(repository: str, admitted: bool) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
    store = MemoryRepository()
    image = push_image(store, tag="v1")
    push_bundle(store, image.descriptor, encode_bundle(attested(repository, image.digest)), SLSA)
    name = f"registry.example/team/app@{image.digest}"
    policies = parse_policies(example.encode(), "page")
    request = VerifyByPolicies(name, image.digest, policies, datetime.now(UTC))
    decided = verify_by_policies(request, store, lambda _: store, Root()).decision
    assert decided.is_admitted is admitted
    assert all("no attestation satisfies the policy of provenance" in str(each) for each in decided.errors)


def test_the_module_of_the_page_wants_the_repository_of_the_certificate() -> None:
    (example,) = re.findall(r"```rego\n(.*?)```", SECTION, re.DOTALL)
    check(Language.REGO, example, attested())
    with pytest.raises(ConditionRefused):
        check(Language.REGO, example, attested(f"{REPOSITORY}2"))
