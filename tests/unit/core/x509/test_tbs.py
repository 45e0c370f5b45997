"""The signed part of a certificate: the same bytes, less one extension."""

from typing import Final

import pytest
from cryptography.x509 import load_der_x509_certificate

from cosignpy.core.ct.precertificate import POISON
from cosignpy.core.x509.der import (
    BOOLEAN,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    encode_element,
)
from cosignpy.core.x509.tbs import Extension, TbsCertificate, encode_extension, parse_extension
from cosignpy.errors import MalformedError
from tests.support.certificates import NAMED, POISONED, Authority

SAN: Final = bytes.fromhex("551d11")
BASIC_CONSTRAINTS: Final = bytes.fromhex("551d13")

OID: Final = encode_element(OBJECT_IDENTIFIER, b"\x2a\x03")
CRITICAL: Final = encode_element(BOOLEAN, b"\xff")
CONTENT: Final = encode_element(OCTET_STRING, b"x")
PLAIN: Final = encode_element(SEQUENCE, OID + CONTENT)

VERSION: Final = encode_element(0xA0, b"\x02\x01\x02")
FIELDS: Final = tuple(encode_element(SEQUENCE, bytes((place,)) * place) for place in range(6))
KEY: Final = FIELDS[5]


def certificate(*fields: bytes) -> bytes:
    tbs = encode_element(SEQUENCE, b"".join(fields))
    return encode_element(SEQUENCE, tbs + encode_element(SEQUENCE, b"") + encode_element(0x03, b"\x00"))


def extended(*extensions: bytes) -> bytes:
    return certificate(VERSION, *FIELDS, encode_element(0xA3, encode_element(SEQUENCE, b"".join(extensions))))


def test_the_parts_are_the_bytes_of_the_certificate() -> None:
    root = Authority.root()
    leaf = root.leaf(POISONED)
    tbs = TbsCertificate.parse(leaf)
    assert tbs.raw == load_der_x509_certificate(leaf).tbs_certificate_bytes
    assert tbs.raw in leaf
    assert tbs.spki in leaf
    assert [extension.oid for extension in tbs.extensions] == [SAN, POISON]
    assert tbs.extension(POISON) == Extension(critical=True, content=b"\x05\x00")
    assert tbs.extension(BASIC_CONSTRAINTS) is None
    assert tbs.encode_without(BASIC_CONSTRAINTS) == tbs.raw


def test_a_certificate_without_the_poison_is_the_one_that_never_had_it() -> None:
    root = Authority.root()
    poisoned, plain = (TbsCertificate.parse(root.leaf(extensions)) for extensions in (POISONED, NAMED))
    assert poisoned.encode_without(POISON) == plain.raw
    assert poisoned.raw != plain.raw


def test_without_its_last_extension_the_wrapper_goes_too() -> None:
    assert TbsCertificate.parse(extended(PLAIN)).encode_without(b"\x2a\x03") == encode_element(
        SEQUENCE, b"".join((VERSION, *FIELDS))
    )


def test_the_key_is_found_with_and_without_a_version() -> None:
    for fields in ((VERSION, *FIELDS), FIELDS):
        tbs = TbsCertificate.parse(certificate(*fields))
        assert (tbs.spki, tbs.extensions, tbs.fields) == (KEY, (), b"".join(fields))


def test_an_extension_is_read() -> None:
    critical = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, b"\x2a\x04") + CRITICAL + CONTENT)
    tbs = TbsCertificate.parse(extended(PLAIN, critical))
    assert tbs.extensions == ((b"\x2a\x03", PLAIN), (b"\x2a\x04", critical))
    assert tbs.extension(b"\x2a\x03") == Extension(critical=False, content=b"x")
    assert tbs.extension(b"\x2a\x04") == Extension(critical=True, content=b"x")


@pytest.mark.parametrize("critical", [True, False])
def test_an_extension_is_written_as_it_is_read(critical: bool) -> None:
    made = encode_extension(b"\x2a\x04", Extension(critical, b"x"))
    assert parse_extension(made.raw, what="test") == Extension(critical, b"x")
    assert TbsCertificate.parse(extended(made.raw)).extensions == (made,)


@pytest.mark.parametrize(
    "content",
    [
        OID,
        OID + OID + CONTENT,
        OID + CONTENT + CONTENT,
        OID + CONTENT + CRITICAL,
        OID + CONTENT[:-1],
        OID + encode_element(0x03, b"x"),
        OID + encode_element(BOOLEAN, b"\x00") + CONTENT,
        OID + encode_element(BOOLEAN, b"\x01") + CONTENT,
        OID + encode_element(BOOLEAN, b"\xff\xff") + CONTENT,
    ],
)
def test_an_extension_of_another_form_is_refused(content: bytes) -> None:
    tbs = TbsCertificate.parse(extended(encode_element(SEQUENCE, content)))
    with pytest.raises(MalformedError) as caught:
        tbs.extension(b"\x2a\x03", what="test")
    assert caught.value.what == "test"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x30\x00",
        encode_element(0x31, certificate(*FIELDS)[2:]),
        certificate(*FIELDS) + b"\x00",
        encode_element(SEQUENCE, encode_element(SEQUENCE, b"")),
        certificate(),
        certificate(VERSION),
        certificate(*FIELDS[:5]),
        certificate(VERSION, *FIELDS[:5]),
        certificate(VERSION, *FIELDS, encode_element(0xA3, b"")),
        certificate(VERSION, *FIELDS, encode_element(0xA3, encode_element(0x31, PLAIN))),
        certificate(VERSION, *FIELDS, encode_element(0xA3, encode_element(SEQUENCE, PLAIN) + PLAIN)),
        extended(encode_element(0x31, OID + CONTENT)),
        extended(encode_element(SEQUENCE, CONTENT)),
        extended(encode_element(SEQUENCE, b"")),
        extended(encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, b"\x2a\x80\x03") + CONTENT)),
        extended(encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, b"\x2a\x83") + CONTENT)),
        extended(encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, b"") + CONTENT)),
        extended(PLAIN, PLAIN),
    ],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        TbsCertificate.parse(raw, what="test")
    assert caught.value.what == "test"
