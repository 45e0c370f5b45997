"""Keys that are always the same, and sign the same way each time: for examples that are compared to the byte."""

from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.values import value

ARTIFACT: Final = b"an artifact\n"
"""What Alice signs."""


@value
class FixedSigner:
    """Signs with ECDSA the same way each time; implements `Signer`."""

    handle: ec.EllipticCurvePrivateKey

    @property
    def public_key(self) -> PublicKey:
        """Return the key that verifies."""
        return PublicKey.from_handle(self.handle.public_key())

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256."""
        return self.handle.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))


def ecdsa_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of a name, as `cryptography` has it."""
    return ec.derive_private_key(int.from_bytes(sha256(name.encode()).digest()) >> 1, ec.SECP256R1())


def ecdsa_signer(name: str) -> FixedSigner:
    """Return the P-256 key of a name."""
    return FixedSigner(ecdsa_key(name))


def ed25519_signer(name: str) -> PrivateKey:
    """Return the Ed25519 key of a name."""
    return PrivateKey.from_handle(Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


ALICE: Final = ecdsa_signer("alice")
