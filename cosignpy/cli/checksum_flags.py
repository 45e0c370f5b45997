"""Flags about a signed list of checksums, and the folder that is compared with it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from cosignpy.errors import UsageError
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.operations.check_files import CheckedFiles


@value
class ChecksumFlags:
    """Whether BLOB is such a list, and how strictly the folder has to be what it says."""

    check_files: Annotated[
        str | None,
        typer.Option(
            "--check-files",
            metavar="DIR",
            show_default=False,
            help="BLOB is a list as sha256sum writes it: verify every file of it below this folder too.",
        ),
    ] = None
    ignore_missing: Annotated[
        bool,
        typer.Option(
            "--ignore-missing/--no-ignore-missing",
            help="Files of the list may be missing, though not all; others are passed over, unless --strict is given.",
        ),
    ] = False
    strict: Annotated[
        bool, typer.Option("--strict/--no-strict", help="Files that are not in the list are an error, not a warning.")
    ] = False

    def refuse_alone(self) -> None:
        """Refuse what means nothing without a folder, and a folder without a name, of which nothing would be compared.

        Raises:
            UsageError: It is given.
        """
        if self.check_files == "":
            raise UsageError("--check-files names no folder", "is a variable unset that should have it?")
        if not self.check_files and (self.ignore_missing or self.strict):
            raise UsageError(
                "--ignore-missing and --strict are about the files of a list", "name their folder with --check-files"
            )

    def check(self, path: str, content: bytes, own_files: Iterable[str]) -> "CheckedFiles":
        """Compare a folder with a list; the list itself and its signature, by their paths, need not be listed.

        Raises:
            MalformedError: It is not a list.
            FilesMismatch: A file is not what it says.
            FileError: The folder cannot be read.
        """
        from cosignpy.cli.folders import LocalFolder
        from cosignpy.core.checksums import parse_checksums
        from cosignpy.operations.check_files import FilesPolicy, Unlisted, check_files

        folder = LocalFolder.open(path)
        own = frozenset(filter(None, map(folder.name_of, own_files)))
        unlisted = Unlisted.IGNORE if self.ignore_missing else Unlisted.TELL
        policy = FilesPolicy(self.ignore_missing, Unlisted.REFUSE if self.strict else unlisted, own)
        return check_files(parse_checksums(content), folder, policy)
