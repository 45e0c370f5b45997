"""One mirror's folder in the cache: metadata and targets where cosign has them, and our record below.

`root.json`, `root_history/`, `timestamp.json`, `snapshot.json` and `targets.json` are the framework's; `targets/` has
targets by their quoted names; `cosignpy/` has the record and the lock.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cosignpy.core.digest import Digest
from cosignpy.errors import MalformedError
from cosignpy.files import explain, read_private, write_file
from cosignpy.services.tuf.record import MAX_RECORD, Record
from cosignpy.values import value

_MAX_FILE: Final = 5_000_000
_ROOT_NAME: Final = re.compile(r"([0-9]{1,9})\.root\.json")


@value
class CacheFolder:
    """The folder by its path; it may not exist yet."""

    path: Path

    @property
    def targets(self) -> Path:
        """Where targets are."""
        return self.path / "targets"

    @property
    def lock(self) -> Path:
        """The file that processes take turns by."""
        return self.path / "cosignpy" / "lock"

    def target(self, name: str) -> Path:
        """Return where a target is."""
        return self.targets / quote(name, safe="")

    def load_record(self) -> Record | None:
        """Return the record, None where there is none that can be believed: it is ours alone to write, and whole."""
        raw = read_private(self._record, MAX_RECORD, folders=2)
        try:
            return None if raw is None else Record.parse(raw)
        except MalformedError:
            return None  # the framework verifies anew, and a new record is written

    def load_target(self, name: str, digest: Digest) -> bytes | None:
        """Return a target as it was verified, None where the file is something else by now."""
        try:
            raw = self.target(name).read_bytes()
        except OSError:
            return None
        return raw if Digest.of(raw, digest.algorithm) == digest else None

    def load_root(self) -> bytes | None:
        """Return the last root that was trusted for a mirror, unless others could have written it."""
        history = self.path / "root_history"
        versions = [int(match[1]) for path in history.glob("*.json") if (match := _ROOT_NAME.fullmatch(path.name))]
        last = history / f"{max(versions, default=0)}.root.json"
        return read_private(self.path / "root.json", _MAX_FILE) or read_private(last, _MAX_FILE)

    def create(self) -> None:
        """Make the folder.

        Raises:
            FileError: It cannot be made.
        """
        for folder in (self.path.parent, self.path, self.targets, self._record.parent):
            with explain(folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def save(self, record: Record, contents: Mapping[str, bytes | None]) -> None:
        """Write targets that changed, and then the record: until then, and after a crash, the old one is in force.

        Raises:
            FileError: Something cannot be written.
        """
        for name, content in contents.items():
            digest = record.targets[name]
            if content is not None and digest is not None and self.load_target(name, digest) is None:
                write_file(self.target(name), content)
        write_file(self._record, record.encode())

    @property
    def _record(self) -> Path:
        return self.path / "cosignpy" / "verified.json"
