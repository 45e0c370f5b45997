"""Images in memory, decided over by policies: who vouches for them, and where signatures are looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.errors import NoMatchingSignatures, NoSignatures, NoSuchTag
from cosignpy.imagepolicy.decision import NoMatch, Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies, verify_by_policies
from tests.support.image_policies import BY_KEY, FAIL, PASS, parsed
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import BOTH, push_bundle, sign
from tests.support.virtual_sigstore import EMAIL, ISSUER, REKOR_V2, ROOT, Signing

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
