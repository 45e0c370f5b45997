"""Entries as pages show them: a line in a list, or one entry in full."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.ct.entry import EntryType
from cosignpy.core.ct.tile_leaf import TileLeaf
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.tiles import TILE_WIDTH
from cosignpy.core.x509.certificate import Certificate
from cosignpy.errors import CosignError
from cosignpy.values import field, value
from log_server.log import LogKind
from log_server.web.bodies import Said, view_body
from log_server.web.places import Place
from log_server.web.signers import SignerView, view_certificate

_CERTIFIED: Final[Mapping[EntryType, str]] = {EntryType.X509: "certificate", EntryType.PRECERTIFICATE: "precertificate"}


@value
class EntryView:
    """One entry: its place and time, what it says, who signed, and the bytes that the tree hashes."""

    path: str
    index: int
    moment: datetime
    kind: str
    leaf: bytes = field(repr=False)
    said: tuple[Said, ...] = ()
    signers: tuple[SignerView, ...] = ()
    body: str = field(default="", repr=False)

    @property
    def leaf_hash(self) -> str:
        """The hash that the tree holds, in hex."""
        return hash_leaf(self.leaf).hex()

    @property
    def title(self) -> str:
        """Who, or else what, the entry is about, in one line."""
        return next((signer.title for signer in self.signers if signer.title), self.what)

    @property
    def what(self) -> str:
        """The first thing the entry says, which is a digest if it has one."""
        return self.said[0].text if self.said else ""


def view_entry(place: Place, index: int) -> EntryView:
    """Read one published entry.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    return view_entries(place, (index,))[0]


def view_entries(place: Place, indices: Sequence[int]) -> tuple[EntryView, ...]:
    """Read several published entries, each file they lie in once.

    Raises:
        LogDamaged: A file is missing or wrong.
    """
    reader = place.shard.reader
    files = {
        number: (reader.entries(number), reader.annotations(number))
        for number in dict.fromkeys(index // TILE_WIDTH for index in indices)
    }
    found = []
    for index in indices:
        sealed, annotated = files[index // TILE_WIDTH]
        at = index % TILE_WIDTH
        found.append(_view_sealed(place, index, sealed[at], annotated[at].timestamp_ms))
    return tuple(found)


def _view_sealed(place: Place, index: int, sealed: bytes, timestamp_ms: int) -> EntryView:
    moment = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    leaf = place.shard.reader.form.merkle_leaf(sealed)
    described = _DESCRIBE[place.kind](sealed, leaf)
    return EntryView(
        place.entry_path(index), index, moment, described.kind, leaf, described.said, described.signers, described.body
    )


@value
class _Described:
    """What an entry's bytes say, whichever protocol wrote them."""

    kind: str
    said: tuple[Said, ...] = ()
    signers: tuple[SignerView, ...] = ()
    body: str = ""


def _describe_body(_sealed: bytes, leaf: bytes) -> _Described:
    view = view_body(leaf)
    return _Described(view.kind, view.said, view.signers, leaf.decode("utf-8", "replace"))


def _describe_certificate(sealed: bytes, _leaf: bytes) -> _Described:
    """Take a TileLeaf apart (static-ct-api, "Log entries"); a certificate that cannot be read is shown as bytes."""
    entry = TileLeaf.parse(sealed)
    kind = _CERTIFIED[entry.timestamped.entry.kind]
    said = tuple(Said("Issuer, SHA-256", fingerprint.hex()) for fingerprint in entry.chain)
    try:
        view = view_certificate(Certificate.parse(entry.certificate))
    except CosignError as error:
        return _Described(kind, (Said("Certificate", str(error)), *said))
    return _Described(kind, said, (SignerView("", certificate=view),))


_DESCRIBE: Final[Mapping[LogKind, Callable[[bytes, bytes], _Described]]] = {
    LogKind.REKOR_V1: _describe_body,
    LogKind.REKOR_V2: _describe_body,
    LogKind.CT: _describe_certificate,
}
