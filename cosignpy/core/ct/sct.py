"""Signed certificate timestamps: a log's promise that it holds a certificate (RFC 6962 sections 3.2 and 3.3)."""

from collections.abc import Sequence
from typing import Final, Self

from cosignpy.core.keys.digitally_signed import DigitallySigned
from cosignpy.core.tls_vectors import OPAQUE_16, VectorReader, encode_vector
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

V1: Final = 0
LOG_ID_SIZE: Final = 32

MAX_SCTS: Final = 64
"""SCTs of one certificate: browsers ask for three, Fulcio embeds one."""

_LEAF_INDEX: Final = b"\x00\x00\x05"
"""Extension type 0, `leaf_index`, and the length of its content (static-ct-api, "SCT extension")."""
MAX_LEAF_INDEX: Final = (1 << 40) - 1


@value
class Sct:
    """A signed certificate timestamp of version 1."""

    log_id: bytes
    timestamp_ms: int
    extensions: bytes
    signed: DigitallySigned

    @classmethod
    def parse(cls, raw: bytes, *, what: str = "SCT") -> Self:
        """Parse the TLS structure.

        Raises:
            MalformedError: Another version or form, or bytes behind it.
        """
        reader = VectorReader(raw, what)
        version = reader.number(1)
        if version != V1:
            raise MalformedError(what, f"version {version + 1}, only 1 is known")
        found = cls(reader.take(LOG_ID_SIZE), reader.number(8), reader.vector(OPAQUE_16), DigitallySigned.read(reader))
        reader.finish()
        return found

    def encode(self) -> bytes:
        """Encode the TLS structure."""
        extensions = encode_vector(self.extensions, OPAQUE_16, what="SCT extensions")
        head = bytes((V1,)) + self.log_id + self.timestamp_ms.to_bytes(8, "big")
        return head + extensions + self.signed.encode()


def parse_sct_list(raw: bytes, *, what: str = "SCT list") -> tuple[Sct, ...]:
    """Parse a SignedCertificateTimestampList (RFC 6962 section 3.3).

    Raises:
        MalformedError: Empty, another form, or bytes behind it.
        LimitExceeded: More than `MAX_SCTS`.
    """
    reader = VectorReader(raw, what)
    inner = VectorReader(reader.vector(OPAQUE_16), what)
    reader.finish()
    found: list[Sct] = []
    while not inner.ended:
        if len(found) == MAX_SCTS:
            raise LimitExceeded(what, f"more than {MAX_SCTS} SCTs")
        found.append(Sct.parse(inner.vector(OPAQUE_16)))
    if not found:
        raise MalformedError(what, "it is empty")
    return tuple(found)


def encode_sct_list(scts: Sequence[Sct]) -> bytes:
    """Encode a SignedCertificateTimestampList; it is the content of the inner OCTET STRING of the extension."""
    joined = b"".join([encode_vector(sct.encode(), OPAQUE_16, what="SCT") for sct in scts])
    return encode_vector(joined, OPAQUE_16, what="SCT list")


def encode_leaf_index(index: int) -> bytes:
    """Encode the extension that says where in the log the certificate is (static-ct-api, "SCT extension").

    Raises:
        LimitExceeded: Beyond 40 bits.
    """
    if index > MAX_LEAF_INDEX:
        raise LimitExceeded("leaf index", f"{index} does not fit 40 bits")
    return _LEAF_INDEX + index.to_bytes(5, "big")


def parse_leaf_index(extensions: bytes, *, what: str = "SCT extensions") -> int:
    """Return the leaf index from the extensions of an SCT or an entry; other extensions are passed over.

    Raises:
        MalformedError: Not a list of extensions, or not exactly one leaf index of 40 bits.
    """
    reader = VectorReader(extensions, what)
    found = []
    while not reader.ended:
        kind, content = reader.number(1), reader.vector(OPAQUE_16)
        if kind == _LEAF_INDEX[0]:
            found.append(content)
    if [len(content) for content in found] != [_LEAF_INDEX[-1]]:
        raise MalformedError(what, "not one leaf index of 40 bits")
    return int.from_bytes(found[0], "big")
