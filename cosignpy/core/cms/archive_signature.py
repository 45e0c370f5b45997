"""Signatures that only archives of the last decades have: by DSA, with SHA-1, by RSA keys of sizes nobody makes."""

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cosignpy.core.keys.signatures import HASHES
from cosignpy.errors import SignatureMismatch

_HASHES: Final[dict[str, HashAlgorithm]] = {"sha1": SHA1(), **HASHES}  # noqa: S303 - see above


def verify_archive_signature(spki: bytes, hashed: str, signature: bytes, content: bytes) -> None:
    """Show that a key (SubjectPublicKeyInfo) made a signature with a hash function, by its `hashlib` name.

    Raises:
        SignatureMismatch: It did not, or it is no key that signs so.
    """
    digest = _HASHES[hashed]
    try:
        match load_der_public_key(spki):
            case RSAPublicKey() as rsa:
                rsa.verify(signature, content, PKCS1v15(), digest)
            case EllipticCurvePublicKey() as curve:
                curve.verify(signature, content, ECDSA(digest))
            case DSAPublicKey() as dsa:
                dsa.verify(signature, content, digest)
            case _:
                raise SignatureMismatch("keys of this kind do not sign so")
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureMismatch("not made by this key over this content") from error
