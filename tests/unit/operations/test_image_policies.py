"""Policies over all signatures of an image: several identities, deny lists, keys that count in their time."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import pytest

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.deny import DeniedIdentity, DeniedKey, DenyList
from cosignpy.core.policy.identity import Containing, Exactly, IdentityRule
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.errors import CosignError, Denied, FileError, NoMatchingSignatures, TimestampError, TransparencyRequired
from cosignpy.operations.verify_image import VerifyImage, verify_image
from tests.support.certificates import MIDDLE, START
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY, NAME, OTHER_KEY, WAIVED, policy
from tests.support.signed_images import BOTH, push_bundle, sign
from tests.support.virtual_sigstore import (
    ALICE,
    EMAIL,
    ISSUER,
    REKOR_V2,
    ROOT,
    SIGNING,
    USER_KEY,
    Signing,
    certify,
    named,
)

BOB: Final = IdentityRule((Exactly("bob@example.com"),), (Exactly(ISSUER),))
TEAM: Final = IdentityRule((Containing.parse("@example.com$"),), (Exactly(ISSUER),))


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
    return push_image(repository)


def sign_as(repository: MemoryRepository, image: Manifest, *names: str) -> None:
    """Sign with certificates that name these people."""
    for name in names:
        leaf = certify((*named(f"{name}@example.com"), *SIGNING))
        bundle = Signing(REKOR_V2, leaf, statement=build_signature_statement(image.digest, {}), stamped=True).bundle()
        push_bundle(repository, image.descriptor, encode_bundle(bundle))


def sign_with_key(repository: MemoryRepository, image: Manifest, key: PrivateKey = USER_KEY, *, stamped: bool) -> None:
    statement = build_signature_statement(image.digest, {})
    bundle = Signing(REKOR_V2, None, key, statement, stamped=stamped).bundle()
    push_bundle(repository, image.descriptor, encode_bundle(bundle))


def by(*rules: IdentityRule, threshold: int = 1, deny: DenyList | None = None) -> ImagePolicy:
    return ImagePolicy(
        (), RequireLog(), threshold, identities=SignedByIdentity(rules), deny=DenyList() if deny is None else deny
    )


def verify(repository: MemoryRepository, image: Manifest, wanted: ImagePolicy) -> VerifiedImage:
    return verify_image(VerifyImage(NAME, image.digest, wanted, 2), repository, repository, Root())


def refused(repository: MemoryRepository, image: Manifest, wanted: ImagePolicy) -> NoMatchingSignatures:
    with pytest.raises(NoMatchingSignatures) as error:
        verify(repository, image, wanted)
    return error.value


def kinds(error: NoMatchingSignatures | VerifiedImage) -> list[type[CosignError]]:
    return [type(rejection.error) for rejection in error.rejections]


def test_each_of_several_identities_may_have_signed(repository: MemoryRepository, image: Manifest) -> None:
    sign_as(repository, image, "bob")
    assert len(verify(repository, image, by(ALICE, BOB)).signatures) == 1


def test_a_threshold_counts_identities_that_different_people_satisfy(
    repository: MemoryRepository, image: Manifest
) -> None:
    sign_as(repository, image, "alice")
    assert refused(repository, image, by(ALICE, BOB, threshold=2)).why == "only 1 of the 2 signers demanded"
    sign_as(repository, image, "bob")
    assert len(verify(repository, image, by(ALICE, BOB, threshold=2)).signatures) == 2


def test_one_signer_cannot_be_two(repository: MemoryRepository, image: Manifest) -> None:
    """With as many signatures and certificates as they like, also where two rules name them."""
    sign_as(repository, image, "alice", "alice")
    assert refused(repository, image, by(ALICE, BOB, threshold=2)).why == "only 1 of the 2 signers demanded"
    assert refused(repository, image, by(ALICE, TEAM, threshold=2)).why == "only 1 of the 2 signers demanded"
    sign_as(repository, image, "carol")
    assert len(verify(repository, image, by(ALICE, TEAM, threshold=2)).signatures) == 3


def test_a_pattern_counts_once_whoever_it_names(repository: MemoryRepository, image: Manifest) -> None:
    sign_as(repository, image, "carol", "dave")
    assert refused(repository, image, by(TEAM, BOB, threshold=2)).why == "only 1 of the 2 signers demanded"


def test_a_denied_identity_does_not_count_and_takes_nothing_from_others(
    repository: MemoryRepository, image: Manifest
) -> None:
    listed = DenyList(identities=(DeniedIdentity(Exactly(EMAIL), "team.deny line 1"),))
    sign_as(repository, image, "alice")
    denied = refused(repository, image, by(TEAM, deny=listed))
    assert kinds(denied) == [Denied]
    assert "team.deny line 1" in str(denied.rejections[0])
    sign_as(repository, image, "bob")
    found = verify(repository, image, by(TEAM, deny=listed))
    assert (len(found.signatures), kinds(found)) == (1, [Denied])
    assert refused(repository, image, by(ALICE, BOB, threshold=2, deny=listed)).why.startswith("only 1")


def test_a_denied_key_counts_in_neither_format(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, KEY, BOTH)
    listed = DenyList(keys=(DeniedKey(sha256(KEY.public_key.spki).digest()),))
    wanted = ImagePolicy((KEY.public_key, OTHER_KEY.public_key), WAIVED, deny=listed)
    assert kinds(refused(repository, image, wanted)) == [Denied, Denied]
    sign(repository, image, OTHER_KEY)
    assert len(verify(repository, image, wanted).signatures) == 1


def test_a_key_counts_for_images_in_its_time(repository: MemoryRepository, image: Manifest) -> None:
    key = USER_KEY.public_key
    sign_with_key(repository, image, stamped=True)
    for transparency in (RequireLog(), WAIVED):
        assert verify(repository, image, ImagePolicy((key,), transparency, windows={key: KeyWindow(START)})).signatures
        over = ImagePolicy((key,), transparency, windows={key: KeyWindow(None, MIDDLE)})
        assert kinds(refused(repository, image, over)) == [TimestampError]


def test_a_key_with_a_time_needs_somebody_who_tells_it(repository: MemoryRepository, image: Manifest) -> None:
    key = USER_KEY.public_key
    sign_with_key(repository, image, stamped=False)
    counts = ImagePolicy((key,), RequireLog(), windows={key: KeyWindow(START)})
    assert kinds(refused(repository, image, counts)) == [TimestampError]
    with pytest.raises(TransparencyRequired):
        verify_image(VerifyImage(NAME, image.digest, counts, 2), repository, repository)


def test_a_key_with_a_time_counts_in_no_signature_without_one(repository: MemoryRepository, image: Manifest) -> None:
    key = KEY.public_key
    sign(repository, image, KEY, BOTH)
    assert len(verify(repository, image, policy()).signatures) == 2
    counts = ImagePolicy((key,), WAIVED, windows={key: KeyWindow(START)})
    assert kinds(refused(repository, image, counts)) == [TimestampError, TimestampError]


def test_whom_to_believe_is_asked_only_where_a_key_is_not_enough(repository: MemoryRepository, image: Manifest) -> None:
    class Unreadable:
        """A trusted root that is not there."""

        def trusted_root(self) -> TrustedRoot:
            raise FileError("root.json", "not there")

    sign(repository, image)
    alone, windowed = policy(), ImagePolicy((KEY.public_key,), WAIVED, windows={KEY.public_key: KeyWindow(START)})
    assert verify_image(VerifyImage(NAME, image.digest, alone, 2), repository, repository, Unreadable()).signatures
    with pytest.raises(FileError):
        verify_image(VerifyImage(NAME, image.digest, windowed, 2), repository, repository, Unreadable())
