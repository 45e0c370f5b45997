"""Private keys in memory: generating, signing by the algorithm registry, PKCS#8 (RFC 5958)."""

from collections.abc import Callable, Mapping
from typing import Final, Self, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from cosignpy.core.keys.algorithms import Algorithm, Scheme
from cosignpy.core.keys.encrypted_pem import parse_encrypted_pem
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import HASHES, PREHASHED
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.values import field, value

PrivateHandle = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | mldsa.MLDSA65PrivateKey | rsa.RSAPrivateKey

_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_PUBLIC_EXPONENT: Final = 65537  # NIST SP 800-56B section 6.2.1, and the only one in general use

_ECDSA: Final[Mapping[str, ec.ECDSA]] = {name: ec.ECDSA(algorithm) for name, algorithm in HASHES.items()}

_GENERATORS: Final[Mapping[str, Callable[[], PrivateHandle]]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA-2048": lambda: rsa.generate_private_key(_PUBLIC_EXPONENT, 2048),
    "RSA-3072": lambda: rsa.generate_private_key(_PUBLIC_EXPONENT, 3072),
    "RSA-4096": lambda: rsa.generate_private_key(_PUBLIC_EXPONENT, 4096),
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
}


@value
class PrivateKey:
    """A key that signs; it implements `Signer`."""

    public_key: PublicKey
    handle: PrivateHandle = field(repr=False, compare=False)

    @classmethod
    def generate(cls, algorithm: Algorithm) -> Self:
        """Make a new key pair with OpenSSL's random numbers."""
        return cls.from_handle(_GENERATORS[algorithm.key]())

    @classmethod
    def parse(cls, raw: bytes, password: bytes, *, what: str = "private key") -> Self:
        """Parse and open cosign's encrypted key file.

        Raises:
            KeyUnusable: Another kind of key file, or a kind of key that cannot sign here.
            WrongPassword: It does not open.
            MalformedError: Not a key file, or not PKCS#8 inside.
        """
        encrypted = parse_encrypted_pem(raw, what=what)
        return cls.parse_pkcs8(encrypted.open(encrypted.derive(password)), what=what)

    @classmethod
    def parse_pkcs8(cls, der: bytes, *, what: str = "private key") -> Self:
        """Parse unencrypted PKCS#8.

        Raises:
            MalformedError: Not PKCS#8, or inconsistent inside.
            KeyUnusable: A kind of key that cannot sign here.
        """
        try:
            handle = load_der_private_key(der, password=None)
        except (ValueError, TypeError) as error:  # TypeError: encrypted once more
            raise MalformedError(what, "not a PKCS#8 private key") from error
        except UnsupportedAlgorithm as error:
            raise _unusable_kind(what) from error
        return cls.from_handle(handle, what=what)

    @classmethod
    def from_handle(cls, handle: object, *, what: str = "private key") -> Self:
        """Build from a key object of `cryptography`.

        Raises:
            KeyUnusable: Of a kind, curve or size that cannot sign here.
        """
        if not isinstance(handle, PrivateHandle):
            raise _unusable_kind(what)
        if isinstance(handle, ec.EllipticCurvePrivateKey) and handle.curve.name not in _CURVES:
            raise _unusable_kind(what)
        return cls(PublicKey.from_handle(handle.public_key(), what=what), handle)

    @property
    def algorithm(self) -> Algorithm:
        """The registered algorithm it signs with."""
        return self.public_key.algorithm

    def sign(self, message: bytes) -> bytes:
        """Sign with the registered algorithm of this kind of key."""
        return _SIGNERS[self.algorithm.scheme](self.handle, self.algorithm, message)

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a message of which the digest by the registered algorithm is known: files that no memory holds.

        Raises:
            KeyUnusable: A kind of key that signs whole messages only (Ed25519, ML-DSA).
            MalformedError: A digest of another length.
        """
        sign = _DIGEST_SIGNERS.get(self.algorithm.scheme)
        if sign is None:
            raise KeyUnusable(f"of kind {self.algorithm.key}", "it signs whole messages, and not their digests")
        if len(digest) != HASHES[self.algorithm.hash].digest_size:
            raise MalformedError("digest", f"{len(digest)} bytes, {self.algorithm.name} signs {self.algorithm.hash}")
        return sign(self.handle, self.algorithm, digest)

    def encode_pkcs8(self) -> bytes:
        """Encode as unencrypted PKCS#8 DER; only ever to be sealed."""
        return self.handle.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _unusable_kind(what: str) -> KeyUnusable:
    return KeyUnusable(what, "not ECDSA (P-256, P-384, P-521), Ed25519, RSA or ML-DSA-65")


def _sign_ecdsa(handle: PrivateHandle, algorithm: Algorithm, message: bytes) -> bytes:
    return cast("ec.EllipticCurvePrivateKey", handle).sign(message, _ECDSA[algorithm.hash])


def _sign_rsa(handle: PrivateHandle, algorithm: Algorithm, message: bytes) -> bytes:
    return cast("rsa.RSAPrivateKey", handle).sign(message, PKCS1v15(), HASHES[algorithm.hash])


def _sign_whole(handle: PrivateHandle, _: Algorithm, message: bytes) -> bytes:
    return cast("ed25519.Ed25519PrivateKey | mldsa.MLDSA65PrivateKey", handle).sign(message)


_SIGNERS: Final[Mapping[Scheme, Callable[[PrivateHandle, Algorithm, bytes], bytes]]] = {
    Scheme.ECDSA: _sign_ecdsa,
    Scheme.RSA_PKCS1V15: _sign_rsa,
    Scheme.ED25519: _sign_whole,
    Scheme.ML_DSA: _sign_whole,
}


def _sign_ecdsa_digest(handle: PrivateHandle, algorithm: Algorithm, digest: bytes) -> bytes:
    return cast("ec.EllipticCurvePrivateKey", handle).sign(digest, ec.ECDSA(PREHASHED[algorithm.hash]))


def _sign_rsa_digest(handle: PrivateHandle, algorithm: Algorithm, digest: bytes) -> bytes:
    return cast("rsa.RSAPrivateKey", handle).sign(digest, PKCS1v15(), PREHASHED[algorithm.hash])


_DIGEST_SIGNERS: Final[Mapping[Scheme, Callable[[PrivateHandle, Algorithm, bytes], bytes]]] = {
    Scheme.ECDSA: _sign_ecdsa_digest,
    Scheme.RSA_PKCS1V15: _sign_rsa_digest,
}
