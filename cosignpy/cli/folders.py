"""A folder whose files are compared with a list: nothing outside of it is read, whatever names and links say."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISLNK, S_ISREG
from typing import NoReturn

from cosignpy.errors import FileError
from cosignpy.operations.artifacts import LocalFile
from cosignpy.values import field, value


@value
class LocalFolder:
    """A folder by its path, and by where that leads."""

    path: str
    root: Path
    followed: dict[str, Path] = field(default_factory=dict, repr=False)
    """Where folders lead, by their names."""

    @classmethod
    def open(cls, path: str) -> "LocalFolder":
        """Find it.

        Raises:
            FileError: It is not there, or not a folder.
        """
        root = Path(path).resolve()
        if not root.is_dir():
            raise FileError(path, "not a folder")
        return cls(path, root)

    def read_digests(self, name: str, algorithms: frozenset[str]) -> Mapping[str, bytes] | None:
        """Hash a file piece by piece; None where there is none.

        Raises:
            FileError: It cannot be read, is not a file, or a link on the way leads out of the folder.
        """
        found = self._find(name)
        return None if found is None else LocalFile(found).read_digests(algorithms)

    def _find(self, name: str) -> Path | None:
        """Return where a name leads, once all links are followed; the way to a folder of many files is gone once."""
        above, _, last = name.rpartition("/")
        try:
            if above not in self.followed:
                self.followed[above] = (self.root / above).resolve(strict=True)
            found = self.followed[above] / last
            if S_ISLNK(found.lstat().st_mode):
                found = found.resolve(strict=True)
            mode = found.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, RuntimeError) as error:  # of links that lead to themselves older Pythons raise RuntimeError
            raise FileError(self.path, str(getattr(error, "strerror", None) or error).lower()) from error
        if not found.is_relative_to(self.root):
            raise FileError(self.path, "it is a link that leads out of the folder")
        if not S_ISREG(mode):
            raise FileError(self.path, "it is not a file")
        return found

    def names(self) -> Iterator[str]:
        """Return the names of everything that is not a folder, links to folders included.

        Raises:
            FileError: A folder cannot be read.
        """
        for folder, inner, files in os.walk(self.root, onerror=_refuse):
            here = Path(folder)
            links = [name for name in inner if (here / name).is_symlink()]
            for name in (*files, *links):
                yield (here / name).relative_to(self.root).as_posix()

    def name_of(self, path: str) -> str | None:
        """Return by which name a file of the command line is in the folder, None where it is not, as standard input."""
        if path == "-":
            return None
        found = Path(path).resolve()
        return found.relative_to(self.root).as_posix() if found.is_relative_to(self.root) else None


def _refuse(error: OSError) -> NoReturn:
    raise FileError(str(error.filename), (error.strerror or str(error)).lower()) from error
