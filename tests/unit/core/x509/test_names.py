"""Names that stand outside of certificates, as text."""

from typing import Final

import pytest
from cryptography.x509 import Name, NameAttribute, RelativeDistinguishedName
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from cosignpy.core.x509 import names
from cosignpy.core.x509.der import BIT_STRING, OBJECT_IDENTIFIER, SET, UTF8_STRING, encode_element, encode_sequence
from cosignpy.core.x509.der_values import encode_oid
from cosignpy.core.x509.names import MAX_ATTRIBUTES, describe_name, find_attribute
from cosignpy.errors import LimitExceeded, MalformedError

COMMON_NAME: Final = encode_element(OBJECT_IDENTIFIER, encode_oid("2.5.4.3", what="test"))
COUNTRY: Final = encode_element(OBJECT_IDENTIFIER, encode_oid("2.5.4.6", what="test"))


ODD: Final = (" a", "a ", " ", "#a", 'a"b+c;d<e>f\\', "a\0b", "ä")
KINDS: Final = (_ASN1Type.BMPString, _ASN1Type.T61String, _ASN1Type.UniversalString, _ASN1Type.IA5String)


def attribute(kind: bytes = COMMON_NAME, text: bytes = b"sigstore", tag: int = UTF8_STRING) -> bytes:
    return encode_sequence(kind, encode_element(tag, text))


def part(*attributes: bytes) -> bytes:
    return encode_element(SET, b"".join(attributes))


@pytest.mark.parametrize(
    "name",
    [
        Name([]),
        Name([NameAttribute(NameOID.ORGANIZATION_NAME, "sigstore.dev"), NameAttribute(NameOID.COMMON_NAME, "tsa")]),
        Name([NameAttribute(NameOID.COMMON_NAME, "tsa,O=somebody else"), NameAttribute(NameOID.COUNTRY_NAME, "DE")]),
        Name([NameAttribute(NameOID.COMMON_NAME, text) for text in ODD]),
        Name([NameAttribute(NameOID.EMAIL_ADDRESS, "a@example.com"), NameAttribute(NameOID.USER_ID, "a")]),
        Name([NameAttribute(NameOID.COMMON_NAME, "a", kind) for kind in KINDS]),
        Name(
            [RelativeDistinguishedName([NameAttribute(kind, "a") for kind in (NameOID.COMMON_NAME, NameOID.USER_ID)])]
        ),
    ],
)
def test_a_name_is_written_as_that_of_a_certificate(name: Name) -> None:
    assert describe_name(name.public_bytes(), what="test") == name.rfc4514_string()


@pytest.mark.parametrize(
    "der",
    [
        b"",
        part(attribute()),
        encode_sequence(attribute()),
        encode_sequence(part(COMMON_NAME)),
        encode_sequence(part()),
        encode_sequence(part(attribute(), attribute())),
        encode_sequence(part(attribute(text=b"\xff"))),
        encode_sequence(part(attribute(kind=encode_element(UTF8_STRING, b"CN")))),
        encode_sequence(part(encode_sequence(COMMON_NAME, encode_element(UTF8_STRING, b"a"), COMMON_NAME))),
    ],
)
def test_what_is_no_name_is_refused(der: bytes) -> None:
    with pytest.raises(MalformedError):
        describe_name(der, what="test")


def test_a_name_of_many_parts_is_refused() -> None:
    parts = [part(attribute(text=str(number).encode())) for number in range(MAX_ATTRIBUTES + 1)]
    assert describe_name(encode_sequence(*parts[1:]), what="test").startswith("CN=32,CN=31")
    with pytest.raises(LimitExceeded):
        describe_name(encode_sequence(*parts), what="test")


def test_the_first_attribute_of_a_kind_is_found() -> None:
    name = encode_sequence(part(attribute(COUNTRY, b"DE")), part(attribute(text=b"one")), part(attribute(text=b"two")))
    assert find_attribute(name, names.COMMON_NAME, what="test") == "one"
    assert find_attribute(name, names.ORGANIZATION, what="test") == ""


def test_what_is_no_text_is_written_as_its_octets() -> None:
    """RFC 4514 section 2.4: an octothorpe, and the hex of the whole value."""
    name = encode_sequence(part(attribute(text=b"\x00\x01", tag=BIT_STRING)))
    assert describe_name(name, what="test") == "CN=#03020001"
