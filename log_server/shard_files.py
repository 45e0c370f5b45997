"""A shard on disk: `<data>/<log>/<number>/` with `shard.json`, its key, its journal, its index, and `log/`.

`log/` holds what anyone may copy: checkpoint, tiles, entry bundles. Serving that folder with any web
server serves the log. The key stands beside it, never in it.
"""

import re
import secrets
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import JsonObject, encode_canonical_json
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.files import explain, write_file
from cosignpy.values import value
from log_server.log import LogKind
from log_server.storage.journal import FileJournal
from log_server.storage.posix import PosixObjects
from log_server.storage.room import RESERVE, DiskRoom
from log_server.storage.segment import sync_directory
from log_server.storage.sqlite_index import SqliteIndex, open_index_reader
from log_server.tlog.entry_form import EntryForm
from log_server.tlog.reader import LogReader
from log_server.tlog.sequencer import Storage

_DESCRIPTION: Final = "shard.json"
_MAX_DESCRIPTION: Final = 64 * 1024
_NUMBER_WIDTH: Final = 4
_TREE_ID: Final = re.compile(r"[0-9a-f]{16}")
_USED: Final = ("journal", "log", "index")
"""What is in the folder of a shard once it was opened, which is after it was described."""


@value
class ShardFiles:
    """What `shard.json` says, and where it lies.

    `name` is the host name in checkpoints. `first` is the virtual index of entry 0: how many entries the
    shards before this one hold. `frozen` is the size at which the shard ended, None while it grows.
    """

    directory: Path
    kind: LogKind
    name: str
    tree_id: int
    public_key: PublicKey
    first: int = 0
    frozen: int | None = None

    @classmethod
    def load(cls, directory: Path) -> "ShardFiles":
        """Read a shard's description.

        Raises:
            FileError: It cannot be read.
            MalformedError: It is not one.
        """
        path = directory / _DESCRIPTION
        with explain(path), path.open("rb") as file:
            raw = file.read(_MAX_DESCRIPTION)
        found = JsonObject.parse(raw, what=str(path))
        found.refuse_unknown("log", "name", "treeId", "publicKey", "firstIndex", "frozenSize")
        if found.text("log") not in set(LogKind):
            raise found.malformed("log", f"not one of {', '.join(LogKind)}")
        return cls(
            directory,
            LogKind(found.text("log")),
            found.text("name"),
            _read_tree_id(found),
            PublicKey.parse_pem(found.text("publicKey").encode(), what=str(path)),
            found.integer("firstIndex"),
            found.integer("frozenSize") if "frozenSize" in found else None,
        )

    def save(self) -> None:
        """Write the description; durable on return, with the names that lead to it.

        Raises:
            FileError: It cannot be written.
        """
        described: dict[str, str | int] = {
            "log": self.kind.value,
            "name": self.name,
            "treeId": f"{self.tree_id:016x}",
            "publicKey": self.public_key.encode_pem().decode(),
            "firstIndex": self.first,
        }
        if self.frozen is not None:
            described["frozenSize"] = self.frozen
        write_file(self.directory / _DESCRIPTION, encode_canonical_json(dict(described)) + b"\n")
        for folder in (self.directory, self.directory.parent, self.directory.parent.parent):
            with explain(folder):
                sync_directory(folder)

    def open_storage(self, reserve: int = RESERVE) -> Storage:
        """Open for writing, as long as `reserve` octets are free; the caller holds the data directory's lock.

        Raises:
            StorageError: Something cannot be opened.
        """
        return Storage(
            self.open_objects(),
            FileJournal(self.directory / "journal"),
            SqliteIndex(self.directory / "index"),
            DiskRoom(self.directory, reserve),
        )

    def open_reader(self, form: EntryForm) -> LogReader:
        """Open for reading."""
        return LogReader(self.open_objects(), open_index_reader(self.directory / "index"), form)

    def open_objects(self) -> PosixObjects:
        """Open what is public."""
        return PosixObjects(self.directory / "log")


def _read_tree_id(found: JsonObject) -> int:
    text = found.text("treeId")
    if not _TREE_ID.fullmatch(text):
        raise found.malformed("treeId", "not 16 hexadecimal digits")
    return int(text, 16)


def load_shards(data: Path, kind: LogKind) -> Sequence[ShardFiles]:
    """Read the shards of a log, the oldest first.

    Raises:
        FileError: A description cannot be read, or is gone.
        MalformedError: One is not as it should be, or their indices leave a gap.
    """
    shards = [ShardFiles.load(folder) for folder in sorted((data / kind).glob("*")) if _is_begun(folder)]
    if shards and shards[0].first:
        raise MalformedError(str(shards[0].directory), f"{shards[0].first} entries come before it; restore their shard")
    for before, after in pairwise(shards):
        if before.frozen is None or after.first != before.first + before.frozen:
            raise MalformedError(str(after.directory), f"it does not continue {before.directory.name}")
    return shards


def _is_begun(folder: Path) -> bool:
    """Tell a shard from what a crash left of its beginning, which is a key at the most.

    Raises:
        FileError: It was one, and its description is gone: to begin it anew would write over its key.
    """
    path = folder / _DESCRIPTION
    if path.exists():
        return True
    if any((folder / name).exists() for name in _USED):
        raise FileError(str(path), "the description of this shard is gone", "restore it from a copy")
    return False


def next_directory(data: Path, kind: LogKind) -> Path:
    """Return where the next shard of a log goes.

    Raises:
        UsageError: The last one still takes entries.
    """
    shards = load_shards(data, kind)
    if shards and shards[-1].frozen is None:
        raise UsageError(f"{shards[-1].directory} still takes entries", "freeze it first")
    return data / kind / str(len(shards) + 1).zfill(_NUMBER_WIDTH)


def describe_shard(directory: Path, kind: LogKind, name: str, key: PublicKey) -> ShardFiles:
    """Describe a new shard. Its tree id is random: Rekor's clients tell the shards of a log apart by it."""
    before = load_shards(directory.parent.parent, kind)
    first = before[-1].first + (before[-1].frozen or 0) if before else 0
    return ShardFiles(directory, kind, name, 1 + secrets.randbelow((1 << 63) - 1), key, first)
