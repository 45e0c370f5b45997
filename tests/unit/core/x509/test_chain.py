"""Links of a chain: who may issue, and who did."""

from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    BasicConstraints,
    ExtendedKeyUsage,
    KeyUsage,
    SubjectAlternativeName,
    UnrecognizedExtension,
    load_der_x509_certificate,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from cosignpy.core.encoding import PemBlock
from cosignpy.core.x509.chain import (
    PRECERTIFICATE_SIGNING,
    find_extension,
    parse_certificate,
    parse_chain_pem,
    read_issuer,
    verify_issued_by,
    verify_may_issue,
)
from cosignpy.core.x509.der import INTEGER, SEQUENCE, encode_element, read_children, read_whole
from cosignpy.errors import CertificateError, LimitExceeded, MalformedError
from tests.support.certificates import CA, NAMED, Authority, Extensions

USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage(*allowed: str) -> tuple[KeyUsage, bool]:
    return KeyUsage(**{name: name in allowed for name in USAGES}), True


def purpose(oid: ObjectIdentifier) -> tuple[ExtendedKeyUsage, bool]:
    return ExtendedKeyUsage([oid]), False


def test_a_certificate_is_read() -> None:
    root = Authority.root()
    assert parse_certificate(root.der) == root.certificate


def test_an_issuer_is_recognised() -> None:
    root = Authority.root()
    verify_issued_by(root.authority().certificate, root.certificate)


def test_another_name_or_another_key_did_not_issue_it() -> None:
    root = Authority.root()
    leaf = parse_certificate(root.leaf())
    same_key = Authority.root("other root")
    same_name = Authority.root(curve=ec.SECP384R1)
    verify_issued_by(leaf, root.certificate)
    for other in (same_key, same_name):
        with pytest.raises(CertificateError) as caught:
            verify_issued_by(leaf, other.certificate, what="test")
        assert caught.value.what == "test"


@pytest.mark.parametrize(
    ("extensions", "below"),
    [
        (CA, 8),
        (((BasicConstraints(ca=True, path_length=0), True),), 0),
        (((BasicConstraints(ca=True, path_length=1), True),), 1),
        ((*CA, usage("key_cert_sign")), 0),
        ((*CA, purpose(ExtendedKeyUsageOID.CODE_SIGNING)), 0),
    ],
)
def test_an_authority_may_issue(extensions: Extensions, below: int) -> None:
    verify_may_issue(Authority.root(extensions=extensions).certificate, below)


@pytest.mark.parametrize(
    ("extensions", "below"),
    [
        ((), 0),
        (NAMED, 0),
        (((BasicConstraints(ca=False, path_length=None), True),), 0),
        (((BasicConstraints(ca=True, path_length=0), True),), 1),
        ((*CA, usage("digital_signature", "crl_sign")), 0),
        ((*CA, purpose(PRECERTIFICATE_SIGNING)), 0),
    ],
)
def test_others_may_not(extensions: Extensions, below: int) -> None:
    with pytest.raises(CertificateError) as caught:
        verify_may_issue(Authority.root(extensions=extensions).certificate, below, what="test")
    assert caught.value.what == "test"


def test_an_extension_is_found() -> None:
    leaf = parse_certificate(Authority.root().leaf())
    assert find_extension(leaf, SubjectAlternativeName) == NAMED[0][0]
    assert find_extension(leaf, BasicConstraints) is None


@pytest.mark.parametrize("raw", [b"", b"\x30\x00", b"-----BEGIN CERTIFICATE-----"])
def test_bytes_that_are_no_certificate_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_certificate(raw, what="test")
    assert caught.value.what == "test"


def test_a_name_in_another_encoding_is_refused() -> None:
    root = Authority.root("name of it")
    assert read_issuer(root.certificate) == root.certificate.subject
    certificate = parse_certificate(root.der.replace(b"name of it", b"name of \xff\xff"))
    with pytest.raises(MalformedError) as caught:
        read_issuer(certificate, what="test")
    assert caught.value.what == "test"


def renumbered(certificate: bytes, serial: bytes) -> bytes:
    """Change the serial number, which is 1000 in all certificates of the tests."""
    outer = read_whole(certificate, SEQUENCE, what="test")
    tbs = read_children(certificate, outer, what="test")[0]
    fields = certificate[tbs.content : tbs.end].replace(b"\x02\x02\x03\xe8", encode_element(INTEGER, serial))
    return encode_element(SEQUENCE, encode_element(SEQUENCE, fields) + certificate[tbs.end :])


@pytest.mark.parametrize("serial", [b"\x00", b"\xff", b"\x80\x00"])
def test_a_serial_number_is_positive(serial: bytes) -> None:
    root = Authority.root().der
    assert parse_certificate(renumbered(root, b"\x01")).serial_number == 1
    with pytest.raises(MalformedError) as caught:
        parse_certificate(renumbered(root, serial), what="test")
    assert caught.value.what == "test"


def test_a_signature_is_of_whole_octets() -> None:
    """Else whoever has a certificate could make another of it, which verifies as well and no deny list has."""
    root, digests = Authority.root(), iter(lambda: Authority.root().certificate, None)
    even = next(found for found in digests if found.signature[-1] % 2 == 0)
    whole = even.public_bytes(Encoding.DER)
    place = len(whole) - len(even.signature) - 1
    respelled = whole[:place] + b"\x01" + whole[place + 1 :]
    load_der_x509_certificate(respelled).verify_directly_issued_by(root.certificate)
    assert parse_certificate(whole) == even
    with pytest.raises(MalformedError) as caught:
        parse_certificate(respelled, what="test")
    assert caught.value.what == "test"


@pytest.mark.parametrize("version", [b"\x03", b"\x7f"])
def test_a_version_that_is_unknown_is_refused(version: bytes) -> None:
    head = b"\xa0\x03\x02\x01"
    with pytest.raises(MalformedError) as caught:
        parse_certificate(Authority.root().der.replace(head + b"\x02", head + version), what="test")
    assert caught.value.what == "test"


def test_extensions_that_cannot_be_read_are_refused() -> None:
    broken = UnrecognizedExtension(ObjectIdentifier("2.5.29.17"), b"\x30\x01")
    certificate = Authority.root().certificate_of("", ((broken, True),))
    with pytest.raises(MalformedError) as caught:
        find_extension(certificate, BasicConstraints, what="test")
    assert caught.value.what == "test"


PEM: Final = PemBlock("CERTIFICATE", b"any octets").encode()


@pytest.mark.parametrize("between", [b"", b"\n", b"subject=/CN=root\n\n"])
def test_a_file_of_certificates_is_read_with_text_around_them(between: bytes) -> None:
    assert parse_chain_pem(between + PEM + between + PEM, most=2) == (b"any octets", b"any octets")


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", MalformedError),
        (b"no certificate", MalformedError),
        (PEM[:-5], MalformedError),
        (PEM + PEM[:-5], MalformedError),
        (PEM[:-5] + PEM, MalformedError),
        (PEM + PemBlock("PRIVATE KEY", b"key").encode(), MalformedError),
        (PEM * 3, LimitExceeded),
    ],
)
def test_anything_else_in_a_file_of_certificates_is_refused(raw: bytes, refusal: type[MalformedError]) -> None:
    with pytest.raises(refusal) as caught:
        parse_chain_pem(raw, most=2, what="chain.pem")
    assert (type(caught.value), caught.value.what) == (refusal, "chain.pem")
