"""Attaching what was made elsewhere: parsed strictly, never in another's place."""

import re
from typing import Final

import pytest

from cosignpy.core.bundle.legacy import LegacyStyle, select_signature_layers
from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.oci.simple_signing import SIGNATURE_ANNOTATION, build_simple_signing
from cosignpy.core.x509.der import encode_sequence
from cosignpy.errors import ClaimMismatch, CosignError, MalformedError, TimestampError
from cosignpy.operations.attach import attach_bundle, attach_detached, parse_detached, parse_log_answer
from cosignpy.values import replace
from tests.support.attached import MOMENT, SPDX, bundle_of, push_legacy
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import encode_key_bundle
from tests.support.virtual_sigstore import FULCIO_ISSUER, FULCIO_ROOT, Signing

IMAGE = Digest.of(b"image")
PAYLOAD = build_simple_signing("registry.test/app", IMAGE, {})
REJECTION: Final = encode_sequence(bytes.fromhex("3003020102"))
NOTHING: Final = SignatureParts()
MADE: Final = Signing(stamped=True).bundle()
ENTRY: Final = MADE.log_entries[0]
PARTS: Final = SignatureParts.of_bundle(MADE, (FULCIO_ISSUER.der, FULCIO_ROOT.der))


def test_base64_may_end_with_a_line_break_as_cosign_writes_it() -> None:
    assert parse_detached(b"c2ln\n", PAYLOAD, IMAGE, NOTHING).signature == b"sig"


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
        parse_detached(text, payload, IMAGE, NOTHING)


def test_a_signature_joins_those_that_are_there_and_is_added_once() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    tag, _ = push_legacy(repository, image, b"first")
    payload = build_simple_signing("registry.test/app", image.digest, {})
    made = parse_detached(b"c2ln", payload, image.digest, PARTS)
    for _ in range(2):
        attach_detached(repository, image.digest, made, LegacyStyle())
    layers = select_signature_layers(repository.fetch_manifest(tag))
    assert [set(layer.annotations) - {SIGNATURE_ANNOTATION} for layer in layers] == [set(), set(PARTS.annotations)]
    assert SignatureParts.of_annotations(layers[1].annotations) == PARTS


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(replace(PARTS, certificate=b"c2ln"), id="certificate"),
        pytest.param(replace(PARTS, chain=b"c2ln"), id="chain"),
        pytest.param(replace(PARTS, rekor_bundle=b"{}"), id="rekor bundle"),
        pytest.param(replace(PARTS, timestamp=b"c2ln"), id="timestamp"),
    ],
)
def test_a_part_that_cannot_be_read_is_refused(parts: SignatureParts) -> None:
    assert parse_detached(b"c2ln", PAYLOAD, IMAGE, PARTS).parts == PARTS
    with pytest.raises(MalformedError):
        parse_detached(b"c2ln", PAYLOAD, IMAGE, parts)


def test_a_timestamp_that_was_refused_is_none() -> None:
    with pytest.raises(TimestampError):
        parse_detached(b"c2ln", PAYLOAD, IMAGE, SignatureParts(timestamp=REJECTION))


def test_text_around_certificates_is_left_out() -> None:
    around = replace(PARTS, certificate=b"\xffsubject=alice\n" + PARTS.certificate, chain=PARTS.chain + b"\xff\n")
    assert parse_detached(b"c2ln", PAYLOAD, IMAGE, around).parts == PARTS


BLOB_BUNDLE: Final = b'{"base64Signature":"c2ln","cert":"","rekorBundle":%b}' % PARTS.rekor_bundle
V1_ANSWER: Final = encode_json(
    {
        "24296fb24b8ad77a" + "0" * 64: {
            "body": encode_b64(ENTRY.body),
            "integratedTime": ENTRY.integrated_time,
            "logID": ENTRY.log_id.hex(),
            "logIndex": ENTRY.log_index,
            "verification": {"signedEntryTimestamp": encode_b64(ENTRY.entry_timestamp)},
        }
    }
)


@pytest.mark.parametrize("raw", [PARTS.rekor_bundle, b" " + PARTS.rekor_bundle, BLOB_BUNDLE, V1_ANSWER])
def test_a_promise_comes_as_a_rekor_bundle_or_as_the_log_answered(raw: bytes) -> None:
    assert parse_log_answer(raw) == PARTS.rekor_bundle


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"{}", id="no entry"),
        pytest.param(BLOB_BUNDLE.replace(b'"cert"', b'"certificate"'), id="blob bundle with an unknown member"),
        pytest.param(b'{"base64Signature":"c2ln"}', id="blob bundle without an entry"),
        pytest.param(V1_ANSWER[:-1] + b"," + V1_ANSWER[1:].replace(b"24296f", b"24296e"), id="two entries"),
        pytest.param(V1_ANSWER.replace(b'"signedEntryTimestamp"', b'"signed"'), id="unknown member"),
        pytest.param(re.sub(rb'"signedEntryTimestamp":"[^"]*"', b"", V1_ANSWER), id="no promise"),
        pytest.param(PARTS.rekor_bundle.replace(b"logIndex", b"index"), id="rekor bundle without an index"),
    ],
)
def test_an_answer_without_one_promise_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_log_answer(raw)


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
