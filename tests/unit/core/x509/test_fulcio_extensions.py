"""Fulcio's extensions: bare text up to the sixth, UTF8String from the eighth on."""

from typing import Final

import pytest
from cryptography.x509 import ObjectIdentifier, UnrecognizedExtension

from cosignpy.core.encoding import parse_pem
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import UTF8_STRING, encode_element
from cosignpy.core.x509.fulcio_extensions import (
    FulcioExtension,
    encode_fulcio_extension,
    fulcio_extension,
    fulcio_extensions,
)
from cosignpy.core.x509.fulcio_names import ARC, BARE, NAMES, NUMBERS, WRAPPED
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import MalformedError
from tests.support import vectors
from tests.support.certificates import NAMED, Authority


def decoded(*contents: tuple[str, bytes]) -> tuple[FulcioExtension, ...]:
    extensions = [(UnrecognizedExtension(ObjectIdentifier(oid), content), False) for oid, content in contents]
    return fulcio_extensions(Authority.root().certificate_of("", [*NAMED, *extensions]), what="test")


BARE_CASES: Final = [(number, b"text", BARE[number]) for number in range(1, 7)]
WRAPPED_CASES: Final = [(number, encode_element(UTF8_STRING, b"text"), WRAPPED[number]) for number in range(8, 25)]


@pytest.mark.parametrize(("number", "content", "name"), BARE_CASES + WRAPPED_CASES)
def test_an_extension_is_decoded(number: int, content: bytes, name: str) -> None:
    (found,) = decoded((f"{ARC}.{number}", content))
    assert found == FulcioExtension(number, name, "text")
    assert found.oid == f"1.3.6.1.4.1.57264.1.{number}"


@pytest.mark.parametrize("number", [*BARE, *WRAPPED])
def test_what_is_encoded_is_what_others_encode(number: int) -> None:
    raw = "tëxt".encode()
    content = raw if number in BARE else encode_element(UTF8_STRING, raw)
    other = UnrecognizedExtension(ObjectIdentifier(f"{ARC}.{number}"), content)
    leaf = TbsCertificate.parse(Authority.root().leaf([*NAMED, (other, False)]))
    assert encode_fulcio_extension(fulcio_extension(number, "tëxt")) == leaf.extensions[-1]


@pytest.mark.parametrize("number", [0, 7, 25])
def test_there_are_no_others_to_encode(number: int) -> None:
    with pytest.raises(KeyError):
        fulcio_extension(number, "text")


@pytest.mark.parametrize("oid", [f"{ARC}.7", f"{ARC}.25", f"{ARC}.8.1", "1.3.6.1.4.1.57264.3.1"])
def test_others_are_left_out(oid: str) -> None:
    assert decoded((oid, b"text")) == ()


def test_they_come_in_the_order_of_their_numbers() -> None:
    found = decoded((f"{ARC}.9", encode_element(UTF8_STRING, b"b")), (f"{ARC}.1", b"a"))
    assert [extension.text for extension in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("number", "content"), [(1, b"\xff"), (8, b"text"), (8, encode_element(0x13, b"x")), (24, b"\x0c\x01\xff")]
)
def test_text_in_another_encoding_is_refused(number: int, content: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        decoded((f"{ARC}.{number}", content))
    assert caught.value.what == f"extension 1.3.6.1.4.1.57264.1.{number} of the test"


@vectors.NEEDED
def test_a_certificate_of_fulcio_says_where_it_was_built() -> None:
    raw = vectors.path("sigstore-java/certs/cert-githuboidc.pem").read_bytes()
    found = {
        extension.number: extension.text
        for extension in fulcio_extensions(Certificate.parse(parse_pem(raw, what="test").body))
    }
    assert sorted(found) == [1, 2, 3, 4, 5, 6]
    assert found[1] == "https://token.actions.githubusercontent.com"
    assert found[6].startswith("refs/")


def test_each_has_a_name_for_flags_and_policies() -> None:
    assert sorted(NUMBERS.values()) == sorted(NAMES)
    assert (NUMBERS["source-repository-uri"], NUMBERS["github-workflow-sha"], NUMBERS["issuer"]) == (12, 3, 8)
    assert (NUMBERS["issuer-deprecated"], NUMBERS["source-repository-visibility-at-signing"]) == (1, 22)
