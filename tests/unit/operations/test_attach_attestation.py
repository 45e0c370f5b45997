"""Attaching attestations of others: what is one, and where each kind is stored."""

import pytest

from cosignpy.core.bundle.legacy import LegacyStyle
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.oci.manifest import Manifest
from cosignpy.errors import ClaimMismatch, CosignError, LimitExceeded, MalformedError
from cosignpy.operations.attach_attestation import MAX_LINES, parse_attestations
from cosignpy.operations.verify_image import VerifyImage, verify_image
from tests.support.attestations import REVIEW, envelope_text, make, old_statement, review, wanting
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import IMAGE, NAME, OTHER_IMAGE
from tests.support.signed_images import CREATED
from tests.support.virtual_sigstore import v1_bundle

ENVELOPE = envelope_text(old_statement(IMAGE))
BUNDLE = make(IMAGE).content


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository)


def test_each_line_is_stored_as_what_it_is(repository: MemoryRepository, image: Manifest) -> None:
    envelope, bundle = envelope_text(review(image.digest)), make(image.digest).content
    for one in parse_attestations(b"\n".join((envelope, bundle, b"", envelope)), image.digest):
        one.store(repository, image.descriptor, CREATED, LegacyStyle())
    found = verify_image(VerifyImage(NAME, image.digest, wanting(), 2), repository, repository)
    assert [signature.claim.format.value for signature in found.signatures] == ["bundle", "legacy"]
    assert found.signatures[1].stored_envelope == envelope


@pytest.mark.parametrize(
    ("raw", "kinds"),
    [
        (BUNDLE, [True]),
        (ENVELOPE, [False]),
        (ENVELOPE + b"\r\n" + BUNDLE + b"\n\n", [False, True]),
        (ENVELOPE.replace(b",", b",\n "), [False]),
        (b"\n" + BUNDLE.replace(b"{", b"{\n"), [True]),
    ],
    ids=["bundle", "envelope", "lines", "envelope over lines", "bundle over lines"],
)
def test_documents_and_lines_are_read(raw: bytes, kinds: list[bool]) -> None:
    found = parse_attestations(raw, IMAGE)
    assert [one.is_bundle for one in found] == kinds
    assert {one.predicate_type for one in found} == {REVIEW}


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", MalformedError),
        (b"\n \n", MalformedError),
        (b"[]", MalformedError),
        (b"{}", MalformedError),
        (ENVELOPE[:-1], MalformedError),
        (ENVELOPE + b"\n{}", MalformedError),
        (envelope_text(b"{}"), MalformedError),
        (envelope_text(old_statement(IMAGE), payload_type="text/plain"), MalformedError),
        (encode_bundle(v1_bundle()), MalformedError),
        (envelope_text(old_statement(OTHER_IMAGE)), ClaimMismatch),
        (envelope_text(old_statement(IMAGE, COSIGN_SIGN_V1)), ClaimMismatch),
        (b"{}\n" * (MAX_LINES + 1), LimitExceeded),
    ],
)
def test_what_is_no_attestation_about_the_image_is_refused(raw: bytes, error: type[CosignError]) -> None:
    with pytest.raises(error):
        parse_attestations(raw, IMAGE)


def test_a_statement_without_a_known_digest_is_about_no_image() -> None:
    nothing = {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": REVIEW}
    with pytest.raises(ClaimMismatch) as error:
        parse_attestations(envelope_text(encode_json(nothing)), IMAGE)
    assert error.value.found == "none"


def test_a_bundle_of_an_image_that_no_tag_can_name_is_a_referrer() -> None:
    digest = Digest.of(b"image", "sha512")
    (found,) = parse_attestations(make(digest).content, digest)
    assert found.is_bundle
