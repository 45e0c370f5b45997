"""Verifying an image: what passes, what does not, and which error says so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedImage
from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    NoSuchTag,
    Rejection,
    RemoteError,
    SignatureMismatch,
    TransparencyRequired,
)
from cosignpy.operations.verify_image import VerifyImage, verify_image
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer
from tests.support.signed import KEY, NAME, OTHER_IMAGE, OTHER_KEY, THIRD_KEY, Signed, policy, simple_signing, statement
from tests.support.signed_images import (
    BOTH,
    BUNDLE,
    LEGACY,
    encode_signed,
    push_bundle,
    push_legacy_layer,
    sign,
)

SPDX = "https://spdx.dev/Document"


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository, tag="v1")


def verify(repository: MemoryRepository, image: Digest, wanted: ImagePolicy | None = None) -> VerifiedImage:
    return verify_image(VerifyImage(NAME, image, wanted or policy(), 2), repository, repository)


def refused(repository: MemoryRepository, image: Digest, wanted: ImagePolicy | None = None) -> list[CosignError]:
    """Return why each signature was rejected; it fails when the image passes."""
    with pytest.raises(NoMatchingSignatures) as error:
        verify(repository, image, wanted)
    assert error.value.artifact == NAME
    return [rejection.error for rejection in error.value.rejections]


@pytest.mark.parametrize("api", [True, False])
@pytest.mark.parametrize("formats", [BUNDLE, LEGACY, BOTH])
def test_a_signed_image_passes(formats: tuple[SignatureFormat, ...], api: bool) -> None:
    repository = MemoryRepository(referrers_api=api)
    image = push_image(repository)
    sign(repository, image, formats=formats, annotations={"a": "b"})
    found = verify(repository, image.digest, policy(annotations={"a": "b"}))
    assert found.digest == image.digest
    assert tuple(signature.claim.format for signature in found.signatures) == formats
    assert {signature.key for signature in found.signatures} == {KEY.public_key}
    assert found.rejections == ()


def test_where_each_signature_lies_is_told(repository: MemoryRepository, image: Manifest) -> None:
    bundle = push_bundle(repository, image.descriptor)
    push_legacy_layer(repository, image.digest)
    locations = [signature.location for signature in verify(repository, image.digest).signatures]
    assert locations == [
        f"bundle {bundle.digest}",
        f"legacy signature sha256-{image.digest.hex}.sig, layer 0",
    ]


def test_an_unsigned_image_is_told_from_one_that_does_not_exist(repository: MemoryRepository, image: Manifest) -> None:
    push_referrer(repository, image.descriptor)
    with pytest.raises(NoSignatures) as unsigned:
        verify(repository, image.digest)
    assert unsigned.value.reference == NAME
    assert unsigned.value.hint is not None
    with pytest.raises(NoSuchTag):
        verify(repository, OTHER_IMAGE)


def test_signatures_may_lie_elsewhere(image: Manifest, repository: MemoryRepository) -> None:
    elsewhere = MemoryRepository()
    sign(elsewhere, image)
    request = VerifyImage(NAME, image.digest, policy(), 2)
    repository.requests.clear()
    assert len(verify_image(request, repository, elsewhere).signatures) == 1
    assert repository.requests == []
    with pytest.raises(NoSignatures):
        verify_image(request, repository, MemoryRepository())
    with pytest.raises(NoSuchTag):
        verify_image(request, MemoryRepository(), MemoryRepository())


def test_another_key_is_refused(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, OTHER_KEY, BOTH)
    assert [type(error) for error in refused(repository, image.digest)] == [SignatureMismatch, SignatureMismatch]


def test_a_signature_replayed_from_another_image_is_refused(repository: MemoryRepository, image: Manifest) -> None:
    other = push_image(repository, b"other")
    push_bundle(repository, image.descriptor, encode_signed(Signed(statement(other.digest))))
    push_legacy_layer(repository, image.digest, simple_signing(other.digest))
    errors = refused(repository, image.digest)
    assert [(type(error), getattr(error, "found", "")) for error in errors] == [(ClaimMismatch, str(other.digest))] * 2


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (lambda raw: raw.replace(b'"payload":"ey', b'"payload":"eA'), SignatureMismatch),
        (lambda raw: raw[:-1], MalformedError),
        (lambda raw: raw.replace(b'"signatures":', b'"signatures":[],"signatures":'), MalformedError),
        (lambda raw: raw.replace(b'"}]}}', b'"},{"sig":"YQ=="}]}}'), MalformedError),
        (lambda raw: raw.replace(b'"sig":"M', b'"sig":"\\nM'), MalformedError),
        (lambda raw: raw.replace(b'"hint"', b'"\\ud800":"","hint"'), MalformedError),
        (lambda _: b"[" * 100_000, MalformedError),
    ],
)
def test_a_damaged_bundle_is_a_rejection_and_nothing_worse(
    repository: MemoryRepository, edit: Callable[[bytes], bytes], kind: type[CosignError]
) -> None:
    image = push_image(repository)
    push_bundle(repository, image.descriptor, edit(encode_signed(Signed(statement(image.digest)))))
    assert [type(error).__mro__.count(kind) for error in refused(repository, image.digest)] == [1]
    sign(repository, image)
    found = verify(repository, image.digest)
    assert (len(found.signatures), len(found.rejections)) == (1, 1)


@pytest.mark.parametrize("annotation", [SPDX, COSIGN_SIGN_V1])
def test_an_attestation_is_no_signature_whatever_its_annotation_says(
    repository: MemoryRepository, image: Manifest, annotation: str
) -> None:
    attestation = encode_signed(Signed(statement(image.digest, predicateType=SPDX)))
    push_bundle(repository, image.descriptor, attestation, annotation)
    (error,) = refused(repository, image.digest)
    assert isinstance(error, ClaimMismatch)
    assert (error.claim, error.wanted, error.found) == ("predicate type", COSIGN_SIGN_V1, SPDX)
    anything = replace(policy(), predicate=AnyPredicateUnsafe("test"))
    assert verify(repository, image.digest, anything).signatures[0].claim.type == SPDX


def test_annotations_are_demanded_of_every_signature(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, formats=BOTH, annotations={"a": "1"})
    sign(repository, image, formats=BOTH, annotations={"a": "2"})
    found = verify(repository, image.digest, policy(annotations={"a": "2"}))
    assert [signature.claim.annotations for signature in found.signatures] == [{"a": "2"}] * 2
    assert [getattr(item.error, "claim", "") for item in found.rejections] == ["annotation a"] * 2


def test_a_threshold_counts_different_keys(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, KEY, BOTH)
    push_bundle(repository, image.descriptor, encode_signed(Signed(statement(image.digest, predicate=[]))))
    two_of_three = policy(KEY, OTHER_KEY, THIRD_KEY, threshold=2)
    with pytest.raises(NoMatchingSignatures) as error:
        verify(repository, image.digest, two_of_three)
    assert error.value.why == "only 1 of the 2 signers demanded"
    assert error.value.rejections == ()
    sign(repository, image, THIRD_KEY)
    assert len(verify(repository, image.digest, two_of_three).signatures) == 4


@pytest.mark.parametrize("keys", [(KEY, OTHER_KEY, THIRD_KEY), (THIRD_KEY, OTHER_KEY, KEY)])
def test_signatures_are_in_the_order_of_the_keys_asked_for(
    repository: MemoryRepository, image: Manifest, keys: tuple[PrivateKey, ...]
) -> None:
    for key in (OTHER_KEY, THIRD_KEY, KEY):
        sign(repository, image, key, BOTH)
    found = verify(repository, image.digest, policy(*keys)).signatures
    assert [signature.key for signature in found[::2]] == [key.public_key for key in keys]
    assert [signature.claim.format for signature in found] == [*BOTH] * 3


def test_a_required_log_entry_is_said_to_be_what_is_missing(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, formats=BOTH)
    with pytest.raises(TransparencyRequired):
        verify(repository, image.digest, replace(policy(), transparency=RequireLog()))


@pytest.mark.parametrize("method", ["fetch_referrers", "fetch_manifest"])
def test_a_registry_that_fails_is_never_an_unsigned_image(
    repository: MemoryRepository, image: Manifest, method: str
) -> None:
    sign(repository, image, formats=BOTH)
    repository.failing.add(method)
    with pytest.raises(RemoteError) as error:
        verify(repository, image.digest)
    assert error.value.status == 500


class FlakyBlobs(MemoryRepository):
    """Fails for one blob and serves the others."""

    broken: Digest | None = None

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        if descriptor.digest == self.broken:
            raise RemoteError("registry", "https://registry.test", 503, "one blob is broken")
        return super().fetch_blob(descriptor)


def test_a_signature_that_cannot_be_fetched_does_not_matter_when_others_suffice() -> None:
    repository = FlakyBlobs()
    image = push_image(repository)
    unreadable = push_bundle(repository, image.descriptor)
    repository.broken = unreadable.layers[0].digest
    with pytest.raises(RemoteError) as error:
        verify(repository, image.digest)
    assert error.value.status == 503
    sign(repository, image, OTHER_KEY)
    with pytest.raises(RemoteError):
        verify(repository, image.digest)
    push_legacy_layer(repository, image.digest)
    found = verify(repository, image.digest)
    assert [signature.claim.format for signature in found.signatures] == [SignatureFormat.LEGACY]
    assert {type(item.error) for item in found.rejections} == {RemoteError, SignatureMismatch}
    assert f"bundle {unreadable.digest}" in {item.signature for item in found.rejections}


class BrokenRepository(MemoryRepository):
    """Raises what no adapter may raise."""

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        raise ZeroDivisionError(descriptor)


def test_a_defect_is_not_a_rejection() -> None:
    repository = BrokenRepository()
    image = push_image(repository)
    push_bundle(repository, image.descriptor)
    push_legacy_layer(repository, image.digest)
    with pytest.raises(ZeroDivisionError):
        verify(repository, image.digest)


def test_a_rejection_says_where_and_why() -> None:
    assert str(Rejection("here", SignatureMismatch("why"))) == "here: invalid signature: why"
