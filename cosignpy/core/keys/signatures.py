"""Making a signature is a port; checking one raises or returns the algorithm that matched."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from cosignpy.core.keys.algorithms import Algorithm, Scheme, accepted_algorithms
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import MalformedError, SignatureMismatch

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from cosignpy.core.keys.public import PublicHandle

HASHES: Final[Mapping[str, HashAlgorithm]] = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
"""The registry's hash names as objects of `cryptography`."""


class Signer(Protocol):
    """Whatever can sign: a key file, a hardware token, a key management service."""

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign with the registered algorithm of the key."""
        ...


class DigestSigner(Signer, Protocol):
    """What can sign a message of which only the digest is known, as most kinds of key can."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign with the registered algorithm of the key.

        Raises:
            KeyUnusable: The kind of key signs whole messages only.
            MalformedError: A digest of another length.
        """
        ...


def verify_signature(key: PublicKey, signature: bytes, message: bytes) -> Algorithm:
    """Show that the key made the signature over the message, and return the algorithm that it used.

    ECDSA signatures must be canonical DER with r and s in range (RFC 3279 section 2.2.3): OpenSSL
    encodes what it has parsed again and compares.

    Raises:
        SignatureMismatch: It did not, by none of the algorithms of its kind; malformed signatures included.
    """
    return verify_signature_by(key, accepted_algorithms(key.algorithm.key), signature, message)


def verify_signature_by(key: PublicKey, algorithms: Iterable[Algorithm], signature: bytes, message: bytes) -> Algorithm:
    """Show that the key made the signature over the message by one of these algorithms, and return which.

    Raises:
        SignatureMismatch: It did not; malformed signatures, and algorithms of other kinds of key, included.
    """
    for algorithm in algorithms:
        if algorithm.key != key.algorithm.key:
            continue
        try:
            _VERIFIERS[algorithm.scheme](key.handle, algorithm.hash, signature, message)
        except InvalidSignature:
            continue
        return algorithm
    raise SignatureMismatch(f"not made by the {key.algorithm.key} key {key.fingerprint} over this content")


def verify_signature_with(key: PublicKey, scheme: Scheme, hashed: str, signature: bytes, message: bytes) -> None:
    """Show that the key made the signature with a hash function that others chose, as certificates do.

    `hashed` is the `hashlib` name of the hash function; empty where the scheme hashes itself.

    Raises:
        SignatureMismatch: It did not; malformed signatures, and schemes of other kinds of key, included.
    """
    if key.algorithm.scheme is not scheme:
        raise SignatureMismatch(f"a {key.algorithm.key} key does not sign by {scheme}")
    try:
        _VERIFIERS[scheme](key.handle, hashed, signature, message)
    except InvalidSignature as error:
        raise SignatureMismatch(
            f"not made by the {key.algorithm.key} key {key.fingerprint} over this content"
        ) from error


class _VerifyingEcdsa(ECDSA):
    """ECDSA with a hash, for verifying.

    `ECDSA` itself imports the whole OpenSSL backend when it is made, 4 ms, to learn whether signing could be
    deterministic. So its constructor is not called, and the one property that verifying reads is answered here.
    """

    def __init__(self, algorithm: HashAlgorithm | Prehashed) -> None:
        self._hash = algorithm

    @property
    def algorithm(self) -> HashAlgorithm | Prehashed:
        return self._hash


_ECDSA: Final[Mapping[str, ECDSA]] = {name: _VerifyingEcdsa(algorithm) for name, algorithm in HASHES.items()}


def _verify_ecdsa(handle: "PublicHandle", hashed: str, signature: bytes, message: bytes) -> None:
    cast("EllipticCurvePublicKey", handle).verify(signature, message, _ECDSA[hashed])


def _verify_rsa(handle: "PublicHandle", hashed: str, signature: bytes, message: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    cast("RSAPublicKey", handle).verify(signature, message, PKCS1v15(), HASHES[hashed])


def _verify_whole(handle: "PublicHandle", _: str, signature: bytes, message: bytes) -> None:
    cast("Ed25519PublicKey | MLDSA65PublicKey", handle).verify(signature, message)


def _verify_ed25519ph(handle: "PublicHandle", _: str, signature: bytes, message: bytes) -> None:
    """Verify Ed25519ph with an empty context (RFC 8032 section 5.1), which OpenSSL's Python binding lacks."""
    from nacl import bindings
    from nacl.exceptions import CryptoError

    if len(signature) != bindings.crypto_sign_BYTES:
        raise InvalidSignature
    state = bindings.crypto_sign_ed25519ph_state()
    bindings.crypto_sign_ed25519ph_update(state, message)
    try:
        bindings.crypto_sign_ed25519ph_final_verify(
            state, signature, cast("Ed25519PublicKey", handle).public_bytes_raw()
        )
    except CryptoError as error:
        raise InvalidSignature from error


