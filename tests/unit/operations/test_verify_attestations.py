"""Verifying attestations: bundles and cosign 2's tags in one run, by the one verifier."""

from collections.abc import Callable

import pytest

from cosignpy.core.bundle.legacy import MAX_LEGACY_SIGNATURES, LegacyStyle, build_signature_image
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.intoto import COSIGN_SIGN_V1, MAX_SUBJECTS
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedImage
from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    LimitExceeded,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    NoSuchTag,
    SignatureMismatch,
    TransparencyRequired,
)
from cosignpy.operations.candidates import MAX_ATTESTATION, MAX_SIGNATURE, find_candidates
from cosignpy.operations.verify_image import VerifyImage, verify_image
from cosignpy.values import replace
from tests.support.attestations import (
    REVIEW,
    SPDX,
    attest,
    attestation_layer,
    envelope_text,
    make,
    old_statement,
    push_legacy_attestation,
    review,
    wanting,
)
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY, NAME, OTHER_IMAGE, OTHER_KEY, Signed, policy
from tests.support.signed_images import BOTH, encode_signed, push_bundle, sign


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository)


def verify(repository: MemoryRepository, image: Digest, wanted: ImagePolicy | None = None) -> VerifiedImage:
    return verify_image(VerifyImage(NAME, image, wanted or wanting(), 2), repository, repository)


def refused(repository: MemoryRepository, image: Digest, wanted: ImagePolicy | None = None) -> list[CosignError]:
    with pytest.raises(
        NoMatchingSignatures, match=r"no matching attestations|none of the attestations matched"
    ) as error:
        verify(repository, image, wanted)
    return [rejection.error for rejection in error.value.rejections]


@pytest.mark.parametrize("api", [True, False])
def test_bundles_and_tags_are_read_in_one_run(api: bool) -> None:
    repository = MemoryRepository(referrers_api=api)
    image = push_image(repository)
    bundle = attest(repository, image)
    text = envelope_text(old_statement(image.digest))
    push_legacy_attestation(repository, image.digest, text)
    found = verify(repository, image.digest)
    assert [(one.location, one.claim.format, one.claim.type) for one in found.signatures] == [
        (f"bundle {bundle.digest}", SignatureFormat.BUNDLE, REVIEW),
        (f"legacy attestation sha256-{image.digest.hex}.att, layer 0", SignatureFormat.LEGACY, REVIEW),
    ]
    assert found.signatures[1].encoded_envelope == text
    assert found.signatures[0].encoded_envelope == found.signatures[0].envelope.encode()  # type: ignore[union-attr]


def test_signatures_are_no_attestations(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, formats=BOTH)
    (error,) = refused(repository, image.digest)
    assert isinstance(error, ClaimMismatch)
    assert (error.wanted, error.found) == (REVIEW, COSIGN_SIGN_V1)


def test_which_types_there_are_is_said_with_what_to_write(repository: MemoryRepository, image: Manifest) -> None:
    for kind in (SPDX, SPDX, "https://example.com/other"):
        attest(repository, image, kind)
    sign(repository, image, formats=BOTH)
    with pytest.raises(NoMatchingSignatures) as error:
        verify(repository, image.digest)
    said = str(error.value)
    assert said.startswith(f"none of the attestations matched the predicate type: {REVIEW}, found: ")
    assert {SPDX, "https://example.com/other"} == set(
        said.partition("found: ")[2].removesuffix(f" for {NAME}").split(", ")
    )
    assert {"spdx", "https://example.com/other"} == set(
        str(error.value.hint).removeprefix("ask for what is there: --type ").split(" or --type ")
    )


def test_of_signatures_alone_it_is_said_that_they_are_none(repository: MemoryRepository, image: Manifest) -> None:
    sign(repository, image, formats=BOTH)
    with pytest.raises(NoMatchingSignatures, match=f"found: {COSIGN_SIGN_V1}") as error:
        verify(repository, image.digest)
    assert "cosignpy verify" in str(error.value.hint)


def test_types_are_no_reason_where_something_else_is_wrong_too(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image, SPDX)
    attest(repository, image, key=OTHER_KEY)
    with pytest.raises(NoMatchingSignatures, match="no matching attestations") as error:
        verify(repository, image.digest)
    assert error.value.hint is None


