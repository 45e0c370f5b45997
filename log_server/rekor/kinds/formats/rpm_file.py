"""RPM packages: the lead, the signature header, the header (rpm.org, RPM v4 package format)."""

from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import field, value
from log_server.rekor.kinds.formats.wire import Reader

WHAT: Final = "RPM package"
_LEAD: Final = b"\xed\xab\xee\xdb"
_LEAD_SIZE: Final = 96
_VERSIONS: Final = (3, 4)
_HEADER_SIGNATURE: Final = 5
"""The only type of signature in use; stated at the end of the lead."""
_HEADER: Final = b"\x8e\xad\xe8"
_INDEX_SIZE: Final = 16
_ALIGNMENT: Final = 8
_MAX_STORE: Final = 32 * 1024 * 1024
"""The size of a header's data; the real server's limit."""
_MAX_INDEX: Final = 64 * 1024
"""The tags of a header; rpm itself stops there."""
_INTEGERS: Final[Mapping[int, int]] = {2: 1, 3: 2, 4: 4, 5: 8}
"""Types of whole numbers, and their size in bytes."""
_BINARY: Final = (1, 7)
_STRINGS: Final = (6, 8, 9)

_PGP_SIGNATURES: Final = (1002, 1006, 1005)
"""Signatures over header and payload, in the order in which the real server looks for them."""


@value
class Header:
    """A header: what stands where in its store, by tag."""

    index: Mapping[int, tuple[int, int, int]] = field(repr=False)
    store: bytes = field(repr=False)

    def binary(self, tag: int) -> bytes | None:
        """Return the bytes of a tag; None where it is absent or of another type."""
        kind, offset, count = self.index.get(tag, (0, 0, 0))
        return self._cut(offset, count) if kind in _BINARY else None

    def text(self, tag: int) -> str:
        """Return the first string of a tag; empty where it is absent or of another type.

        Raises:
            MalformedError: It has no end or is not UTF-8.
        """
        kind, offset, _ = self.index.get(tag, (0, 0, 0))
        if kind not in _STRINGS:
            return ""
        end = self.store.find(b"\0", offset)
        try:
            return self._cut(offset, end - offset).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError(WHAT, f"tag {tag} is not UTF-8") from error

    def integer(self, tag: int) -> int:
        """Return the first number of a tag; zero where it is absent or of another type.

        Raises:
            MalformedError: It lies outside of the header.
        """
        kind, offset, _ = self.index.get(tag, (0, 0, 0))
        return int.from_bytes(self._cut(offset, _INTEGERS[kind]), "big", signed=True) if kind in _INTEGERS else 0

    def _cut(self, offset: int, size: int) -> bytes:
        found = self.store[offset : offset + size] if size >= 0 else b""
        if len(found) != size:
            raise MalformedError(WHAT, "a value outside of its header")
        return found


@value
class Package:
    """A package: its two headers, and all that is signed, the header and the payload."""

    signatures: Header
    header: Header
    signed: bytes = field(repr=False)

    def pgp_signature(self) -> bytes:
        """Return the OpenPGP signature over header and payload.

        Raises:
            MalformedError: None; newer packages may have one over the header only, which leaves the payload open.
        """
        found: Sequence[bytes | None] = [self.signatures.binary(tag) for tag in _PGP_SIGNATURES]
        signature = next((each for each in found if each is not None), None)
        if signature is None:
            raise MalformedError(WHAT, "no OpenPGP signature over header and payload; sign with rpmsign --rpmv3")
        return signature


def parse_package(raw: bytes) -> Package:
    """Parse lead and headers; the payload is not looked into.

    Raises:
        MalformedError: Not an RPM package.
        LimitExceeded: A header larger than any.
    """
    reader = Reader(raw, WHAT)
    lead = reader.take(_LEAD_SIZE)
    kind = int.from_bytes(lead[78:80], "big")
    if not lead.startswith(_LEAD) or lead[4] not in _VERSIONS or kind != _HEADER_SIGNATURE:
        raise MalformedError(WHAT, "it does not begin as one")
    signatures = _read_header(reader)
    reader.take(-len(signatures.store) % _ALIGNMENT)
    start = reader.offset
    return Package(signatures, _read_header(reader), raw[start:])


def _read_header(reader: Reader) -> Header:
    if reader.take(3) != _HEADER:
        raise MalformedError(WHAT, "no header where one should be")
    reader.take(5)
    entries, size = reader.integer(4), reader.integer(4)
    if entries > _MAX_INDEX or size > _MAX_STORE:
        raise LimitExceeded(WHAT, f"a header of {entries} tags and {size} bytes")
    index: dict[int, tuple[int, int, int]] = {}
    for _ in range(entries):
        tag, kind, offset, count = (reader.integer(_INDEX_SIZE // 4) for _ in range(4))
        index.setdefault(tag, (kind, offset, count))
    return Header(index, reader.take(size))
