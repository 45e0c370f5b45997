"""Content digests as OCI names them: `algorithm:hex` (OCI image spec, descriptor.md, Digests)."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cosignpy.errors import DigestMismatch, MalformedError
from cosignpy.values import value

HEX_LENGTHS: Final[Mapping[str, int]] = {"sha256": 64, "sha512": 128}
"""The registered algorithms we accept, with the length of their lower-case hex form."""

ALL_HEX_LENGTHS: Final[Mapping[str, int]] = {**HEX_LENGTHS, "sha384": 96}
"""With what statements name besides (in-toto attestation spec, digest_set.md), and OCI has not registered."""

_HEX: Final = re.compile(r"[0-9a-f]+")


@value
class Digest:
    """A digest whose algorithm is known and whose hex has the right length; parse once, trust after."""

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        _refuse_unknown(self.algorithm, ALL_HEX_LENGTHS)
        wanted = ALL_HEX_LENGTHS[self.algorithm]
        if len(self.hex) != wanted or not _HEX.fullmatch(self.hex):
            raise MalformedError("digest", f"{self.algorithm} needs {wanted} lower-case hex digits")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    def __lt__(self, other: "Digest") -> bool:
        return (self.algorithm, self.hex) < (other.algorithm, other.hex)

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Parse `algorithm:hex` as OCI has it.

        Raises:
            MalformedError: No colon, an algorithm that is not registered, or hex of the wrong length or case.
        """
        algorithm, colon, hexadecimal = text.partition(":")
        if not colon:
            raise MalformedError("digest", "expected algorithm:hex")
        _refuse_unknown(algorithm, HEX_LENGTHS)
        return cls(algorithm, hexadecimal)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> "Digest":
        """Compute the digest of bytes at hand."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    def verify(self, content: bytes, *, what: str) -> bytes:
        """Return the content once it is shown to have this digest.

        Raises:
            DigestMismatch: It does not.
        """
        found = Digest.of(content, self.algorithm)
        if found.hex != self.hex:
            raise DigestMismatch(what, str(self), str(found))
        return content

    def verify_stream(self, chunks: Iterable[bytes], *, what: str) -> Iterator[bytes]:
        """Pass chunks through and check the whole at the end; the consumer must not act before that.

        Raises:
            DigestMismatch: After the last chunk, when the content was not this digest's.
        """
        hasher = hashlib.new(self.algorithm)
        for chunk in chunks:
            hasher.update(chunk)
            yield chunk
        if hasher.hexdigest() != self.hex:
            raise DigestMismatch(what, str(self), f"{self.algorithm}:{hasher.hexdigest()}")


def _refuse_unknown(algorithm: str, known: Mapping[str, int]) -> None:
    if algorithm not in known:
        raise MalformedError("digest", f"unknown algorithm {algorithm!r}, known are {', '.join(known)}")
