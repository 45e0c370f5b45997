"""What a log signs and hashes: entries and the leaves they become (RFC 6962 sections 3.1 to 3.4)."""

from enum import IntEnum
from hashlib import sha256
from typing import Final, Self

from cosignpy.core.tls_vectors import OPAQUE_16, OPAQUE_24, VectorReader, encode_vector
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import field, value

KEY_HASH_SIZE: Final = 32

MAX_CERTIFICATE: Final = 1 << 16
"""Octets of a certificate: Fulcio's have about 800, the largest of the Web PKI come near this."""

_LEAF_HEAD: Final = b"\x00\x00"
"""Version 1 and leaf_type timestamped_entry. Version 1 and signature_type certificate_timestamp are the same bytes,
so what an SCT signs is the leaf (RFC 6962 sections 3.2 and 3.4)."""


class EntryType(IntEnum):
    """LogEntryType of RFC 6962 section 3.1."""

    X509 = 0
    PRECERTIFICATE = 1


@value
class SignedEntry:
    """What is certified: a certificate, or the TBSCertificate of a precertificate and its issuer's key hash.

    Attributes:
        issuer_key_hash: SHA-256 of the issuer's SubjectPublicKeyInfo; empty for a certificate.
        content: The certificate, or the TBSCertificate without poison and SCT list.
    """

    kind: EntryType
    issuer_key_hash: bytes
    content: bytes = field(repr=False)

    @classmethod
    def read(cls, reader: VectorReader) -> Self:
        """Read entry type and entry from where a reader stands.

        Raises:
            MalformedError: Cut off, empty, or of an unknown type.
        """
        number = reader.number(2)
        if number not in _KEY_HASHES:
            raise MalformedError(reader.what, f"unknown entry type {number}")
        kind = EntryType(number)
        found = cls(kind, reader.take(_KEY_HASHES[kind]), reader.vector(OPAQUE_24))
        if not found.content:
            raise MalformedError(reader.what, "an empty certificate")
        return found

    def encode(self) -> bytes:
        """Encode entry type and entry.

        Raises:
            LimitExceeded: The certificate is larger than `MAX_CERTIFICATE`.
        """
        if len(self.content) > MAX_CERTIFICATE:
            raise LimitExceeded("certificate", f"{len(self.content)} bytes, at most {MAX_CERTIFICATE} are accepted")
        head = self.kind.to_bytes(2, "big") + self.issuer_key_hash
        return head + encode_vector(self.content, OPAQUE_24, what="certificate")

    @property
    def identity(self) -> bytes:
        """What makes two submissions the same entry, whenever and wherever they are logged."""
        return sha256(self.encode()).digest()


_KEY_HASHES: Final = {EntryType.X509: 0, EntryType.PRECERTIFICATE: KEY_HASH_SIZE}
"""How long the issuer's key hash is, by the type of entry."""


@value
class TimestampedEntry:
    """An entry, when it was logged, and the extensions of its SCT (RFC 6962 section 3.4)."""

    timestamp_ms: int
    entry: SignedEntry
    extensions: bytes = b""

    @classmethod
    def read(cls, reader: VectorReader) -> Self:
        """Read the structure from where a reader stands.

        Raises:
            MalformedError: Cut off, or of another form.
        """
        return cls(reader.number(8), SignedEntry.read(reader), reader.vector(OPAQUE_16))

    @classmethod
    def parse_leaf(cls, raw: bytes, *, what: str = "Merkle tree leaf") -> Self:
        """Parse a MerkleTreeLeaf, `leaf_input` of get-entries.

        Raises:
            MalformedError: Another version, type or form, or bytes behind it.
        """
        reader = VectorReader(raw, what)
        if reader.take(2) != _LEAF_HEAD:
            raise MalformedError(what, "unknown version or leaf type")
        found = cls.read(reader)
        reader.finish()
        return found

    def encode(self) -> bytes:
        """Encode the structure.

        Raises:
            LimitExceeded: The certificate is larger than `MAX_CERTIFICATE`.
        """
        extensions = encode_vector(self.extensions, OPAQUE_16, what="SCT extensions")
        return self.timestamp_ms.to_bytes(8, "big") + self.entry.encode() + extensions

    def encode_leaf(self) -> bytes:
        """Encode as MerkleTreeLeaf: what the tree hashes, and also what the SCT signs (RFC 6962 section 3.2)."""
        return encode_leaf(self.encode())


def encode_leaf(timestamped_entry: bytes) -> bytes:
    """Encode the MerkleTreeLeaf around an encoded TimestampedEntry; it is the input of the SCT's signature too."""
    return _LEAF_HEAD + timestamped_entry
