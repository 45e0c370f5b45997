"""CMS signed data: each field that may be wrong, wrong once."""

from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding

from cosignpy.core.cms.signature import verify_signed_data
from cosignpy.core.cms.signed_data import MAX_CERTIFICATES, MAX_SIGNERS, parse_signed_data
from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.der_fields import Fields
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from tests.support.cms import (
    DATA,
    MESSAGE_DIGEST,
    ONE,
    SIGNED_DATA,
    certificate,
    key_of,
    message_digest,
    of_set,
    sequence,
    sign,
    signed_data,
    signer,
)

CONTENT = b"content"
SHA512 = sequence(bytes.fromhex("0609608648016503040203"))


def body_of(der: bytes) -> bytes:
    """Return the SignedData in a ContentInfo."""
    outer = Fields.of(der, what="test")
    outer.whole()
    return outer.inside(0xA0).whole()


def verify(der: bytes, content: bytes = CONTENT) -> None:
    verify_signed_data(parse_signed_data(der, what="token"), content, what="token")


@pytest.mark.parametrize("kind", ["rsa", "ec", "dsa"])
@pytest.mark.parametrize("attributes", [None, message_digest(CONTENT)], ids=["plain", "attributes"])
def test_signatures_of_each_kind_of_key_are_verified(kind: str, attributes: bytes | None) -> None:
    good = signed_data(kind, CONTENT, signers=of_set(signer(kind, CONTENT, attributes=attributes)))
    verify(good)
    with pytest.raises(SignatureMismatch):
        verify(good, b"other")


SHA1_NAMED: Final = sequence(bytes.fromhex("06052b0e03021a"))


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_archives_were_signed_with_sha_1(kind: str) -> None:
    key: Any = key_of(kind)
    made = {
        "rsa": lambda: key.sign(CONTENT, PKCS1v15(), SHA1()),
        "ec": lambda: key.sign(CONTENT, ECDSA(SHA1())),
    }[kind]()
    parts = {"digest": SHA1_NAMED, "signature": encode_element(4, made)}
    verify(signed_data(kind, CONTENT, signers=of_set(signer(kind, CONTENT, **parts))))
    with pytest.raises(SignatureMismatch):
        verify(signed_data(kind, CONTENT, signers=of_set(signer(kind, b"other", **parts))), b"other")


def test_a_key_that_does_not_sign_documents_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify(signed_data("ed25519", CONTENT))


def test_every_signer_has_to_have_signed() -> None:
    good, bad = signer("ec", CONTENT), signer("ec", b"other")
    verify(signed_data("ec", CONTENT, signers=of_set(good, good)))
    with pytest.raises(SignatureMismatch):
        verify(signed_data("ec", CONTENT, signers=of_set(good, bad)))


def test_what_is_logged_has_no_content_and_sets_in_order() -> None:
    signers = sorted([signer("ec", CONTENT), signer("ec", CONTENT), signer("ec", CONTENT)])
    digests = sorted([SHA512, sequence(bytes.fromhex("0609608648016503040201"))])
    mixed = signed_data("ec", CONTENT, signers=of_set(*signers[::-1]), digests=of_set(*digests[::-1]))
    wanted = signed_data("ec", CONTENT, signers=of_set(*signers), digests=of_set(*digests), content=sequence(DATA))
    assert parse_signed_data(mixed, what="token").detached == wanted
    assert parse_signed_data(wanted, what="token").detached == wanted
    assert parse_signed_data(wanted, what="token").content is None


def test_revocation_lists_are_kept_in_what_is_logged() -> None:
    crls = encode_element(0xA1, b"")
    assert crls in parse_signed_data(signed_data("ec", CONTENT, crls=crls), what="token").detached


