"""What a face tells the engine about its entries: their bytes in a bundle, and what the tree hashes.

Rekor's leaf is the entry itself. A certificate transparency leaf holds the time and the index, which are
known only once the entry is sequenced; that is why `seal` exists.
"""

from collections.abc import Sequence
from typing import Protocol

from cosignpy.core.merkle import tiles


class EntryForm(Protocol):
    """How entries of one kind of log are written. Modules and classes may both stand behind it."""

    @property
    def data_path(self) -> str:
        """Name the folder of the entry bundles below `tile/`: `entries` or, for static-CT, `data`."""
        ...

    def seal(self, content: bytes, index: int, timestamp_ms: int) -> bytes:
        """Write an entry as it stands in its bundle, length prefix included if the form has one."""
        ...

    def merkle_leaf(self, entry: bytes) -> bytes:
        """Return the bytes of which RFC 6962 hashes the leaf, from a sealed entry."""
        ...

    def split(self, bundle: bytes, width: int) -> Sequence[bytes]:
        """Split a bundle into its sealed entries. Bundles are joined by concatenation.

        Raises:
            MalformedError: The bundle does not hold exactly `width` entries.
        """
        ...

    def needed(self, entry: bytes) -> Sequence[str]:
        """Name the objects without which a sealed entry cannot be shown.

        Raises:
            MalformedError: It is not an entry.
        """
        ...


class PlainForm:
    """C2SP tlog-tiles: two octets of length, then the entry, which is also the leaf."""

    data_path = "entries"

    def seal(self, content: bytes, index: int, timestamp_ms: int) -> bytes:  # noqa: ARG002 # the port's parameters
        """Prefix the length (tlog-tiles, "Log entries")."""
        return len(content).to_bytes(2, "big") + content

    def merkle_leaf(self, entry: bytes) -> bytes:
        """Drop the length."""
        return entry[2:]

    def split(self, bundle: bytes, width: int) -> Sequence[bytes]:
        """Split at the lengths.

        Raises:
            MalformedError: The bundle does not hold exactly `width` entries.
        """
        return [self.seal(entry, 0, 0) for entry in tiles.parse_entry_bundle(bundle, width)]

    def needed(self, entry: bytes) -> Sequence[str]:  # noqa: ARG002 # the port's parameter
        """Need nothing: the entry is all there is."""
        return ()
