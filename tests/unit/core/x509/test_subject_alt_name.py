"""Subject names of all the kinds that Fulcio writes."""

from ipaddress import ip_address
from typing import Final

import pytest
from cryptography.x509 import (
    DNSName,
    GeneralName,
    IPAddress,
    ObjectIdentifier,
    OtherName,
    RegisteredID,
    RFC822Name,
    SubjectAlternativeName,
    UniformResourceIdentifier,
    UnrecognizedExtension,
)

from cosignpy.core.encoding import decode_b64, parse_json, parse_pem
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import OBJECT_IDENTIFIER, UTF8_STRING, encode_element, encode_sequence
from cosignpy.core.x509.subject_alt_name import (
    MAX_SUBJECT_NAMES,
    NameKind,
    SubjectName,
    encode_subject_name,
    subject_names,
)
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support import vectors
from tests.support.certificates import Authority

USERNAME: Final = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


def names_of(*names: GeneralName) -> tuple[SubjectName, ...]:
    certificate = Authority.root().certificate_of("", ((SubjectAlternativeName(names), True),))
    return subject_names(certificate, what="test")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (RFC822Name("someone@example.com"), SubjectName(NameKind.EMAIL, "someone@example.com")),
        (UniformResourceIdentifier("spiffe://a/b"), SubjectName(NameKind.URI, "spiffe://a/b")),
        (DNSName("example.com"), SubjectName(NameKind.DNS, "example.com")),
        (IPAddress(ip_address("192.0.2.1")), SubjectName(NameKind.IP, "192.0.2.1")),
        (IPAddress(ip_address("2001:db8::1")), SubjectName(NameKind.IP, "2001:db8::1")),
        (
            OtherName(USERNAME, encode_element(UTF8_STRING, "jürgen!x".encode())),
            SubjectName(NameKind.USERNAME, "jürgen!x"),
        ),
    ],
)
def test_a_name_is_read(name: GeneralName, expected: SubjectName) -> None:
    assert names_of(name) == (expected,)


def test_names_stay_in_order_and_other_kinds_are_left_out() -> None:
    other = OtherName(ObjectIdentifier("1.3.6.1.4.1.57264.1.6"), encode_element(UTF8_STRING, b"x"))
    found = names_of(DNSName("b"), other, RegisteredID(USERNAME), DNSName("a"))
    assert [name.text for name in found] == ["b", "a"]


def test_a_certificate_without_names_has_none() -> None:
    assert subject_names(Authority.root().certificate) == ()


@pytest.mark.parametrize("content", [encode_element(0x13, b"x"), encode_element(UTF8_STRING, b"\xff")])
def test_a_user_name_in_another_encoding_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        names_of(OtherName(USERNAME, content))
    assert caught.value.what == "user name of the test"


NAME: Final = encode_element(OBJECT_IDENTIFIER, bytes.fromhex("2b0601040183bf300107"))
TEXT: Final = encode_element(0xA0, encode_element(UTF8_STRING, b"x"))


@pytest.mark.parametrize(
    ("good", "other"),
    [
        (encode_element(0x81, b"a@b"), encode_element(0x81, b"a@\xff")),
        (encode_element(0x82, b"a.b"), encode_element(0x82, b"a.\x80")),
        (encode_element(0x86, b"a:b"), encode_element(0x86, b"a:\xc3\xa4")),
        (encode_element(0x87, bytes(4)), encode_element(0x87, bytes(5))),
        (encode_element(0x87, bytes(16)), encode_element(0x87, b"")),
        (encode_element(0xA0, NAME + TEXT), encode_element(0xA0, NAME + TEXT + TEXT)),
        (encode_element(0xA0, NAME + TEXT), encode_element(0xA0, NAME)),
        (encode_element(0x81, b"a@b"), encode_element(0xA1, b"a@b")),
        (encode_element(0x81, b"a@b"), encode_element(0x16, b"a@b")),
    ],
)
def test_a_name_of_another_form_is_refused(good: bytes, other: bytes) -> None:
    def certificate(name: bytes) -> Certificate:
        named = UnrecognizedExtension(ObjectIdentifier("2.5.29.17"), encode_sequence(name))
        return Authority.root().certificate_of("", ((named, True),))

    assert len(subject_names(certificate(good))) == 1
    with pytest.raises(MalformedError):
        subject_names(certificate(other))


def test_names_are_limited() -> None:
    most = [DNSName(f"{number}.example") for number in range(MAX_SUBJECT_NAMES)]
    assert len(names_of(*most)) == MAX_SUBJECT_NAMES
    with pytest.raises(LimitExceeded) as caught:
        names_of(*most, DNSName("example"))
    assert caught.value.what == "test"


@vectors.NEEDED
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("fulcio-response/valid/certWithSct.pem", SubjectName(NameKind.EMAIL, "appu@google.com")),
        (
            "certs/cert-githuboidc.pem",
            SubjectName(
                NameKind.URI,
                "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/"
                "generator_generic_slsa3.yml@refs/tags/v1.4.0",
            ),
        ),
    ],
)
def test_certificates_of_fulcio_name_who_signed(file: str, expected: SubjectName) -> None:
    raw = vectors.path(f"sigstore-java/{file}").read_bytes()
    assert subject_names(Certificate.parse(parse_pem(raw, what="test").body)) == (expected,)


@vectors.NEEDED
def test_a_user_name_written_by_fulcio_is_read() -> None:
    bundle = parse_json(vectors.path("sigstore-go/bundles/othername.sigstore.json").read_bytes(), what="bundle")
    material = bundle["verificationMaterial"]["certificate"]
    (name,) = subject_names(Certificate.parse(decode_b64(material["rawBytes"], what="certificate")))
    assert name == SubjectName(NameKind.USERNAME, "foo!oidc.local")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (SubjectName(NameKind.EMAIL, "someone@example.com"), RFC822Name("someone@example.com")),
        (SubjectName(NameKind.URI, "https://a.example/b?c#d"), UniformResourceIdentifier("https://a.example/b?c#d")),
        (
            SubjectName(NameKind.USERNAME, "jürgen!example.com"),
            OtherName(USERNAME, encode_element(UTF8_STRING, "jürgen!example.com".encode())),
        ),
    ],
)
def test_a_name_is_encoded_as_others_encode_it(name: SubjectName, other: GeneralName) -> None:
    leaf = TbsCertificate.parse(Authority.root().leaf([(SubjectAlternativeName([other]), True)]))
    assert encode_subject_name(name) == leaf.extensions[-1]


@pytest.mark.parametrize(
    "name",
    [
        SubjectName(NameKind.DNS, "a.example"),
        SubjectName(NameKind.IP, "192.0.2.1"),
        *[SubjectName(kind, "") for kind in (NameKind.EMAIL, NameKind.URI, NameKind.USERNAME)],
        *[SubjectName(kind, "a\nb") for kind in (NameKind.EMAIL, NameKind.URI, NameKind.USERNAME)],
        *[SubjectName(kind, "a\x00b") for kind in (NameKind.EMAIL, NameKind.URI, NameKind.USERNAME)],
        *[SubjectName(kind, "a b") for kind in (NameKind.EMAIL, NameKind.URI)],
        *[SubjectName(kind, "jürgen@example.com") for kind in (NameKind.EMAIL, NameKind.URI)],
        SubjectName(NameKind.USERNAME, "a\x9bb"),
        SubjectName(NameKind.USERNAME, "a\ud800b"),
    ],
)
def test_a_name_that_cannot_be_written_is_refused(name: SubjectName) -> None:
    with pytest.raises(MalformedError):
        encode_subject_name(name)