def test_attestations_under_the_tag_are_no_signatures(repository: MemoryRepository, image: Manifest) -> None:
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest)))
    with pytest.raises(NoSignatures, match="no signatures found"):
        verify(repository, image.digest, policy())


def test_an_image_without_any_is_told_from_one_that_is_not_there(repository: MemoryRepository, image: Manifest) -> None:
    with pytest.raises(NoSignatures, match="no attestations found") as error:
        verify(repository, image.digest)
    assert "cosignpy attest" in str(error.value.hint)
    with pytest.raises(NoSuchTag):
        verify(repository, OTHER_IMAGE)


def test_the_type_is_that_of_the_statement_whatever_annotations_say(
    repository: MemoryRepository, image: Manifest
) -> None:
    push_bundle(repository, image.descriptor, make(image.digest, SPDX).content, REVIEW)
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest, SPDX)), REVIEW)
    errors = refused(repository, image.digest)
    assert [(type(error), getattr(error, "found", "")) for error in errors] == [(ClaimMismatch, SPDX)] * 2


def test_what_says_itself_that_it_is_of_another_type_is_not_fetched(
    repository: MemoryRepository, image: Manifest
) -> None:
    attest(repository, image, SPDX)
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest, SPDX)), SPDX)
    repository.requests.clear()
    assert [type(error) for error in refused(repository, image.digest)] == [ClaimMismatch] * 2
    assert not [request for request in repository.requests if request.startswith("stream_blob")]


def test_without_an_annotation_the_statement_decides(repository: MemoryRepository, image: Manifest) -> None:
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest)), "")
    assert len(verify(repository, image.digest).signatures) == 1
    assert [type(error) for error in refused(repository, image.digest, wanting(SPDX))] == [ClaimMismatch]


def test_older_names_of_a_type_are_accepted(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image, SPDX)
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest, SPDX)), SPDX)
    renamed = replace(wanting(), predicate=PredicateTypeIs(REVIEW, (SPDX,)))
    assert len(verify(repository, image.digest, renamed).signatures) == 2


@pytest.mark.parametrize("payload_type", ["application/vnd.in-toto+json", "application/vnd.in-toto.review+json"])
def test_payload_types_of_in_toto_are_read(repository: MemoryRepository, image: Manifest, payload_type: str) -> None:
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest), payload_type=payload_type))
    push_bundle(repository, image.descriptor, encode_signed(Signed(review(image.digest), payload_type)), REVIEW)
    assert len(verify(repository, image.digest).signatures) == 2


def test_other_payload_types_are_refused(repository: MemoryRepository, image: Manifest) -> None:
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest), payload_type="text/plain"))
    push_bundle(repository, image.descriptor, encode_signed(Signed(review(image.digest), "text/plain")), REVIEW)
    assert [type(error) for error in refused(repository, image.digest)] == [MalformedError] * 2


def test_another_key_and_another_image_are_refused(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image, key=OTHER_KEY)
    push_bundle(repository, image.descriptor, make(OTHER_IMAGE).content, REVIEW)
    push_legacy_attestation(repository, image.digest, envelope_text(review(OTHER_IMAGE)))
    kinds = {type(error) for error in refused(repository, image.digest)}
    assert kinds == {SignatureMismatch, ClaimMismatch}
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest), OTHER_KEY))
    assert [type(error) for error in refused(repository, image.digest)].count(SignatureMismatch) == 2


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: raw[:-1],
        lambda raw: raw.replace(b'"keyid":""', b'"cert":""'),
        lambda raw: raw.replace(b"}]}", b'},{"sig":"YQ=="}]}'),
        lambda _: b"[]",
    ],
)
def test_a_damaged_envelope_is_a_rejection_and_nothing_worse(
    repository: MemoryRepository, image: Manifest, edit: Callable[[bytes], bytes]
) -> None:
    push_legacy_attestation(repository, image.digest, edit(envelope_text(review(image.digest))))
    assert [type(error) for error in refused(repository, image.digest)] == [MalformedError]


def test_a_statement_about_nothing_that_is_known_is_refused(repository: MemoryRepository, image: Manifest) -> None:
    for subject in ([], [{"digest": {"md5": "00"}}]):
        nothing = {"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": REVIEW}
        push_legacy_attestation(repository, image.digest, envelope_text(encode_json(nothing)))
        (error,) = refused(repository, image.digest)
        assert isinstance(error, ClaimMismatch)
        assert (error.claim, error.found) == ("image digest", "absent")


