"""Images in memory, decided over by policies: who vouches for them, and where signatures are looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedImage
from cosignpy.errors import NoMatchingSignatures, NoSignatures, NoSuchTag
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.decision import NoMatch, Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies, verify_by_policies
from tests.support.attestations import SPDX, attest, envelope_text, make, old_statement, push_legacy_attestation
from tests.support.image_policies import BY_KEY, FAIL, FILE, PASS, document, encode, parsed
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.policy_resources import sigstore_keys, trust_root
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import BOTH, CREATED, LEGACY, push_bundle, sign
from tests.support.virtual_sigstore import EMAIL, ISSUER, REKOR_V1, REKOR_V2, ROOT, Signing

NAME: Final = "registry.test/app:v1"
V1: Final = Tag("v1")
NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)
BY_OTHER: Final = {"key": {"data": OTHER_KEY.public_key.encode_pem().decode()}}


@dataclass(frozen=True)
class Root:
    """A trusted root at hand."""

    def trusted_root(self) -> TrustedRoot:
        return ROOT


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository, tag="v1")


def decide(
    repository: MemoryRepository,
    *policies: ImagePolicyDocument,
    target: Digest | Tag = V1,
    opened: Callable[[Source | None], MemoryRepository] | None = None,
    **options: Any,
) -> DecidedImage:
    request = VerifyByPolicies(NAME, target, policies, NOW, **options)
    return verify_by_policies(request, repository, opened or (lambda _: repository), Root())


def test_a_key_that_signed_passes_with_evidence(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, KEY, BOTH)
    found = decide(repository, parsed(BY_OTHER, BY_KEY))
    assert (found.digest, found.decision.outcome) == (image.digest, Outcome.PASSED)
    (verdict,) = found.decision.policies
    first, second = verdict.authorities
    assert isinstance(first.error, NoMatchingSignatures)
    assert isinstance(second.evidence, VerifiedImage)
    assert {signature.key for signature in second.evidence.signatures} == {KEY.public_key}


def test_a_key_that_did_not_sign_refuses(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image)
    found = decide(repository, parsed(BY_OTHER)).decision
    assert found.outcome is Outcome.REFUSED
    (error,) = found.errors
    assert isinstance(error, NoMatchingSignatures)


def test_a_log_that_the_policy_names_is_demanded(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image)
    logged = parsed({"ctlog": {"url": "https://rekor.example"}, **BY_KEY})
    assert decide(repository, parsed(BY_KEY)).decision.is_admitted
    assert not decide(repository, logged).decision.is_admitted


@pytest.mark.parametrize(("subject", "admitted"), [(EMAIL, True), ("bob@example.com", False)])
def test_an_identity(repository: MemoryRepository, image: Manifest, subject: str, admitted: bool) -> None:
    statement = build_signature_statement(image.digest, {})
    push_bundle(
        repository, image.descriptor, encode_bundle(Signing(REKOR_V2, statement=statement, stamped=True).bundle())
    )
    policy = parsed({"keyless": {"identities": [{"issuer": ISSUER, "subject": subject}]}})
    assert decide(repository, policy).decision.is_admitted is admitted


def test_all_policies_have_to_pass(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image)
    both = parsed(BY_KEY), parsed(BY_OTHER, name="other")
    assert not decide(repository, *both).decision.is_admitted
    sign(repository, image, OTHER_KEY)
    assert decide(repository, *both).decision.is_admitted


def test_an_unsigned_image_and_one_that_is_not_there(repository: MemoryRepository, image: Manifest) -> None:
    (error,) = decide(repository, parsed(BY_KEY), target=image.digest).decision.errors
    assert isinstance(error, NoSignatures)
    repository.requests.clear()
    found = decide(repository, parsed(BY_KEY, BY_OTHER), target=Tag("absent"))
    assert found.digest is None
    assert [type(error) for error in found.decision.errors] == [NoSuchTag, NoSuchTag]
    assert len(repository.requests) == 1


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        (parsed(PASS, BY_KEY), Outcome.PASSED),
        (parsed(FAIL), Outcome.REFUSED),
        (parsed(BY_KEY, images=[{"glob": "quay.io/**"}]), Outcome.REFUSED),
    ],
)
def test_nothing_is_asked_of_a_registry_where_no_signature_counts(
    repository: MemoryRepository, policy: ImagePolicyDocument, outcome: Outcome
) -> None:
    found = decide(repository, policy)
    assert (found.digest, found.decision.outcome, repository.requests) == (None, outcome, [])


def test_what_is_done_with_images_that_no_policy_is_about_is_asked_for(repository: MemoryRepository) -> None:
    assert decide(repository, no_match=NoMatch.ALLOW).decision.outcome is Outcome.PASSED


def test_signatures_lie_where_the_source_says(repository: MemoryRepository, image: Manifest) -> None:
    elsewhere = MemoryRepository()
    push_image(elsewhere, tag="v1")
    sign(elsewhere, image)
    policy = parsed({"source": [{"oci": "ghcr.io/team/signatures"}], **BY_KEY})
    places: list[str] = []

    def opened(source: Source | None) -> MemoryRepository:
        places.append("" if source is None else source.oci)
        return repository if source is None else elsewhere

    assert decide(repository, policy, opened=opened).decision.is_admitted
    assert not decide(repository, parsed(BY_KEY), opened=opened).decision.is_admitted
    assert places == ["ghcr.io/team/signatures", ""]


REVIEW_TYPE: Final = "https://example.com/review/v1"
APPROVED: Final = """
package sigstore
default isCompliant = false
isCompliant { input.predicate.score > 1 }
"""


def attested(*demanded: dict[str, Any], **beside: Any) -> ImagePolicyDocument:
    return parsed({"attestations": list(demanded), **BY_KEY}, **beside)


def demand(kind: str = REVIEW_TYPE, rego: str = "") -> dict[str, Any]:
    policy = {"policy": {"type": "rego", "data": rego}} if rego else {}
    return {"name": "review", "predicateType": kind, **policy}


def test_an_attestation_counts_wherever_it_lies(repository: MemoryRepository, image: Manifest) -> None:
    (error,) = decide(repository, attested(demand())).decision.errors
    assert isinstance(error, NoSignatures)
    attest(repository, image)
    push_legacy_attestation(repository, image.digest, envelope_text(old_statement(image.digest)))
    found = decide(repository, attested(demand())).decision
    evidence = found.policies[0].authorities[0].evidence
    assert isinstance(evidence, VerifiedAttestations)
    assert {each.claim.format for each in evidence.signatures} == set(SignatureFormat)


def test_a_signature_is_no_attestation_and_an_attestation_no_signature(
    repository: MemoryRepository, image: Manifest
) -> None:
    sign(repository, image, KEY, BOTH)
    assert not decide(repository, attested(demand())).decision.is_admitted
    other = MemoryRepository()
    attest(other, push_image(other, tag="v1"))
    assert not decide(other, parsed(BY_KEY)).decision.is_admitted


@pytest.mark.parametrize(
    ("demanded", "admitted"),
    [
        ((demand(),), True),
        ((demand(rego=APPROVED),), True),
        ((demand(rego=APPROVED.replace("> 1", "> 2")),), False),
        ((demand("spdx"),), False),
        ((demand(), demand("spdx")), False),
    ],
)
def test_all_that_is_demanded_of_attestations(
    repository: MemoryRepository, image: Manifest, demanded: tuple[dict[str, Any], ...], admitted: bool
) -> None:
    attest(repository, image)
    assert decide(repository, attested(*demanded)).decision.is_admitted is admitted


def test_an_attestation_by_another_key_or_of_another_image(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image, key=OTHER_KEY)
    copied = make(Digest.of(b"another image"))
    copied.store(repository, image.descriptor, CREATED)
    (error,) = decide(repository, attested(demand())).decision.errors
    assert isinstance(error, NoMatchingSignatures)
    assert len(error.rejections) == 2


def test_each_attestation_is_fetched_once_for_all_that_is_demanded(
    repository: MemoryRepository, image: Manifest
) -> None:
    for kind in (REVIEW_TYPE, SPDX, "https://example.com/other"):
        attest(repository, image, kind)
    repository.requests.clear()
    assert decide(repository, attested(demand(), demand("spdx"))).decision.is_admitted
    fetched = [each for each in repository.requests if each.startswith("stream_blob")]
    assert len(fetched) == len(set(fetched)) == 2


@pytest.mark.parametrize(("name", "admitted"), [("alice", True), ("bob", False)])
def test_a_condition_over_what_all_authorities_were_shown(
    repository: MemoryRepository, image: Manifest, name: str, admitted: bool
) -> None:
    sign(repository, image)
    condition = f"package sigstore\nisCompliant {{ count(input.authorityMatches.{name}.signatures) == 1 }}\n"
    policy = parsed(
        {"name": "alice", **BY_KEY}, {"name": "bob", **BY_OTHER}, policy={"type": "rego", "data": condition}
    )
    found = decide(repository, policy).decision
    assert (found.is_admitted, found.policies[0].clause == "spec.policy") == (admitted, not admitted)


CONFIGURED: Final = """
package sigstore
isCompliant { input.config["linux/amd64"].os == "linux" }
"""


def test_a_condition_over_the_configuration(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image)
    fetched = {"type": "rego", "data": CONFIGURED, "fetchConfigFile": True}
    assert decide(repository, parsed(BY_KEY, policy=fetched)).decision.is_admitted
    left_out = {"type": "rego", "data": CONFIGURED}
    assert not decide(repository, parsed(BY_KEY, policy=left_out)).decision.is_admitted
    repository.blobs.pop(image.config.digest if image.config else image.digest)
    found = decide(repository, parsed(BY_KEY, policy=fetched)).decision
    assert [type(error) for error in found.errors] == [NoSuchTag]


@pytest.mark.parametrize(
    ("workload", "admitted"),
    [
        (Workload("apps", "v1", "deployments", {}, {"spec": {"replicas": 2}}), True),
        (Workload("apps", "v1", "deployments", {}, {"spec": {"replicas": 3}}), False),
        (Workload("apps", "v1", "deployments"), False),
        (None, False),
    ],
)
def test_a_condition_over_the_workload(repository: MemoryRepository, workload: Workload | None, admitted: bool) -> None:
    condition = {"type": "rego", "data": "package sigstore\nisCompliant { input.spec.replicas == 2 }\n"}
    policy = parsed(PASS, policy={**condition, "includeSpec": True})
    assert decide(repository, policy, workload=workload).decision.is_admitted is admitted


def test_a_trust_root_that_an_authority_names(repository: MemoryRepository, image: Manifest) -> None:
    statement = build_signature_statement(image.digest, {})
    made = Signing(REKOR_V1, statement=statement, stamped=True).bundle()
    push_bundle(repository, image.descriptor, encode_bundle(made))
    keyless = {"identities": [{"issuer": ISSUER, "subject": EMAIL}], "trustRootRef": "own"}
    logged = {"keyless": keyless, "ctlog": {"trustRootRef": "own"}}
    for held, admitted in ((sigstore_keys(), True), ({**sigstore_keys(), "tLogs": []}, False)):
        resources = parse_resources(encode(document(logged), trust_root(sigstoreKeys=held)), FILE)
        assert decide(repository, *link_policies(resources)).decision.is_admitted is admitted


@pytest.mark.parametrize(("prefix", "admitted"), [("rel-", True), ("other-", False)])
def test_tags_with_a_prefix(repository: MemoryRepository, image: Manifest, prefix: str, admitted: bool) -> None:
    sign(repository, image, KEY, LEGACY)
    tag = AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode()
    repository.tags[Tag(f"rel-{tag}")] = repository.tags.pop(tag)
    policy = parsed({"source": [{"tagPrefix": prefix}], **BY_KEY})
    assert decide(repository, policy).decision.is_admitted is admitted
