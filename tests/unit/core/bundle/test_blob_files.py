"""cosign 2's files of a blob's signature."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy.core.bundle.blob_files import (
    BlobSignature,
    encode_blob_bundle,
    encode_signature,
    encode_timestamp_file,
    parse_blob_bundle,
    parse_certificate_file,
    parse_signature_file,
    parse_timestamp_file,
)
from cosignpy.core.bundle.model import BUNDLE_V01, CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.dsse import Envelope, EnvelopeSignature
from cosignpy.core.encoding import encode_b64, encode_json, parse_json
from cosignpy.core.rekor.proposals import EntryVerifier, SignedEnvelope
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch, TransparencyError
from cosignpy.values import replace
from tests.support.virtual_sigstore import (
    ARTIFACT,
    BY_ALICE,
    BY_KEY,
    FILE,
    STATEMENT,
    TRUST,
    USER_KEY,
    Signing,
    key_bundle,
    v1_bundle,
    v2_bundle,
)

OLD: Final = encode_blob_bundle(v1_bundle())
ENVELOPE: Final = replace(Signing(statement=STATEMENT).bundle(), timestamps=())


def changed(**members: Any) -> bytes:
    found = parse_json(OLD, what="test") | members
    return encode_json({name: content for name, content in found.items() if content is not ...})


def read(raw: bytes) -> BlobSignature:
    found = parse_blob_bundle(raw)
    assert found is not None
    return found


def test_members_are_cosigns() -> None:
    assert list(parse_json(OLD, what="test")) == ["base64Signature", "cert", "rekorBundle"]
    bare = replace(key_bundle(), log_entries=())
    assert list(parse_json(encode_blob_bundle(bare), what="test")) == ["base64Signature"]
    assert list(parse_json(encode_blob_bundle(key_bundle()), what="test")) == ["base64Signature", "rekorBundle"]


def test_what_is_written_is_read_and_verified() -> None:
    bundle = read(OLD).message_bundle()
    assert bundle.media_type == BUNDLE_V01
    assert isinstance(bundle.content, MessageSignature)
    assert encode_blob_bundle(bundle) == OLD
    assert verify_bundle(bundle, FILE, TRUST, BY_ALICE).certificate is not None
    keyed = read(encode_blob_bundle(key_bundle())).message_bundle()
    assert verify_bundle(keyed, FILE, TRUST, BY_KEY).certificate is None


def test_an_envelope_is_the_signature_of_an_attestation() -> None:
    raw = encode_blob_bundle(ENVELOPE)
    bundle = read(raw).envelope_bundle()
    assert encode_blob_bundle(bundle) == raw
    assert verify_bundle(bundle, FILE, TRUST, BY_ALICE).payload == STATEMENT
    with pytest.raises(MalformedError):
        read(OLD).envelope_bundle()


@pytest.mark.parametrize("hint", ["", "hint"])
def test_an_envelope_is_spelled_as_the_log_is_told(hint: str) -> None:
    made = EnvelopeSignature(b"signature", hint)
    envelope = Envelope("application/vnd.in-toto+json", STATEMENT, (made,))
    signed = SignedEnvelope(envelope, EntryVerifier.of_key(USER_KEY.public_key))
    assert encode_signature(replace(ENVELOPE, content=envelope)) == encode_json(signed.json)


def test_what_it_is_can_be_seen() -> None:
    for made in (v1_bundle(), ENVELOPE):
        assert type(read(encode_blob_bundle(made)).bundle().content) is type(made.content)


@pytest.mark.parametrize("signature", [b"{", b" {}}", b"[]", b"{\xff}"])
def test_a_signature_may_begin_as_an_envelope_does(signature: bytes) -> None:
    assert BlobSignature(signature).bundle().content == MessageSignature("", b"", signature)


def test_json_that_is_no_envelope() -> None:
    with pytest.raises(MalformedError):
        BlobSignature(b"{}").bundle()


def test_a_signature_of_something_else_is_refused() -> None:
    other = BlobSignature(USER_KEY.sign(ARTIFACT), read(OLD).parts)
    with pytest.raises((SignatureMismatch, ClaimMismatch)):
        verify_bundle(other.message_bundle(), FILE, TRUST, BY_ALICE)


def test_without_its_log_entry_it_is_refused() -> None:
    bundle = read(changed(rekorBundle=None)).message_bundle()
    assert bundle.log_entries == ()
    with pytest.raises(TransparencyError):
        verify_bundle(bundle, FILE, TRUST, BY_ALICE)


PEM: Final = read(OLD).parts.certificate


def test_certificates_are_wrapped_or_not() -> None:
    assert read(changed(cert=PEM.decode())) == read(OLD)
    assert isinstance(read(OLD).message_bundle().material, CertificateMaterial)
    for absent in (..., None, "", encode_b64(USER_KEY.public_key.encode_pem())):
        assert read(changed(cert=absent)).message_bundle().material == PublicKeyMaterial("")


@pytest.mark.parametrize(
    "other", [b"", b"{}", b"[]", encode_bundle(v1_bundle()), b'["base64Signature"]', b'{"a":"base64Signature"}']
)
def test_other_documents(other: bytes) -> None:
    assert parse_blob_bundle(other) is None


@pytest.mark.parametrize(
    "raw",
    [
        OLD[:-1],
        changed(more=1),
        changed(base64Signature=1),
        changed(base64Signature=""),
        changed(base64Signature="YR=="),
        changed(cert="YR=="),
        changed(cert=1),
        changed(cert=encode_b64(b"-----BEGIN")),
        changed(rekorBundle=[]),
    ],
)
def test_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_blob_bundle(raw)


@pytest.mark.parametrize("promise", [{}, {"SignedEntryTimestamp": ""}])
def test_promises_that_are_none(promise: Any) -> None:
    with pytest.raises(MalformedError):
        read(changed(rekorBundle=promise)).message_bundle()


@pytest.mark.parametrize(
    "wrap", [bytes, lambda raw: encode_b64(raw).encode(), lambda raw: encode_b64(raw).encode() + b"\n"]
)
def test_signature_files(wrap: Callable[[bytes], bytes]) -> None:
    signature = encode_signature(v1_bundle())
    assert parse_signature_file(wrap(signature)) == signature
    assert parse_signature_file(wrap(encode_signature(ENVELOPE))) == encode_signature(ENVELOPE)


@pytest.mark.parametrize("empty", [b"", b"\n"])
def test_signature_files_without_one(empty: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_signature_file(empty)


def test_certificate_files() -> None:
    assert parse_certificate_file(PEM) == PEM
    assert parse_certificate_file(encode_b64(PEM).encode() + b"\n") == PEM
    for raw in (b"\xff", b"PEM"):
        with pytest.raises(MalformedError):
            parse_certificate_file(raw)


def test_timestamp_files() -> None:
    (stamp,) = v2_bundle().timestamps
    assert encode_timestamp_file(stamp) == encode_json({"SignedRFC3161Timestamp": encode_b64(stamp)})
    for raw in (stamp, encode_timestamp_file(stamp)):
        assert parse_timestamp_file(raw) == stamp
    for raw in (b"", b"{}", b"{\xff", b'{"SignedRFC3161Timestamp":""}', encode_timestamp_file(stamp)[:-1]):
        with pytest.raises(MalformedError):
            parse_timestamp_file(raw)


def test_there_is_no_place_for_entries_without_a_promise() -> None:
    with pytest.raises(MalformedError):
        encode_blob_bundle(v2_bundle())