@pytest.mark.parametrize(
    "der",
    [
        b"",
        sequence(SIGNED_DATA),
        sequence(DATA, encode_element(0xA0, sequence())),
        sequence(SIGNED_DATA, encode_element(0xA0, of_set())),
        signed_data("ec", CONTENT).replace(SIGNED_DATA, DATA),
        encode_element(0x30, signed_data("ec", CONTENT)[4:] + ONE),
        signed_data("ec", CONTENT) + b"\0",
        signed_data("ec", CONTENT, version=b""),
        signed_data("ec", CONTENT, signers=b""),
        signed_data("ec", CONTENT, more=sequence()),
        signed_data("ec", CONTENT, more=of_set()),
        signed_data("ec", CONTENT, content=sequence(DATA, sequence())),
        signed_data("ec", CONTENT, content=sequence(DATA, encode_element(0xA1, encode_element(4, CONTENT)))),
        signed_data("ec", CONTENT, content=sequence(DATA, encode_element(0xA0, sequence()))),
        signed_data("ec", CONTENT, content=sequence(DATA, *[encode_element(0xA0, encode_element(4, b""))] * 2)),
        signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, sid=encode_element(0x80, bytes(20))))),
        signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, algorithm=b""))),
        signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, unsigned=sequence()))),
        signed_data("ec", CONTENT, content=sequence(DATA, encode_element(0xA0, encode_element(4, b"") * 2))),
        sequence(SIGNED_DATA, encode_element(0xA0, body_of(signed_data("ec", CONTENT)) + sequence())),
        signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, sid=sequence(ONE)))),
        signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, sid=sequence(sequence(), ONE, ONE)))),
        signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, digest=sequence()))),
    ],
)
def test_what_is_not_signed_data_is_refused(der: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_signed_data(der, what="token")
    assert refused.value.what == "token"


@pytest.mark.parametrize(
    "parts",
    [
        {"signers": of_set()},
        {"certificates": b""},
        {"certificates": encode_element(0xA0, sequence())},
        {"certificates": encode_element(0xA0, certificate("rsa").public_bytes(Encoding.DER))},
        {"signers": of_set(signer("ec", CONTENT, digest=sequence(bytes.fromhex("06082a864886f70d0205"))))},
        {"signers": of_set(signer("ec", CONTENT, attributes=sequence(DATA, of_set(DATA))))},
        {"signers": of_set(signer("ec", CONTENT, attributes=message_digest(CONTENT) * 2))},
        {"signers": of_set(signer("ec", CONTENT, attributes=sequence(message_digest(CONTENT)[2:], ONE)))},
        {"signers": of_set(signer("ec", CONTENT, attributes=message_digest(CONTENT, b"")))},
        {"signers": of_set(signer("ec", CONTENT, attributes=sequence(MESSAGE_DIGEST)))},
    ],
    ids=[
        "nobody",
        "no certificate",
        "no real one",
        "another",
        "MD5",
        "no digest",
        "two",
        "more",
        "two values",
        "no value",
    ],
)
def test_signed_data_that_cannot_be_verified_is_refused(parts: dict) -> None:
    with pytest.raises(MalformedError):
        verify(signed_data("ec", CONTENT, **parts))


@pytest.mark.parametrize(
    "parts",
    [
        {"digest": SHA512},
        {"signature": encode_element(4, sign("ec", b"other"))},
        {"signature": encode_element(4, b"")},
    ],
)
def test_a_signature_over_something_else_is_refused(parts: dict) -> None:
    with pytest.raises(SignatureMismatch):
        verify(signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, **parts))))


VERSION = b"\xa0\x03\x02\x01"
UTC_TIME = b"\x17\x0d"


@pytest.mark.parametrize(("place", "octet"), [(VERSION, b"\x03"), (UTC_TIME, b"x")], ids=["version", "time"])
def test_a_certificate_that_cannot_be_read_is_refused(place: bytes, octet: bytes) -> None:
    before, found, after = certificate("ec").public_bytes(Encoding.DER).partition(place)
    broken = before + found + octet + after[1:]
    with pytest.raises(MalformedError) as refused:
        verify(signed_data("ec", CONTENT, certificates=encode_element(0xA0, broken)))
    assert refused.value.what == "certificate of the token"


def test_attributes_that_are_not_signed_are_passed_over() -> None:
    verify(signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, unsigned=encode_element(0xA1, b"")))))


def test_another_serial_number_is_another_certificate() -> None:
    sid = sequence(certificate("ec").issuer.public_bytes(), b"\x02\x01\x08")
    with pytest.raises(MalformedError):
        verify(signed_data("ec", CONTENT, signers=of_set(signer("ec", CONTENT, sid=sid))))


def test_more_signers_or_certificates_than_real_ones_have_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        parse_signed_data(signed_data("ec", b"", signers=of_set(*[sequence()] * (MAX_SIGNERS + 1))), what="token")
    many = encode_element(0xA0, sequence() * (MAX_CERTIFICATES + 1))
    with pytest.raises(LimitExceeded):
        parse_signed_data(signed_data("ec", b"", certificates=many), what="token")
