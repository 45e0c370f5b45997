"""Admissions in files, one for each key, in a folder that nobody else may write to.

A file is replaced as a whole or not at all, so that processes may share the folder. What cannot be believed is as if it
were not there: the decision is made anew.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from cosignpy.errors import FileError
from cosignpy.files import PRIVATE, explain, is_ours, read_private, write_file
from cosignpy.imagepolicy.kept_decision import MAX_KEPT
from cosignpy.operations.decision_cache import MAX_DECISIONS
from cosignpy.values import value

_CHECKSUM: Final = 65
"""Bytes of the first line: SHA-256 of the rest, against files that were cut off, not against who can write them."""


@value
class DecisionFiles:
    """The folder; `warn` is told of what is there and cannot be used."""

    folder: Path
    warn: Callable[[str], None]
    most: int = MAX_DECISIONS

    @classmethod
    def open(cls, folder: Path, warn: Callable[[str], None], most: int = MAX_DECISIONS) -> "DecisionFiles":
        """Make the folder where there is none.

        Raises:
            FileError: It cannot be made, or others can write to it or to the one above it.
        """
        with explain(folder):
            for each in (folder.parent, folder):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not is_ours(each.stat()):
                    hint = f"take it from them: chmod go-w {each}; or leave out --decision-cache"
                    raise FileError(str(each), "others can write to it, and would decide what is admitted", hint)
        return cls(folder, warn, most)

    def load(self, key: str) -> bytes | None:
        """Return what was saved last; nothing where that is not whole, or others can have written it."""
        path = self._path(key)
        raw = read_private(path, MAX_KEPT + _CHECKSUM, folders=2)
        if raw is None:
            if _is_refused(path):
                self.warn(f"{path} is not used: it is too large, or others can have written it")
            return None
        content = raw[_CHECKSUM:]
        if raw[:_CHECKSUM] != _checksum(content):
            self.warn(f"{path} is not used: it is damaged")
            return None
        return content

    def save(self, key: str, content: bytes) -> None:
        """Save it, in place of what was there, and of the oldest where there are too many.

        That it cannot be saved changes no decision; it is only told.
        """
        if len(content) > MAX_KEPT:
            return
        try:
            write_file(self._path(key), _checksum(content) + content, PRIVATE)
            self._forget()
        except FileError as error:
            self.warn(f"a decision is not kept: {error}")

    def _forget(self) -> None:
        """Remove the oldest files, also those that a process left behind that was killed while it wrote."""
        with explain(self.folder):
            found = sorted(self._ages())
            for _, path in found[: -self.most]:
                Path(path).unlink(missing_ok=True)

    def _ages(self) -> Iterator[tuple[float, str]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # another process removed it
                    yield entry.stat(follow_symlinks=False).st_mtime, entry.path

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _is_refused(path: Path) -> bool:
    """Tell whether something is there that is no file of ours; one that another process just wrote is."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return not (stat.S_ISREG(found.st_mode) and is_ours(found) and found.st_size <= MAX_KEPT + _CHECKSUM)


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n"
