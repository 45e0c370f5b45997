"""What is timestamped: the hash of a message, and by which function (RFC 3161 section 2.4.1, MessageImprint)."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

from cosignpy.core.x509.der import OBJECT_IDENTIFIER, OCTET_STRING, encode_element, encode_sequence
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import NULL, encode_oid
from cosignpy.errors import MalformedError
from cosignpy.values import record, value

SIZES: Final[Mapping[str, int]] = MappingProxyType({"sha256": 32, "sha384": 48, "sha512": 64})
"""The hash functions that timestamps are given and believed for, and the octets of their digests."""

HASH_OIDS: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "sha256": encode_oid("2.16.840.1.101.3.4.2.1", what="hash"),
        "sha384": encode_oid("2.16.840.1.101.3.4.2.2", what="hash"),
        "sha512": encode_oid("2.16.840.1.101.3.4.2.3", what="hash"),
    }
)
"""The content octets of their identifiers (RFC 5754 section 2)."""
HASH_NAMES: Final[Mapping[bytes, str]] = MappingProxyType({oid: name for name, oid in HASH_OIDS.items()})

_WEAK_OIDS: Final[Mapping[bytes, str]] = {
    encode_oid("1.3.14.3.2.26", what="hash"): "sha1",
    encode_oid("1.2.840.113549.2.5", what="hash"): "md5",
    encode_oid("2.16.840.1.101.3.4.2.4", what="hash"): "sha224",
}
WEAK_NAMES: Final = frozenset(_WEAK_OIDS.values())
_NAMES: Final[Mapping[bytes, str]] = {**HASH_NAMES, **_WEAK_OIDS}

_ALGORITHMS: Final[Mapping[str, bytes]] = {
    name: encode_sequence(encode_element(OBJECT_IDENTIFIER, oid), NULL) for name, oid in HASH_OIDS.items()
}
"""AlgorithmIdentifiers as they are written. Parameters are NULL there, which is read as if it were absent."""


@record
class WeakHash(MalformedError):
    """A hash function whose collisions can be found, or will soon."""


@record
class WrongDigestLength(MalformedError):
    """A digest that the hash function cannot have made."""


@value
class MessageImprint:
    """A digest, and the name of the hash function that made it."""

    algorithm: str
    digest: bytes

    def __post_init__(self) -> None:
        """Refuse what nobody should rely on.

        Raises:
            WeakHash: The hash function is broken.
            WrongDigestLength: The digest is not one of that function.
            MalformedError: The hash function is unknown.
        """
        if self.algorithm in WEAK_NAMES:
            raise WeakHash("message imprint", f"{self.algorithm} is too weak")
        size = SIZES.get(self.algorithm)
        if size is None:
            raise MalformedError("message imprint", f"unknown hash function {self.algorithm!r}")
        if len(self.digest) != size:
            raise WrongDigestLength("message imprint", f"{len(self.digest)} octets, {self.algorithm} has {size}")

    @classmethod
    def of(cls, message: bytes, algorithm: str = "sha256") -> Self:
        """Hash a message.

        Raises:
            MalformedError: The hash function is unknown, or too weak.
        """
        return cls(algorithm, hashlib.new(algorithm, message).digest() if algorithm in SIZES else b"")

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the next field of something that has an imprint.

        Raises:
            WeakHash: The hash function is broken.
            WrongDigestLength: The digest is not one of that function.
            MalformedError: Not an imprint, or the hash function is unknown.
        """
        imprint = fields.inside()
        algorithm = imprint.inside()
        oid = algorithm.content(OBJECT_IDENTIFIER)
        if not algorithm.ended and algorithm.whole() != NULL:
            raise MalformedError(imprint.what, "a hash function with parameters")
        algorithm.finish()
        digest = imprint.content(OCTET_STRING)
        imprint.finish()
        return cls(_NAMES.get(oid, oid.hex()), digest)

    def encode(self) -> bytes:
        """Encode in DER."""
        return encode_sequence(_ALGORITHMS[self.algorithm], encode_element(OCTET_STRING, self.digest))

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest.hex()}"
