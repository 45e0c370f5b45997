"""cose: messages, their keys and headers."""

import hashlib
import json
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cosignpy.errors import KeyUnusable, LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.cose import MAX_ATTESTATION
from tests.support.rekor_kinds import accept, altered, load, member, replaced

VECTOR = load("cose-es256").proposed
MESSAGE = member(VECTOR, "message")
KEY = ec.generate_private_key(ec.SECP256R1())
ES256 = {1: -7}


def pem(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(payload: bytes, protected: object, /, **parts: object) -> dict:
    raw = protected if isinstance(protected, bytes) else cbor2.dumps(protected)
    r, s = decode_dss_signature(KEY.sign(cbor2.dumps(["Signature1", raw, b"", payload]), ec.ECDSA(SHA256())))
    found = {"protected": raw, "unprotected": {}, "payload": payload, "signature": r.to_bytes(32) + s.to_bytes(32)}
    message = cbor2.dumps(cbor2.CBORTag(18, list((found | parts).values())))
    return replaced(replaced(VECTOR, "message", message), "publicKey", pem(KEY))


def test_the_message_is_kept_by_its_digest() -> None:
    kept = accept(VECTOR).attestation
    assert kept is not None
    assert (kept.name, kept.content) == (f"sha256:{hashlib.sha256(MESSAGE).hexdigest()}", MESSAGE)


def test_too_large_a_message_is_logged_and_not_kept() -> None:
    around = len(member(signed(bytes(70000), ES256), "message")) - 70000
    assert accept(signed(bytes(MAX_ATTESTATION - around), ES256)).attestation is not None
    assert accept(signed(bytes(MAX_ATTESTATION - around + 1), ES256)).attestation is None


def statement(subjects: object) -> bytes:
    return json.dumps({"subject": subjects}).encode()


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (statement([{"digest": {"sha256": "AB", "gitCommit": "1f"}}]), ["sha256:ab", "gitcommit:1f"]),
        (statement([{"digest": {"sha256": 1}}]), []),
        (statement("none"), []),
        (b"not JSON", []),
    ],
)
def test_the_subjects_of_a_statement_find_it(payload: bytes, found: list[str]) -> None:
    keys = accept(signed(payload, ES256 | {3: "application/vnd.in-toto+json"})).search_keys
    assert list(keys[3:]) == found


def test_subjects_of_other_content_types_find_nothing() -> None:
    assert len(accept(signed(statement([{"digest": {"sha256": "ab"}}]), ES256 | {3: 50})).search_keys) == 3


@pytest.mark.parametrize("aad", [b"", b"other"])
def test_other_external_data_is_refused(aad: bytes) -> None:
    with pytest.raises(SignatureMismatch):
        accept(replaced(load("cose-aad").proposed, "data.aad", aad or None))


@pytest.mark.parametrize(
    "parts",
    [{"payload": None}, {"signature": "text"}, {"unprotected": []}, {"extra": 1}, {"protected": 1}],
    ids=lambda parts: next(iter(parts)),
)
def test_parts_of_other_types_are_refused(parts: dict) -> None:
    with pytest.raises(MalformedError):
        accept(signed(b"hello", ES256, **parts))


@pytest.mark.parametrize(
    "protected", [[1], b"\xa2\x01\x26\x01\x26", b"\xbf\x01\x26\xff", b"\xa1\x01", b"\xa1\x01\x26\x00"]
)
def test_protected_headers_that_are_not_one_plain_map_are_refused(protected: object) -> None:
    with pytest.raises(MalformedError):
        accept(signed(b"hello", protected))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + b"\0",
        lambda raw: raw[:-1],
        lambda _: b"\xd2\x84" + b"\x81" * 100 + b"\x80",
    ],
    ids=["a byte more", "a byte less", "deep"],
)
def test_what_is_not_one_message_is_refused(change: Any) -> None:
    with pytest.raises(MalformedError):
        accept(altered(VECTOR, "message", change))


def test_another_payload_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        accept(altered(VECTOR, "message", lambda raw: raw.replace(b"hello", b"jello")))


def test_a_signature_of_another_length_is_refused() -> None:
    """A zero in front of its second half would change neither number."""
    good = cbor2.loads(member(signed(b"hello", ES256), "message")).value[3]
    with pytest.raises(SignatureMismatch):
        accept(signed(b"hello", ES256, signature=good[:32] + b"\0" + good[32:]))


def test_another_payload_is_refused_with_an_rsa_key() -> None:
    with pytest.raises(SignatureMismatch):
        accept(altered(load("cose-ps256").proposed, "message", lambda raw: raw.replace(b"hello", b"jello")))


def test_an_algorithm_has_to_be_stated_unless_there_is_external_data() -> None:
    assert accept(load("cose-aad-no-alg").proposed)
    with pytest.raises(MalformedError) as refused:
        accept(signed(b"hello", {}))
    assert "algorithm" in refused.value.why


def test_the_stated_algorithm_has_to_be_the_keys() -> None:
    with pytest.raises(SignatureMismatch) as refused:
        accept(signed(b"hello", {1: -37}))
    assert "-37" in refused.value.why


def test_a_message_without_its_tag_is_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        accept(altered(VECTOR, "message", lambda raw: b"\xd1" + raw[1:]))
    assert "tag" in refused.value.why


@pytest.mark.parametrize("stated", [[-7], {}, "ES256", -7.5, None])
def test_an_algorithm_that_is_no_number_is_refused(stated: object) -> None:
    with pytest.raises((SignatureMismatch, MalformedError)):
        accept(signed(b"hello", {1: stated}))


@pytest.mark.parametrize(
    "protected",
    [b"\xa2\x01\x26\x04\xd8\x1c\x81\x00", b"\xa2\x01\x26\xd8\x1c\x82\x00\xd8\x1d\x00\x00"],
    ids=["value", "key"],
)
def test_a_shared_value_is_refused(protected: bytes) -> None:
    """Sixty of them in each of ten lists are a kilobyte, and no end to whoever compares or prints that."""
    with pytest.raises(MalformedError):
        accept(signed(b"hello", protected))


def test_headers_are_limited_and_payloads_are_not() -> None:
    large = {"text": bytes(64 * 1024)}
    assert accept(signed(bytes(128 * 1024), ES256))
    with pytest.raises(MalformedError):
        accept(signed(b"hello", ES256, unprotected=large))
    with pytest.raises(LimitExceeded):
        accept(signed(b"hello", ES256 | large))


@pytest.mark.parametrize("key", [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())])
@pytest.mark.parametrize("algorithm", [-7, -37])
def test_keys_of_other_kinds_are_refused(key: Any, algorithm: int) -> None:
    with pytest.raises((KeyUnusable, SignatureMismatch)):
        accept(replaced(signed(b"hello", {1: algorithm}), "publicKey", pem(key)))


def test_an_entry_without_data_is_refused() -> None:
    with pytest.raises(MalformedError):
        accept(replaced(VECTOR, "data", None))
