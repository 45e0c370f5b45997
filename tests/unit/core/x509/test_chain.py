"""Links of a chain: who may issue, and who did."""

from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    ExtendedKeyUsage,
    KeyUsage,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from cosignpy.core.encoding import PemBlock
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import (
    parse_chain_pem,
    verify_issued_by,
    verify_may_issue,
)
from cosignpy.errors import CertificateError, LimitExceeded, MalformedError
from tests.support.certificates import CA, LIFETIME, NAMED, START, Authority, Extensions, named, sign

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


def test_an_issuer_is_recognised() -> None:
    root = Authority.root()
    verify_issued_by(root.authority().certificate, root.certificate)


def test_another_name_or_another_key_did_not_issue_it() -> None:
    root = Authority.root()
    leaf = Certificate.parse(root.leaf())
    renamed = CertificateBuilder(
        named("other root"), named("other root"), root.key.public_key(), 7, START, START + LIFETIME
    )
    same_key = Authority(sign(renamed.add_extension(*CA[0]), root.key), root.key)
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
        ((*CA, purpose(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.4"))), 0),
    ],
)
def test_others_may_not(extensions: Extensions, below: int) -> None:
    with pytest.raises(CertificateError) as caught:
        verify_may_issue(Authority.root(extensions=extensions).certificate, below, what="test")
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
