"""Certificate signing requests, by OpenSSL's writer and by hand."""

from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateSigningRequestBuilder, Name, load_der_x509_csr

from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.core.keys.algorithms import ED25519, ED25519PH
from cosignpy.core.x509.certificate_request import LABELS, CertificateRequest
from cosignpy.core.x509.der import (
    BIT_STRING,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode_bit_string,
    encode_element,
    encode_integer,
    encode_sequence,
)
from cosignpy.errors import KeyUnusable, LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import weak_keys
from tests.support.keys import key_vectors

P256: Final = key_vectors()["P-256"].private_key()
ECDSA_SHA256: Final = bytes.fromhex("06082a8648ce3d040302")
ECDSA_SHA1: Final = bytes.fromhex("06072a8648ce3d0401")
ATTRIBUTES: Final = 0xA0
HASHES: Final = (SHA256(), SHA384(), SHA512())
NULL: Final = b"\x05\x00"


def write(kind: str, hashed: SHA224 | SHA256 | SHA384 | SHA512 | None) -> bytes:
    key = key_vectors()[kind].private_key().handle
    assert isinstance(key, EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey)
    return CertificateSigningRequestBuilder(Name([])).sign(key, hashed).public_bytes(Encoding.PEM)


def info(
    version: bytes = encode_integer(0),
    subject: bytes = encode_sequence(),
    key: bytes = P256.public_key.spki,
    attributes: bytes = encode_element(ATTRIBUTES, b""),
) -> bytes:
    return encode_sequence(version, subject, key, attributes)


def seal(signed: bytes, algorithm: bytes = ECDSA_SHA256) -> bytes:
    return encode_sequence(signed, encode_sequence(algorithm), encode_bit_string(P256.sign(signed)))


GOOD: Final = seal(info())


@pytest.mark.parametrize(
    ("kind", "hashed"),
    [
        *[(kind, hashed) for kind in ("P-256", "P-384", "P-521", "RSA-2048") for hashed in HASHES],
        ("RSA-3072", SHA256()),
        ("RSA-4096", SHA256()),
        ("Ed25519", None),
    ],
)
def test_a_request_is_verified(kind: str, hashed: SHA256 | SHA384 | SHA512 | None) -> None:
    found = CertificateRequest.parse_pem(write(kind, hashed))
    assert found.verify() == key_vectors()[kind].public_key()


def test_a_request_by_hand_is_read_by_openssl() -> None:
    assert load_der_x509_csr(GOOD).is_signature_valid
    CertificateRequest.parse_der(GOOD).verify()


@pytest.mark.parametrize("label", LABELS)
def test_both_labels_are_read(label: str) -> None:
    CertificateRequest.parse_pem(b"Subject: me\n" + PemBlock(label, GOOD).encode()).verify()


def test_rsa_without_parameters_is_accepted() -> None:
    """RFC 4055 section 5: some leave the NULL out."""
    found = CertificateRequest.parse_pem(write("RSA-2048", SHA256()))
    bare = encode_sequence(bytes.fromhex("06092a864886f70d01010b"))
    assert found.algorithm == encode_sequence(bytes.fromhex("06092a864886f70d01010b") + NULL)
    replace(found, algorithm=bare).verify()


@pytest.mark.parametrize(
    "found",
    [
        CertificateRequest.parse_pem(write("P-256", SHA224())),
        CertificateRequest.parse_der(seal(info(), ECDSA_SHA1)),
        CertificateRequest.parse_der(seal(info(), ECDSA_SHA256 + NULL)),
        CertificateRequest.parse_der(seal(info(), bytes.fromhex("06082a8648ce3d040303"))),
        CertificateRequest.parse_der(seal(info(), bytes.fromhex("06092a864886f70d01010b0500"))),
        CertificateRequest.parse_der(seal(info(), bytes.fromhex("06032b6570"))),
        CertificateRequest.parse_der(seal(info(key=key_vectors()["Ed25519"].public_key().spki))),
        CertificateRequest.parse_der(seal(info(key=key_vectors()["P-384"].public_key().spki))),
        replace(CertificateRequest.parse_der(GOOD), signature=b""),
        replace(CertificateRequest.parse_der(GOOD), signed=info(subject=encode_sequence(NULL))),
    ],
    ids=[
        "sha224",
        "sha1",
        "ecdsa-with-parameters",
        "sha384-instead",
        "rsa-instead",
        "ed25519-instead",
        "another-kind-of-key",
        "another-key",
        "no-signature",
        "another-subject",
    ],
)
def test_a_request_that_its_key_did_not_sign_proves_nothing(found: CertificateRequest) -> None:
    with pytest.raises(SignatureMismatch):
        found.verify()


def test_the_prehashed_variant_of_ed25519_is_another_algorithm() -> None:
    assert ED25519PH.key == ED25519.key
    (made,) = [one for one in key_vectors()["Ed25519"].signatures if one.algorithm == ED25519PH.name][:1]
    key = key_vectors()["Ed25519"].public_key()
    found = CertificateRequest(key.spki, made.message, encode_sequence(bytes.fromhex("06032b6570")), made.raw)
    with pytest.raises(SignatureMismatch):
        found.verify()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\x00",
        encode_element(SET, GOOD[4:]),
        encode_sequence(info(), encode_sequence(ECDSA_SHA256)),
        encode_sequence(info(), encode_sequence(ECDSA_SHA256), encode_element(OCTET_STRING, b"\x00s")),
        encode_sequence(info(), encode_sequence(ECDSA_SHA256), encode_element(BIT_STRING, b"\x01s")),
        encode_sequence(info(), encode_sequence(ECDSA_SHA256), encode_element(BIT_STRING, b"")),
        seal(encode_sequence(encode_integer(0), encode_sequence(), P256.public_key.spki)),
        seal(info(version=encode_integer(1))),
        seal(info(version=encode_element(INTEGER, b"\x00\x00"))),
        seal(info(version=encode_element(OBJECT_IDENTIFIER, b"\x00"))),
        seal(info(subject=encode_element(SET, b""))),
        seal(info(attributes=encode_sequence())),
        seal(info(attributes=encode_element(ATTRIBUTES, b"") * 2)),
    ],
)
def test_what_is_not_a_request_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        CertificateRequest.parse_der(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GOOD,
        PemBlock("CERTIFICATE", GOOD).encode(),
        PemBlock(LABELS[0], GOOD).encode() * 2,
        PemBlock(LABELS[0], GOOD).encode()[:-10],
    ],
    ids=["empty", "der", "label", "twice", "cut"],
)
def test_what_is_not_one_pem_block_of_a_request_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        CertificateRequest.parse_pem(raw)


def test_a_request_that_is_too_large_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        CertificateRequest.parse_pem(PemBlock(LABELS[0], bytes(64 << 10)).encode())


def test_a_key_of_a_size_that_is_not_accepted_is_called_that() -> None:
    with pytest.raises(KeyUnusable):
        CertificateRequest.parse_der(seal(info(key=weak_keys.spki(weak_keys.number("short", 1024))))).verify()


@pytest.mark.parametrize("key", [encode_element(SEQUENCE, b""), P256.public_key.spki[:-1] + b"\x00"])
def test_what_is_no_key_verifies_nothing(key: bytes) -> None:
    with pytest.raises(MalformedError):
        CertificateRequest.parse_der(seal(info(key=key))).verify()


def test_the_block_is_what_is_parsed() -> None:
    pem = write("P-256", SHA256())
    assert CertificateRequest.parse_pem(pem) == CertificateRequest.parse_der(parse_pem(pem, what="test").body)
