"""Signatures of certificates (RFC 5280 section 4.1.1.2): by which algorithms, and whether a key made one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import HASHES, verify_signature_with
from cosignpy.core.x509.certificate import Certificate
from cosignpy.errors import MalformedError, SignatureMismatch

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_PSS: Final[Mapping[bytes, str]] = {
    bytes.fromhex(
        f"304106092a864886f70d01010a3034a00f300d0609608648016503040{digit}0500"
        f"a11c301a06092a864886f70d010108300d0609608648016503040{digit}0500a2030201{salt:02x}"
    ): name
    for name, digit, salt in (("sha256", "201", 32), ("sha384", "202", 48), ("sha512", "203", 64))
}
"""RSASSA-PSS (RFC 4055 section 3.1) with one hash function in both places, and a salt as long as its digest."""

_ALGORITHMS: Final[Mapping[bytes, tuple[Scheme, str]]] = {
    bytes.fromhex(der): algorithm
    for der, algorithm in {
        "300a06082a8648ce3d040302": (Scheme.ECDSA, "sha256"),  # RFC 5758 section 3.2
        "300a06082a8648ce3d040303": (Scheme.ECDSA, "sha384"),
        "300a06082a8648ce3d040304": (Scheme.ECDSA, "sha512"),
        "300d06092a864886f70d01010b0500": (Scheme.RSA_PKCS1V15, "sha256"),  # RFC 4055 section 5
        "300d06092a864886f70d01010c0500": (Scheme.RSA_PKCS1V15, "sha384"),
        "300d06092a864886f70d01010d0500": (Scheme.RSA_PKCS1V15, "sha512"),
        "300b06092a864886f70d01010b": (Scheme.RSA_PKCS1V15, "sha256"),  # without NULL, which has to be read as well
        "300b06092a864886f70d01010c": (Scheme.RSA_PKCS1V15, "sha384"),
        "300b06092a864886f70d01010d": (Scheme.RSA_PKCS1V15, "sha512"),
        "300506032b6570": (Scheme.ED25519, ""),  # RFC 8410 section 3
        "300b0609608648016503040312": (Scheme.ML_DSA, ""),  # RFC 9881 section 2, ML-DSA-65
    }.items()
}
"""The whole AlgorithmIdentifier, parameters included; what is not here is unknown, or too weak, such as SHA-1."""


def verify_certificate_signature(certificate: Certificate, key: PublicKey) -> None:
    """Show that a key signed a certificate.

    Raises:
        MalformedError: With an algorithm that is unknown or too weak.
        SignatureMismatch: It did not, or it is of another kind than the algorithm.
    """
    signature, signed = certificate.signature, certificate.tbs.raw
    if certificate.algorithm in _PSS:
        _verify_pss(key, _PSS[certificate.algorithm], signature, signed)
        return
    algorithm = _ALGORITHMS.get(certificate.algorithm)
    if algorithm is None:
        raise MalformedError("signature of a certificate", "its algorithm is unknown, or too weak")
    verify_signature_with(key, *algorithm, signature, signed)


def _verify_pss(key: PublicKey, name: str, signature: bytes, signed: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS

    if key.algorithm.scheme is not Scheme.RSA_PKCS1V15:
        raise SignatureMismatch(f"a {key.algorithm.key} key does not sign by RSASSA-PSS")
    digest = HASHES[name]
    padding = PSS(MGF1(digest), digest.digest_size)
    try:
        cast("RSAPublicKey", key.handle).verify(signature, signed, padding, digest)
    except InvalidSignature as error:
        raise SignatureMismatch(f"not made by the {key.algorithm.key} key {key.fingerprint}") from error
