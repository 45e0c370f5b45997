"""Writing a key pair to two files: atomically, and never over existing ones without consent."""

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, Self

from cosignpy.errors import FileError
from cosignpy.values import value

_PRIVATE_MODE: Final = 0o600
_PUBLIC_MODE: Final = 0o644

Consent = Callable[[str], None]
"""Asks whether a file may be overwritten, and raises where it may not."""


@value
class OutputFile:
    """A file to be written whole or not at all."""

    path: Path
    mode: int

    def claim(self, consent: Consent) -> bool:
        """Return whether there is a file that may be replaced; before anything is written.

        Raises:
            FileError: Something else than a file is in the way, or the folder is missing.
        """
        if not self.path.parent.is_dir():
            raise FileError(str(self.path), f"there is no folder {self.path.parent}")
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _failure(self.path, error) from error
        if not stat.S_ISREG(found.st_mode):
            # Replacing a link would leave its target behind; following it could write anywhere.
            raise FileError(str(self.path), "exists and is not a regular file")
        consent(str(self.path))
        return True

    def stage(self, content: bytes) -> Path:
        """Write the content durably beside its final place and return where.

        Raises:
            FileError: It cannot be written; nothing is left behind.
        """
        try:
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        except OSError as error:
            raise _failure(self.path, error) from error
        staged = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fchmod(stream.fileno(), self.mode)
                os.fsync(stream.fileno())
        except OSError as error:
            discard(staged)
            raise _failure(self.path, error) from error
        return staged

    def reserve(self) -> None:
        """Take the name of a file that is not there yet, atomically.

        Raises:
            FileError: It is there by now, or the folder does not allow it.
        """
        try:
            self.path.touch(self.mode, exist_ok=False)
        except OSError as error:
            raise _failure(self.path, error) from error

    def commit(self, staged: Path) -> None:
        """Move staged content into place.

        Raises:
            FileError: The folder does not allow it.
        """
        try:
            staged.replace(self.path)
        except OSError as error:
            raise _failure(self.path, error) from error


@value
class PairFiles:
    """The two files of a key pair."""

    private: OutputFile
    public: OutputFile
    consent: Consent

    @classmethod
    def with_prefix(cls, prefix: str, consent: Consent) -> Self:
        """Name the files as cosign does: `PREFIX.key` and `PREFIX.pub`."""
        return cls(
            OutputFile(Path(f"{prefix}.key"), _PRIVATE_MODE), OutputFile(Path(f"{prefix}.pub"), _PUBLIC_MODE), consent
        )

    def claim(self) -> Callable[[bytes, bytes], None]:
        """Make sure that both files may be written, and return what writes them.

        Raises:
            FileError: Something is in the way.
        """
        files = (self.private, self.public)
        return partial(_save, files, [file.claim(self.consent) for file in files])


def save_public_key(path: str, content: bytes, consent: Consent) -> None:
    """Write one public key file.

    Raises:
        FileError: Something is in the way, or it cannot be written.
    """
    file = OutputFile(Path(path), _PUBLIC_MODE)
    _save((file,), [file.claim(consent)], content)


def _save(files: tuple[OutputFile, ...], replacing: list[bool], *contents: bytes) -> None:
    """Write all, then reserve all names, then move all: what can fail has failed before anything is replaced."""
    leftovers: list[Path] = []
    try:
        for file, content in zip(files, contents, strict=True):
            leftovers.append(file.stage(content))
        staged = tuple(leftovers)
        for file, consented in zip(files, replacing, strict=True):
            if not consented:
                file.reserve()
                leftovers.append(file.path)
        for file, place in zip(files, staged, strict=True):
            file.commit(place)
        leftovers.clear()
    finally:
        for place in leftovers:
            discard(place)


def discard(staged: Path) -> None:
    """Remove a file that is not to stay, if it is there: a staged one may have been moved already."""
    with suppress(FileNotFoundError):
        staged.unlink()


def _failure(path: Path, error: OSError) -> FileError:
    return FileError(str(path), f"cannot be written: {error.strerror}")
