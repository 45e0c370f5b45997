"""Whether the files with credentials, and the helpers that they name, are any good; no secret leaves this module."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cosignpy.errors import CosignError, FileError, HelperFailed, MalformedError, UsageError
from cosignpy.registry.credential_files import CredentialFile, candidate_files
from cosignpy.registry.credential_helpers import Helper
from cosignpy.values import field, value

HELPER_SECONDS: Final = 5.0
"""Who only wants to know whether a helper works does not wait as long as who needs it."""

_OTHERS_READ: Final = stat.S_IRGRP | stat.S_IROTH


@value
class CheckedFile:
    """A file that exists: how many registries it knows, whether it has secrets in it, and whether others read them."""

    path: Path
    entries: int = 0
    holds_secrets: bool = False
    readable_by_others: bool = False
    helpers: tuple[Helper, ...] = ()
    error: CosignError | None = None


@value
class CheckedHelper:
    """A helper that was asked which servers it knows."""

    helper: Helper
    is_installed: bool = True
    error: CosignError | None = field(default=None)

    @property
    def is_silent(self) -> bool:
        """Whether it could not be run, or did not end."""
        return isinstance(self.error, UsageError)


def check_files(environment: Mapping[str, str]) -> Iterator[CheckedFile]:
    """Look at every file where credentials are looked for; one is looked at once, whichever variables name it."""
    for path in dict.fromkeys(candidate_files(environment)):
        try:
            file = CredentialFile.load(path)
            if file is not None:
                yield _describe(file)
        except (FileError, MalformedError) as error:
            yield CheckedFile(path, error=error)


def check_helper(helper: Helper, environment: Mapping[str, str], seconds: float = HELPER_SECONDS) -> CheckedHelper:
    """Ask a helper which servers it knows."""
    if not helper.is_installed(environment):
        return CheckedHelper(helper, is_installed=False)
    try:
        helper.list_servers(environment, seconds)
    except (HelperFailed, MalformedError, UsageError) as error:
        return CheckedHelper(helper, error=error)
    return CheckedHelper(helper)


def _describe(file: CredentialFile) -> CheckedFile:
    held = list(file.credentials())
    readable = bool(file.path.stat().st_mode & _OTHERS_READ)
    return CheckedFile(file.path, len(held), any(held), readable, file.helpers())
