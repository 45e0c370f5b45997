"""An update by The Update Framework (TUF specification section 5), with time and transport of our own.

The framework decides everything: this module hands it files, catches what it raises, and says it in one line. Only
this module and `fetcher` import it, and with it `urllib3`, which it never uses here.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tuf.api.exceptions import (
    BadVersionNumberError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from cosignpy.errors import FileError, LimitExceeded, MalformedError, UntrustedRepository
from cosignpy.services.tuf.cache_folder import CacheFolder
from cosignpy.services.tuf.fetcher import Refusal, SourceFetcher
from cosignpy.services.tuf.initial_root import MAX_ROOT
from cosignpy.services.tuf.mirror import TARGETS
from cosignpy.services.tuf.sources import MAX_FILE, Source
from cosignpy.values import value

_CONFIG: Final = UpdaterConfig(root_max_length=MAX_ROOT, snapshot_max_length=MAX_FILE, targets_max_length=MAX_FILE)

_REASONS: Final[Mapping[type[RepositoryError], str]] = {
    ExpiredMetadataError: "expired",
    BadVersionNumberError: "rolled back, or mixed from different times",
    LengthOrHashMismatchError: "not what was signed",
    UnsignedMetadataError: "not signed by those who have to",
    RepositoryError: "unusable",
}
"""The first class that an error is an instance of counts."""


@value
class Start:
    """What an update begins with: the mirror's folder in the cache, the root that is trusted, and the time."""

    folder: CacheFolder
    root: bytes
    now: datetime


@value
class Verified:
    """What an update proved: the contents of targets, None for one that is not there, and until when that holds."""

    expires: int
    contents: Mapping[str, bytes | None]


def update(start: Start, source: Source, names: Iterable[str]) -> Verified:
    """Bring the metadata in a folder up to date, and get targets.

    Raises:
        UntrustedRepository: What the source has cannot be believed.
        RemoteError: The source cannot be asked.
        LimitExceeded: A file has no end, or a target's is not accepted.
        MalformedError: The root to begin with is not one.
        FileError: The folder cannot be written.
    """
    with _explaining(start, source):
        updater = _ClockedUpdater(start, source)
        updater.refresh()
        contents = {name: updater.content(name) for name in names}
        return Verified(updater.expires(), contents)


class _ClockedUpdater(Updater):
    """The framework's updater at a time that is given, not asked of the system."""

    def __init__(self, start: Start, source: Source) -> None:
        self._folder = start.folder
        try:
            super().__init__(
                str(start.folder.path),
                source.url,
                str(start.folder.targets),
                f"{source.url}/{TARGETS}",
                SourceFetcher(source),
                _CONFIG,
                bootstrap=start.root,
            )
        except RepositoryError as error:
            raise MalformedError("initial root", _one_line(error)) from error
        self._trusted_set.reference_time = start.now

    def expires(self) -> int:
        """Return when the first piece of what is trusted now expires."""
        return min(int(signed.expires.replace(tzinfo=UTC).timestamp()) for signed in self._trusted_set)

    def content(self, name: str) -> bytes | None:
        """Return a target, from the cache where it is there already."""
        info = self.get_targetinfo(name)
        if info is None:
            return None
        if info.length > MAX_FILE:
            raise LimitExceeded(name, f"{info.length} bytes, at most {MAX_FILE} are accepted")
        cached = self.find_cached_target(info, str(self._folder.target(name)))
        if cached is not None:
            return Path(cached).read_bytes()
        with tempfile.TemporaryDirectory(prefix="cosignpy-") as aside:
            return Path(self.download_target(info, f"{aside}/target")).read_bytes()


@contextmanager
def _explaining(start: Start, source: Source) -> Iterator[None]:
    """Turn what the framework raises into one line."""
    try:
        yield
    except Refusal as error:
        raise error.absent.error from error
    except RepositoryError as error:
        told = next(told for kind, told in _REASONS.items() if isinstance(error, kind))
        raise UntrustedRepository(source.url, f"{told}: {_one_line(error)}", _hint(error, start)) from error
    except OSError as error:
        named = error.filename2 or error.filename or start.folder.path
        raise FileError(str(named), error.strerror or "cannot be written") from error


def _hint(error: RepositoryError, start: Start) -> str | None:
    if isinstance(error, ExpiredMetadataError):
        return (
            f"this machine says it is {start.now:%Y-%m-%d %H:%M} UTC; if so, somebody withholds or forgot a newer one"
        )
    if isinstance(error, BadVersionNumberError):
        return f"this machine has seen newer; if the repository was begun anew, remove {start.folder.path}"
    return None


def _one_line(error: RepositoryError) -> str:
    return " ".join(str(error).split())
