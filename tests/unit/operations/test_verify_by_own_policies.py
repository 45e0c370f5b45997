"""Images in memory, decided over by our own kind of policy: at which moment, and which digests never pass."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.errors import Denied, NoMatchingSignatures, NoSuchTag
from cosignpy.imagepolicy.decision import ImageDecision, Outcome
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.verify_by_policies import VerifyByPolicies, verify_by_policies
from tests.support.certificates import MIDDLE
from tests.support.image_policies import BY_KEY, PASS, own
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import OTHER_KEY
from tests.support.signed_images import BOTH, push_bundle, sign
from tests.support.virtual_sigstore import EMAIL, ISSUER, REKOR_V2, ROOT, Signing

DAY: Final = timedelta(days=1)
ALICE: Final = {"keyless": {"identities": [{"issuer": ISSUER, "subject": EMAIL}]}}
BY_OTHER: Final = {"key": {"data": OTHER_KEY.public_key.encode_pem().decode()}}


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
    repository: MemoryRepository, policy: ImagePolicyDocument, moment: datetime = MIDDLE, tag: str = "v1"
) -> ImageDecision:
    request = VerifyByPolicies("registry.test/app:v1", Tag(tag), (policy,), moment)
    return verify_by_policies(request, repository, lambda _: repository, Root()).decision


@pytest.mark.parametrize(("days", "outcome"), [(0, Outcome.PASSED), (2, Outcome.PASSED), (3, Outcome.REFUSED)])
def test_the_age_of_a_signature_is_that_at_the_moment_of_the_run(
    repository: MemoryRepository, image: Manifest, days: int, outcome: Outcome
) -> None:
    statement = build_signature_statement(image.digest, {})
    bundle = Signing(REKOR_V2, statement=statement, stamped=True).bundle()
    push_bundle(repository, image.descriptor, encode_bundle(bundle))
    assert decide(repository, own({**ALICE, "maxAge": "2d"}), MIDDLE + days * DAY).outcome is outcome


@pytest.mark.parametrize(
    "authority", [{**BY_KEY, "maxAge": "9999w"}, {"key": {**BY_KEY["key"], "validFrom": "2000-01-01T00:00:00Z"}}]
)
def test_a_signature_of_which_nobody_says_the_time_is_of_none(
    repository: MemoryRepository, image: Manifest, authority: dict[str, Any]
) -> None:
    sign(repository, image, formats=BOTH)
    assert decide(repository, own(BY_KEY)).is_admitted
    (error,) = decide(repository, own(authority)).errors
    assert isinstance(error, NoMatchingSignatures)
    assert len(error.rejections) == len(BOTH)


def test_two_keys_have_to_have_signed(repository: MemoryRepository, image: Manifest) -> None:
    both = own(BY_KEY, BY_OTHER, require="all")
    sign(repository, image)
    assert not decide(repository, both).is_admitted
    sign(repository, image, OTHER_KEY)
    assert decide(repository, both).is_admitted


@pytest.mark.parametrize("authority", [BY_KEY, PASS])
def test_a_digest_that_is_denied(repository: MemoryRepository, image: Manifest, authority: dict[str, Any]) -> None:
    sign(repository, image)
    (error,) = decide(repository, own(authority, deny=[{"digest": str(image.digest)}])).errors
    assert isinstance(error, Denied)
    other = own(authority, deny=[{"digest": "sha256:" + "a1" * 32}])
    assert decide(repository, other).is_admitted
    (error,) = decide(repository, other, tag="absent").errors
    assert isinstance(error, NoSuchTag)
