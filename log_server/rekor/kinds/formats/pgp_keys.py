"""OpenPGP keys, and verifying with one (RFC 4880 sections 5.2.4 and 5.5, RFC 6637, EdDSA of RFC 9580 section 5.2.3.3).

`cryptography` does the arithmetic. What OpenPGP libraries add, a judgement of times, trust and old digests, is
what a log must not do: it records what a key signed, when the key has expired since as well.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAParameterNumbers, DSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA224, SHA256, SHA384, SHA512, HashAlgorithm

from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import field, value
from log_server.rekor.kinds.formats.pgp_packets import Signature, read_number
from log_server.rekor.kinds.formats.wire import Reader

WHAT: Final = "OpenPGP key"

_V4: Final = 4
_DIGESTS: Final[Mapping[int, HashAlgorithm]] = {
    2: SHA1(),  # noqa: S303 - keys of the last century bind themselves with it, and packages are signed so
    8: SHA256(),
    9: SHA384(),
    10: SHA512(),
    11: SHA224(),
}
"""Section 9.4. MD5 and RIPEMD-160 stay out: a collision would let one signature stand for two contents."""
_CURVES: Final[Mapping[bytes, EllipticCurve]] = {
    bytes.fromhex("2a8648ce3d030107"): SECP256R1(),
    bytes.fromhex("2b81040022"): SECP384R1(),
    bytes.fromhex("2b81040023"): SECP521R1(),
}
"""Object identifiers without tag and length (RFC 6637 section 11)."""
_ED25519_CURVE: Final = bytes.fromhex("2b06010401da470f01")
_MAX_BODY: Final = 0xFFFF
"""Where a key is hashed, two octets before it have its length (section 5.2.4)."""
_MAX_EXPONENT: Final = 2**24 - 1
"""What the real server reads; all tools use 65537 or less."""
_NATIVE_POINT: Final = b"\x40"
_ED25519_HALF: Final = 32

_Verify: TypeAlias = Callable[[Sequence[bytes], bytes, HashAlgorithm], None]
"""Numbers of the signature, digest, what made the digest; raises `InvalidSignature`."""


@value
class Key:
    """A primary key or a subkey; one that cannot sign has no `verify`."""

    body: bytes = field(repr=False)
    fingerprint: bytes
    algorithm: int
    verify: _Verify | None = field(repr=False, compare=False)

    @property
    def key_id(self) -> bytes:
        """The last eight bytes of the fingerprint, by which signatures name their key."""
        return self.fingerprint[-8:]

    @property
    def hashed(self) -> bytes:
        """The form in which a key is signed (section 5.2.4)."""
        return _hashed(self.body)


def _hashed(body: bytes) -> bytes:
    return b"\x99" + len(body).to_bytes(2, "big") + body


def parse_key(body: bytes) -> Key:
    """Parse a public key packet of version 4 (section 5.5.2).

    Raises:
        MalformedError: Another version, or numbers that are no key.
        LimitExceeded: Longer than two octets can say.
    """
    if len(body) > _MAX_BODY:
        raise LimitExceeded(WHAT, f"a key packet of {len(body)} bytes, at most {_MAX_BODY} can be hashed")
    reader = Reader(body, WHAT)
    if reader.integer(1) != _V4:
        raise MalformedError(WHAT, "only keys of version 4 are understood")
    reader.take(4)
    algorithm = reader.integer(1)
    load = _LOADERS.get(algorithm)
    try:
        verify = load(reader) if load is not None else None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError(WHAT, f"not a usable key of algorithm {algorithm}") from error
    fingerprint = hashlib.sha1(_hashed(body), usedforsecurity=False).digest()
    return Key(body, fingerprint, algorithm, verify)


def verify_signature(key: Key, signature: Signature, content: bytes) -> None:
    """Show that a key made a signature over content that was brought into its signed form.

    Raises:
        MalformedError: A digest that is not understood.
        SignatureMismatch: It did not.
    """
    made_by = _DIGESTS.get(signature.digest)
    if made_by is None:
        raise MalformedError("OpenPGP signature", f"digest {signature.digest} is not understood")
    hashed = hashlib.new(made_by.name, content, usedforsecurity=False)
    hashed.update(signature.suffix)
    digest = hashed.digest()
    if key.verify is None or key.algorithm != signature.algorithm or not digest.startswith(signature.head):
        raise SignatureMismatch("the OpenPGP key did not sign this content")
    try:
        key.verify(signature.numbers, digest, made_by)
    except (InvalidSignature, ValueError) as error:
        raise SignatureMismatch("the OpenPGP key did not sign this content") from error


def _integers(reader: Reader, count: int) -> Sequence[int]:
    return [int.from_bytes(read_number(reader)[1], "big") for _ in range(count)]


def _load_rsa(reader: Reader) -> _Verify:
    modulus, exponent = _integers(reader, 2)
    if exponent > _MAX_EXPONENT:
        raise MalformedError(WHAT, "an RSA exponent that makes each verification slow")
    handle = RSAPublicNumbers(exponent, modulus).public_key()
    size = (handle.key_size + 7) // 8

    def verify(numbers: Sequence[bytes], digest: bytes, made_by: HashAlgorithm) -> None:
        handle.verify(numbers[0].rjust(size, b"\0"), digest, PKCS1v15(), Prehashed(made_by))

    return verify


def _load_dsa(reader: Reader) -> _Verify:
    p, q, g, y = _integers(reader, 4)
    handle = DSAPublicNumbers(y, DSAParameterNumbers(p, q, g)).public_key()

    def verify(numbers: Sequence[bytes], digest: bytes, made_by: HashAlgorithm) -> None:
        handle.verify(_encode_pair(numbers), digest, Prehashed(made_by))

    return verify


def _load_ecdsa(reader: Reader) -> _Verify:
    curve = _CURVES.get(reader.take(reader.integer(1)))
    if curve is None:
        raise MalformedError(WHAT, "an elliptic curve that is not understood")
    handle = EllipticCurvePublicKey.from_encoded_point(curve, read_number(reader)[1])

    def verify(numbers: Sequence[bytes], digest: bytes, made_by: HashAlgorithm) -> None:
        handle.verify(_encode_pair(numbers), digest, ECDSA(Prehashed(made_by)))

    return verify


def _load_eddsa(reader: Reader) -> _Verify:
    curve = reader.take(reader.integer(1))
    point = read_number(reader)[1]
    if curve != _ED25519_CURVE or not point.startswith(_NATIVE_POINT):
        raise MalformedError(WHAT, "an EdDSA key that is not Ed25519")
    handle = Ed25519PublicKey.from_public_bytes(point.removeprefix(_NATIVE_POINT))

    def verify(numbers: Sequence[bytes], digest: bytes, _: HashAlgorithm) -> None:
        handle.verify(b"".join(number.rjust(_ED25519_HALF, b"\0") for number in numbers), digest)

    return verify


def _encode_pair(numbers: Sequence[bytes]) -> bytes:
    r, s = (int.from_bytes(number, "big") for number in numbers)
    return encode_dss_signature(r, s)


_LOADERS: Final[Mapping[int, Callable[[Reader], _Verify]]] = {
    1: _load_rsa,
    3: _load_rsa,
    17: _load_dsa,
    19: _load_ecdsa,
    22: _load_eddsa,
}
"""The algorithms that sign (section 9.1); keys that only encrypt are kept as they are."""