@pytest.mark.parametrize(("number", "kind"), [(MAX_SUBJECTS, ClaimMismatch), (10_000, LimitExceeded)])
def test_a_statement_about_more_than_verifiers_read_is_refused(
    repository: MemoryRepository, image: Manifest, number: int, kind: type[CosignError]
) -> None:
    many = [{"digest": {"sha256": f"{place:064x}"}} for place in range(number)]
    text = encode_json({"_type": "https://in-toto.io/Statement/v1", "subject": many, "predicateType": REVIEW})
    push_legacy_attestation(repository, image.digest, envelope_text(text))
    push_bundle(repository, image.descriptor, encode_signed(Signed(text)), REVIEW)
    assert [type(error) for error in refused(repository, image.digest)] == [kind] * 2


def test_a_threshold_counts_those_who_attest(repository: MemoryRepository, image: Manifest) -> None:
    attest(repository, image)
    sign(repository, image, OTHER_KEY)
    two = wanting(REVIEW, KEY, OTHER_KEY, threshold=2)
    with pytest.raises(NoMatchingSignatures, match="only 1 of the 2"):
        verify(repository, image.digest, two)
    attest(repository, image, key=OTHER_KEY)
    assert len(verify(repository, image.digest, two).signatures) == 2


def test_a_required_log_entry_is_said_to_be_what_is_missing(repository: MemoryRepository, image: Manifest) -> None:
    push_legacy_attestation(repository, image.digest, envelope_text(review(image.digest)))
    with pytest.raises(TransparencyRequired):
        verify(repository, image.digest, replace(wanting(), transparency=RequireLog()))


# --- limits -------------------------------------------------------------------------------------


def of_size(size: int) -> bytes:
    return b'{"a":"' + b" " * size + b'"}'


def test_large_attestations_are_read_where_signatures_are_not(repository: MemoryRepository, image: Manifest) -> None:
    large = make(image.digest, predicate=of_size(MAX_SIGNATURE)).content
    push_bundle(repository, image.descriptor, large, REVIEW)
    push_legacy_attestation(
        repository, image.digest, envelope_text(review(image.digest, predicate=of_size(MAX_SIGNATURE)))
    )
    assert len(verify(repository, image.digest).signatures) == 2


def test_what_is_larger_than_any_is_refused_before_it_is_fetched(repository: MemoryRepository, image: Manifest) -> None:
    repository.push_blob(b"")
    layer = replace(attestation_layer(b""), size=MAX_ATTESTATION + 1)
    manifest, config = build_signature_image([layer], LegacyStyle())
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(image.digest, AttachmentKind.ATTESTATION).encode())
    repository.requests.clear()
    assert [type(error) for error in refused(repository, image.digest)] == [LimitExceeded]
    assert not [request for request in repository.requests if request.startswith("stream_blob")]


@pytest.mark.parametrize("sign_of_structure", [b"[", b"{", b","])
def test_what_has_more_structure_than_an_envelope_is_not_parsed(
    repository: MemoryRepository, image: Manifest, sign_of_structure: bytes
) -> None:
    push_legacy_attestation(repository, image.digest, sign_of_structure * (MAX_SIGNATURE + 1))
    assert [type(error) for error in refused(repository, image.digest)] == [LimitExceeded]


def test_legacy_attestations_are_limited(repository: MemoryRepository, image: Manifest) -> None:
    repository.push_blob(b"")
    layers = [attestation_layer(b"")] * (MAX_LEGACY_SIGNATURES + 1)
    manifest, config = build_signature_image(layers, LegacyStyle())
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(image.digest, AttachmentKind.ATTESTATION).encode())
    with pytest.raises(LimitExceeded):
        find_candidates(repository, image.digest, AttachmentKind.ATTESTATION)


def test_other_layers_are_passed_over(repository: MemoryRepository, image: Manifest) -> None:
    repository.push_blob(b"text")
    manifest, config = build_signature_image([Descriptor.of(b"text", "text/plain")], LegacyStyle())
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(image.digest, AttachmentKind.ATTESTATION).encode())
    assert find_candidates(repository, image.digest, AttachmentKind.ATTESTATION) == []


def test_an_image_named_by_sha512_has_no_tag(repository: MemoryRepository) -> None:
    assert find_candidates(repository, Digest.of(b"", "sha512"), AttachmentKind.ATTESTATION) == []
