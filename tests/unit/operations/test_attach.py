"""Attaching what was made elsewhere: parsed strictly, never in another's place."""

import pytest

from cosignpy.core.bundle.legacy import LegacyStyle, select_signature_layers
from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.oci.simple_signing import build_simple_signing
from cosignpy.errors import ClaimMismatch, CosignError, MalformedError
from cosignpy.operations.attach import attach_bundle, attach_detached, parse_detached
from tests.support.attached import MOMENT, SPDX, bundle_of, push_legacy
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import encode_key_bundle

IMAGE = Digest.of(b"image")
PAYLOAD = build_simple_signing("registry.test/app", IMAGE, {})


def test_base64_may_end_with_a_line_break_as_cosign_writes_it() -> None:
    assert parse_detached(b"c2ln\n", PAYLOAD, IMAGE, {}).signature == b"sig"


@pytest.mark.parametrize(
    ("text", "payload", "error"),
    [
        (b"c2ln!", PAYLOAD, MalformedError),
        (b"c2lo=", PAYLOAD, MalformedError),
        (b"\xff", PAYLOAD, MalformedError),
        (b"\n", PAYLOAD, MalformedError),
        (b"c2ln", b"{}", MalformedError),
        (b"c2ln", PAYLOAD.replace(IMAGE.hex.encode(), Digest.of(b"other").hex.encode()), ClaimMismatch),
    ],
)
def test_a_detached_signature_with_one_thing_wrong_is_refused(
    text: bytes, payload: bytes, error: type[CosignError]
) -> None:
    with pytest.raises(error):
        parse_detached(text, payload, IMAGE, {})


def test_a_signature_joins_those_that_are_there_and_is_added_once() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    tag, _ = push_legacy(repository, image, b"first")
    payload = build_simple_signing("registry.test/app", image.digest, {})
    made = parse_detached(b"c2ln", payload, image.digest, {"dev.sigstore.cosign/certificate": "PEM"})
    for _ in range(2):
        attach_detached(repository, image.digest, made, LegacyStyle())
    layers = select_signature_layers(repository.fetch_manifest(tag))
    assert [layer.annotations.get("dev.sigstore.cosign/certificate") for layer in layers] == [None, "PEM"]


def test_a_bundle_becomes_a_referrer_byte_for_byte() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    raw = bundle_of(image)
    manifest = attach_bundle(repository, image, raw, MOMENT)
    assert repository.fetch_blob(manifest.layers[0]) == raw
    assert [item.digest for item in repository.fetch_referrers(image.digest)] == [manifest.digest]


def bundle_with(payload: bytes, payload_type: str = IN_TOTO_PAYLOAD) -> bytes:
    return encode_key_bundle("key", Envelope(payload_type, payload, (EnvelopeSignature(b"signature"),)))


def statement(digest: dict[str, JsonValue], predicate_type: str) -> bytes:
    return encode_json(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": digest}],
            "predicateType": predicate_type,
            "predicate": {},
        }
    )


@pytest.mark.parametrize(
    ("raw", "claim"),
    [
        (bundle_with(statement({"sha256": IMAGE.hex}, SPDX)), "predicate type"),
        (bundle_with(statement({"sha256": "0" * 64}, "https://sigstore.dev/cosign/sign/v1")), "digest"),
        (bundle_with(statement({}, "https://sigstore.dev/cosign/sign/v1")), "digest"),
    ],
)
def test_a_bundle_about_something_else_is_refused(raw: bytes, claim: str) -> None:
    repository = MemoryRepository()
    with pytest.raises(ClaimMismatch) as refused:
        attach_bundle(repository, Descriptor("type", IMAGE, 5), raw, MOMENT)
    assert refused.value.claim == claim
    assert repository.requests == []


MESSAGE: JsonValue = {
    "mediaType": BUNDLE_V03,
    "verificationMaterial": {"publicKey": {"hint": ""}},
    "messageSignature": {"signature": encode_b64(b"signature")},
}


@pytest.mark.parametrize("raw", [b"{}", encode_json(MESSAGE), bundle_with(b"{}"), bundle_with(b"{}", "text/plain")])
def test_what_is_no_bundle_of_an_image_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        attach_bundle(MemoryRepository(), Descriptor("type", IMAGE, 5), raw, MOMENT)
