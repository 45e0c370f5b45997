"""Entries as static-ct-api keeps them in data tiles: what was certified, and from which chain."""

from collections.abc import Sequence
from typing import Final, Self

from cosignpy.core.ct.entry import KEY_HASH_SIZE, EntryType, TimestampedEntry
from cosignpy.core.tls_vectors import OPAQUE_16, OPAQUE_24, VectorReader, encode_vector
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

FINGERPRINT_SIZE: Final = 32

_ENTRY: Final = 10
"""Where the entry begins: behind eight octets of time and two of type."""
_CONTENT: Final = {EntryType.X509: _ENTRY, EntryType.PRECERTIFICATE: _ENTRY + KEY_HASH_SIZE}
"""Where the length of the certificate is, by the type of entry."""


@value
class TileLeaf:
    """A log entry: what is certified, the precertificate as submitted, and the SHA-256 of each certificate above.

    `precertificate` is empty for a certificate. The chain begins with the issuer and ends in an accepted root.
    """

    timestamped: TimestampedEntry
    precertificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, raw: bytes, *, what: str = "log entry") -> Self:
        """Parse one TileLeaf.

        Raises:
            MalformedError: Another form, or bytes behind it.
        """
        reader = VectorReader(raw, what)
        timestamped = TimestampedEntry.read(reader)
        poisoned = timestamped.entry.kind is EntryType.PRECERTIFICATE
        precertificate = reader.vector(OPAQUE_24) if poisoned else b""
        if poisoned and not precertificate:
            raise MalformedError(what, "an empty precertificate")
        chain = _split_fingerprints(reader.vector(OPAQUE_16), what)
        reader.finish()
        return cls(timestamped, precertificate, chain)

    def encode(self) -> bytes:
        """Encode the TileLeaf.

        Raises:
            LimitExceeded: A certificate or the chain is too long for it.
        """
        return self.timestamped.encode() + encode_chain_part(self.precertificate, self.chain)

    @property
    def certificate(self) -> bytes:
        """The certificate or precertificate that was submitted, in DER."""
        return self.precertificate or self.timestamped.entry.content


def encode_chain_part(precertificate: bytes, chain: Sequence[bytes]) -> bytes:
    """Encode what follows the TimestampedEntry; a certificate has an empty `precertificate`.

    Raises:
        LimitExceeded: The precertificate or the chain is too long for it.
    """
    submitted = encode_vector(precertificate, OPAQUE_24, what="precertificate") if precertificate else b""
    return submitted + encode_vector(b"".join(chain), OPAQUE_16, what="certificate chain")


def timestamped_size(raw: bytes, start: int = 0, *, what: str = "log entry") -> int:
    """Return how many bytes the TimestampedEntry at `start` has, without looking into it.

    Raises:
        MalformedError: An unknown type, or it ends early.
    """
    return _timestamped_end(raw, start, what) - start


def split_data_tile(raw: bytes, width: int, *, what: str = "data tile") -> tuple[bytes, ...]:
    """Split a data tile into exactly as many entries as its path says.

    Raises:
        MalformedError: It ends early, or goes on behind the last entry.
    """
    found = []
    start = 0
    for _ in range(width):
        end = _leaf_end(raw, start, what)
        found.append(raw[start:end])
        start = end
    if start != len(raw):
        raise MalformedError(what, f"{len(raw) - start} bytes follow entry {width}")
    return tuple(found)


def _leaf_end(raw: bytes, start: int, what: str) -> int:
    end = _timestamped_end(raw, start, what)
    if raw[start + _ENTRY - 1] == EntryType.PRECERTIFICATE:
        end = _vector_end(raw, end, OPAQUE_24, what)
    return _vector_end(raw, end, OPAQUE_16, what)


def _timestamped_end(raw: bytes, start: int, what: str) -> int:
    kind = int.from_bytes(raw[start + 8 : start + _ENTRY], "big")
    if kind not in _CONTENT:
        raise MalformedError(what, f"an entry of unknown type {kind}")
    content_end = _vector_end(raw, start + _CONTENT[EntryType(kind)], OPAQUE_24, what)
    return _vector_end(raw, content_end, OPAQUE_16, what)


def _vector_end(raw: bytes, start: int, width: int, what: str) -> int:
    content = start + width
    end = content + int.from_bytes(raw[start:content], "big")
    if end > len(raw):
        raise MalformedError(what, "it ends within an entry")
    return end


def _split_fingerprints(raw: bytes, what: str) -> tuple[bytes, ...]:
    if len(raw) % FINGERPRINT_SIZE:
        raise MalformedError(what, "its chain is not a list of SHA-256 fingerprints")
    return tuple([raw[start : start + FINGERPRINT_SIZE] for start in range(0, len(raw), FINGERPRINT_SIZE)])
