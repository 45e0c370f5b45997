"""Compare a folder with a list of checksums that somebody signed; what the list says is believed here."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, Protocol

from cosignpy.core.checksums import ListedFile
from cosignpy.errors import DigestMismatch, FileError, FilesMismatch, LimitExceeded, Rejection
from cosignpy.operations.parallel import run_parallel
from cosignpy.values import value

MAX_UNLISTED: Final = 100_000
"""Files that no list names before a folder is taken for the wrong one."""


class Folder(Protocol):
    """Where the files are."""

    @property
    def path(self) -> str:
        """What people call it."""
        ...

    def read_digests(self, name: str, algorithms: frozenset[str]) -> Mapping[str, bytes] | None:
        """Return the digests of a file, None where there is none.

        Raises:
            FileError: It cannot be read, is not a file, or is not in the folder, whatever its name says.
        """
        ...

    def names(self) -> Iterator[str]:
        """Return the names of everything in it that is not a folder.

        Raises:
            FileError: A folder cannot be read.
        """
        ...


class Unlisted(Enum):
    """What becomes of files that are in the folder and not in the list: nobody signed them."""

    IGNORE = "ignore"
    TELL = "tell"
    REFUSE = "refuse"


@value
class FilesPolicy:
    """What is asked for besides: a list says what files are, not that they are all there, or that nothing else is.

    `own_files` are the list itself and its signature, by their names in the folder.
    """

    may_be_missing: bool = False
    unlisted: Unlisted = Unlisted.TELL
    own_files: frozenset[str] = frozenset()


@value
class CheckedFiles:
    """What was shown, by name: files that are what the list says; and what is missing in the folder, or in the list.

    `unlisted` is None where nobody looked.
    """

    checked: tuple[ListedFile, ...]
    missing: tuple[str, ...]
    unlisted: tuple[str, ...] | None


def check_files(listed: Sequence[ListedFile], folder: Folder, policy: FilesPolicy) -> CheckedFiles:
    """Show that files are what a list says; all of them are looked at, several at once.

    Raises:
        FilesMismatch: One is missing, cannot be read, is another, or is not listed; or none at all is there.
        FileError: The folder cannot be read.
        LimitExceeded: Too many files in it that the list does not name.
    """
    outcomes = run_parallel(lambda file: _check(file, folder), listed)
    rejections: list[Rejection] = []
    checked: list[ListedFile] = []
    missing: list[str] = []
    for file, outcome in zip(listed, outcomes, strict=True):
        if isinstance(outcome.error, FileError | DigestMismatch):
            rejections.append(Rejection(file.name, outcome.error))
        elif outcome.unwrap():
            checked.append(file)
        else:
            missing.append(file.name)
    ignored = policy.unlisted is Unlisted.IGNORE
    unlisted = () if ignored else _find_unlisted(listed, folder, policy)
    if not policy.may_be_missing or not checked:
        rejections += [Rejection(name, FileError(folder.path, "it is not there")) for name in missing]
    if policy.unlisted is Unlisted.REFUSE:
        rejections += [Rejection(name, FileError(folder.path, "it is there and not in the list")) for name in unlisted]
    if rejections:
        raise FilesMismatch(folder.path, rejections)
    return CheckedFiles(tuple(checked), tuple(missing), None if ignored else unlisted)


def _check(file: ListedFile, folder: Folder) -> bool:
    """Compare a file by every digest that is listed; tell whether it is there."""
    found = folder.read_digests(file.name, frozenset(file.digests))
    if found is None:
        return False
    for algorithm, wanted in file.digests.items():
        if found[algorithm] != wanted:
            raise DigestMismatch("it", f"{algorithm}:{wanted.hex()}", f"{algorithm}:{found[algorithm].hex()}")
    return True


def _find_unlisted(listed: Sequence[ListedFile], folder: Folder, policy: FilesPolicy) -> tuple[str, ...]:
    known = {file.name for file in listed} | policy.own_files
    found: list[str] = []
    for name in folder.names():
        if name not in known:
            found.append(name)
        if len(found) > MAX_UNLISTED:
            raise LimitExceeded(folder.path, f"more than {MAX_UNLISTED} files that the list does not name")
    return tuple(sorted(found))
