"""Signatures of certificates by every algorithm that is believed, and by others."""

from datetime import timedelta
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.certificate_signature import verify_certificate_signature
from cosignpy.core.x509.der import SEQUENCE, encode_bit_string, encode_sequence, read_children, read_whole
from cosignpy.errors import MalformedError, SignatureMismatch
from tests.support.certificates import START

RSA: Final = rsa.generate_private_key(65537, 2048)
CURVE: Final = ec.generate_private_key(ec.SECP256R1())
BODY: Final = CertificateBuilder(Name([]), Name([]), CURVE.public_key(), 7, START, START + timedelta(days=1))
HASHES: Final[tuple[HashAlgorithm, ...]] = (SHA256(), SHA384(), SHA512())
RSA_SHA256: Final = bytes.fromhex("300d06092a864886f70d01010b0500")


def signed_by(key: Any, digest: HashAlgorithm | None, rsa_padding: Any = None) -> tuple[Certificate, PublicKey]:
    made = BODY.sign(key, digest, rsa_padding=rsa_padding).public_bytes(Encoding.DER)
    return Certificate.parse(made), PublicKey.from_handle(key.public_key())


def pss(digest: HashAlgorithm, salt: int, mask: HashAlgorithm | None = None) -> padding.PSS:
    return padding.PSS(padding.MGF1(mask or digest), salt)


GOOD: Final = (
    *[signed_by(CURVE, digest) for digest in HASHES],
    *[signed_by(ec.generate_private_key(ec.SECP384R1()), digest) for digest in HASHES],
    *[signed_by(RSA, digest) for digest in HASHES],
    *[signed_by(RSA, digest, pss(digest, digest.digest_size)) for digest in HASHES],
    signed_by(ed25519.Ed25519PrivateKey.generate(), None),
    signed_by(mldsa.MLDSA65PrivateKey.generate(), None),
)


@pytest.mark.parametrize(("certificate", "key"), GOOD, ids=range(len(GOOD)))
def test_whoever_signed_is_recognised(certificate: Certificate, key: PublicKey) -> None:
    verify_certificate_signature(certificate, key)


@pytest.mark.parametrize(("certificate", "key"), GOOD, ids=range(len(GOOD)))
def test_nobody_else_is(certificate: Certificate, key: PublicKey) -> None:
    """Not another key of the same kind, and none of another kind."""
    for _, other in GOOD:
        if other != key:
            with pytest.raises(SignatureMismatch):
                verify_certificate_signature(certificate, other)


@pytest.mark.parametrize(("certificate", "key"), GOOD, ids=range(len(GOOD)))
def test_a_certificate_that_says_something_else_was_not_signed(certificate: Certificate, key: PublicKey) -> None:
    other = Certificate.parse(certificate.der.replace(b"\x02\x01\x07", b"\x02\x01\x08", 1))
    assert (other.serial_number, other.signature) == (8, certificate.signature)
    with pytest.raises(SignatureMismatch):
        verify_certificate_signature(other, key)


def respelled(certificate: Certificate, algorithm: bytes) -> Certificate:
    """Name another algorithm of the same length, in both places."""
    assert len(algorithm) == len(certificate.algorithm)
    return Certificate.parse(certificate.der.replace(certificate.algorithm, algorithm))


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA, "300d06092a864886f70d0101050500"),  # SHA-1
        (RSA, "300d06092a864886f70d0101040500"),  # MD5
        (RSA, "300d06092a864886f70d01010b0501"),  # parameters of another form
        (CURVE, "300a06082a8648ce3d040301"),  # SHA-224
    ],
)
def test_an_algorithm_that_is_unknown_or_too_weak_is_refused(key: Any, algorithm: str) -> None:
    certificate, public = signed_by(key, SHA256())
    verify_certificate_signature(certificate, public)
    with pytest.raises(MalformedError):
        verify_certificate_signature(respelled(certificate, bytes.fromhex(algorithm)), public)


@pytest.mark.parametrize("rsa_padding", [pss(SHA256(), 31), pss(SHA256(), 32, SHA384())], ids=["salt", "mask"])
def test_other_parameters_of_pss_are_refused(rsa_padding: padding.PSS) -> None:
    certificate, key = signed_by(RSA, SHA256(), rsa_padding)
    with pytest.raises(MalformedError):
        verify_certificate_signature(certificate, key)


def test_parameters_that_are_left_out_are_read_as_well() -> None:
    """RFC 4055 section 5: what has to be written need not be there to be read."""
    without = bytes.fromhex("300b06092a864886f70d01010b")
    der = signed_by(RSA, SHA256())[0].tbs.raw
    fields = [
        der[one.start : one.end] for one in read_children(der, read_whole(der, SEQUENCE, what="test"), what="test")
    ]
    tbs = encode_sequence(*[without if one == RSA_SHA256 else one for one in fields])
    signature = encode_bit_string(RSA.sign(tbs, padding.PKCS1v15(), SHA256()))
    made = Certificate.parse(encode_sequence(tbs, without, signature))
    assert made.algorithm == without
    verify_certificate_signature(made, PublicKey.from_handle(RSA.public_key()))