_VERIFIERS: Final[Mapping[Scheme, Callable[["PublicHandle", str, bytes, bytes], None]]] = {
    Scheme.ECDSA: _verify_ecdsa,
    Scheme.RSA_PKCS1V15: _verify_rsa,
    Scheme.ED25519: _verify_whole,
    Scheme.ED25519PH: _verify_ed25519ph,
    Scheme.ML_DSA: _verify_whole,
}


def verify_digest_signature(key: PublicKey, algorithm: Algorithm, signature: bytes, digest: bytes) -> None:
    """Show that the key made the signature, by this algorithm, over a message of which only the digest is known.

    Raises:
        MalformedError: The digest is not as long as the algorithm's hash.
        SignatureMismatch: Not made by this key over this digest; the algorithm is of another kind of key, or
            signs whole messages only (Ed25519, ML-DSA).
    """
    verifier = _DIGEST_VERIFIERS.get(algorithm.scheme)
    if verifier is None or algorithm.key != key.algorithm.key:
        raise SignatureMismatch(f"a {key.algorithm.key} key does not sign digests by {algorithm.name}")
    if len(digest) != HASHES[algorithm.hash].digest_size:
        raise MalformedError(
            "digest", f"{algorithm.name} signs a {algorithm.hash} digest, this has {len(digest)} bytes"
        )
    try:
        verifier(key.handle, algorithm, signature, digest)
    except InvalidSignature as error:
        raise SignatureMismatch(
            f"not made by the {key.algorithm.key} key {key.fingerprint} over this digest"
        ) from error


PREHASHED: Final[Mapping[str, Prehashed]] = {name: Prehashed(algorithm) for name, algorithm in HASHES.items()}
"""The same, for messages of which only the digest is known."""
_PREHASHED_ECDSA: Final[Mapping[str, ECDSA]] = {name: _VerifyingEcdsa(hashed) for name, hashed in PREHASHED.items()}
_DOM2_PREHASHED: Final = b"SigEd25519 no Ed25519 collisions\x01\x00"
"""RFC 8032 section 2: what is hashed first for Ed25519ph with an empty context."""
_ED25519_SIGNATURE: Final = 64


def _verify_ecdsa_digest(handle: "PublicHandle", algorithm: Algorithm, signature: bytes, digest: bytes) -> None:
    cast("EllipticCurvePublicKey", handle).verify(signature, digest, _PREHASHED_ECDSA[algorithm.hash])


def _verify_rsa_digest(handle: "PublicHandle", algorithm: Algorithm, signature: bytes, digest: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    cast("RSAPublicKey", handle).verify(signature, digest, PKCS1v15(), PREHASHED[algorithm.hash])


def _verify_ed25519ph_digest(handle: "PublicHandle", _: Algorithm, signature: bytes, digest: bytes) -> None:
    """Verify R = S*B - k*A (RFC 8032 section 5.1.7), from libsodium's arithmetic, which wants whole messages itself."""
    from nacl import bindings
    from nacl.exceptions import CryptoError

    key = cast("Ed25519PublicKey", handle).public_bytes_raw()
    point, scalar = signature[:32], signature[32:]
    if len(signature) != _ED25519_SIGNATURE or bindings.crypto_core_ed25519_scalar_reduce(scalar + bytes(32)) != scalar:
        raise InvalidSignature  # S must be below the order: another S would be a second signature of one message
    challenge = hashlib.sha512(_DOM2_PREHASHED + point + key + digest).digest()
    try:
        implied = bindings.crypto_core_ed25519_sub(
            bindings.crypto_scalarmult_ed25519_base_noclamp(scalar),
            bindings.crypto_scalarmult_ed25519_noclamp(bindings.crypto_core_ed25519_scalar_reduce(challenge), key),
        )
    except CryptoError as error:  # a point of small order: not the key of anybody
        raise InvalidSignature from error
    if implied != point:
        raise InvalidSignature


_DIGEST_VERIFIERS: Final[Mapping[Scheme, Callable[["PublicHandle", Algorithm, bytes, bytes], None]]] = {
    Scheme.ECDSA: _verify_ecdsa_digest,
    Scheme.RSA_PKCS1V15: _verify_rsa_digest,
    Scheme.ED25519PH: _verify_ed25519ph_digest,
}
