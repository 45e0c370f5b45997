"""The configuration file as `cosignpy context` reads and changes it."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cosignpy.cli.configuration import configuration_file, is_there
from cosignpy.cli.contexts import Contexts, encode_contexts, load_contexts, parse_contexts
from cosignpy.errors import UsageError
from cosignpy.files import explain, write_file
from cosignpy.values import value


@value
class ContextStore:
    """A configuration file that need not be there yet."""

    path: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "ContextStore":
        """Return the store of whoever runs this.

        Raises:
            UsageError: There is no place for it.
        """
        path = configuration_file(environment)
        if path is None:
            raise UsageError("there is no folder for the configuration file", "set COSIGNPY_CONFIG to a file")
        return cls(path)

    def read(self) -> Contexts:
        """Return what the file says, nothing where there is none.

        Raises:
            FileError: It cannot be read, or others can write it.
            DocumentError: Something in it is not as it should be.
        """
        return load_contexts(self.path) if is_there(self.path) else Contexts()

    def change(self, change: Callable[[Contexts], Contexts]) -> None:
        """Replace what the file says, while nobody else does; a link to it stays one. Comments in it are lost.

        Raises:
            UsageError: As `change`.
            FileError: It cannot be read or written; it is as it was.
            DocumentError: As `read`; or the new content has too much in it, or characters that files cannot hold.
        """
        folder = self.path.parent
        with explain(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder):
            document = encode_contexts(change(self.read()), folder)
            parse_contexts(document, str(self.path))  # what could not be read again is not written
            write_file(Path(os.path.realpath(self.path)), document)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; whoever waits for it in vain is ended by `--timeout`."""
    with explain(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with explain(folder):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
