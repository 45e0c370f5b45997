"""Change what a tag names without losing what another writer put there meanwhile.

Registries have no conditional PUT, so a tag is changed by read, merge, write, and two writers can each
undo the other. Writers on this machine take turns by a lock on a file. Against writers elsewhere the tag
is read again after a moment in which they would have finished, and merged once more where our part is gone.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from cosignpy.core.oci.manifest import Manifest
from cosignpy.errors import FileError, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.values import value

MAX_ATTEMPTS: Final = 8
"""Lost that often, after backing off each time, a tag is not contended but broken."""

SETTLE_FACTOR: Final = 2.0
"""A writer elsewhere that read before our PUT has written after about as long as we took; twice to four times that."""
MIN_SETTLE: Final = 0.02
MAX_SETTLE: Final = 2.0
"""Seconds; a registry slower than that makes every signer wait, and loses an entry at worst until re-read."""

LOCK_TIMEOUT: Final = 60.0
"""Seconds to wait for other signers on this machine; a turn takes two requests, of 30 s at the very most."""
_LOCK_POLL: Final = 0.01
_STRIPES: Final = 256
"""Lock files in all: a tag's is chosen by hash, so that they do not pile up one per image."""


class TagAccess(Protocol):
    """One tag of one repository, read and written without any care."""

    @property
    def name(self) -> str:
        """The tag with its registry and repository."""
        ...

    def fetch(self) -> Manifest | None:
        """Return what the tag names now, None where it does not exist."""
        ...

    def push(self, manifest: Manifest) -> None:
        """Make the tag name this manifest."""
        ...


class TagLock(Protocol):
    """Keeps the other writers of this machine out of one tag."""

    def hold(self, name: str, clock: Clock) -> contextlib.AbstractContextManager[None]:
        """Hold the lock of a tag for the duration of a `with` block."""
        ...


@value
class TagUpdater:
    """Updates tags so that concurrent writers lose nothing."""

    lock: TagLock
    clock: Clock

    def update(self, access: TagAccess, merge: Callable[[Manifest | None], Manifest]) -> Manifest:
        """Make a tag name `merge(what it names)`, and see to it that it stays so.

        Raises:
            RemoteError: Other writers undid it `MAX_ATTEMPTS` times.
        """
        for attempt in range(MAX_ATTEMPTS):
            with self.lock.hold(access.name, self.clock):
                started = self.clock.monotonic()
                current = access.fetch()
                wanted = merge(current)
                if current is not None and current.raw == wanted.raw:
                    return wanted
                access.push(wanted)
                took = self.clock.monotonic() - started
            self._settle(took, attempt)
            settled = access.fetch()
            if settled is not None and merge(settled).raw == settled.raw:
                return settled
        raise _undone(access.name)

    def _settle(self, took: float, attempt: int) -> None:
        """Wait for writers that had read before we wrote; longer with each attempt, so that they spread."""
        seconds = SETTLE_FACTOR * took * 2**attempt * (1 + self.clock.chance())
        self.clock.sleep(min(max(seconds, MIN_SETTLE), MAX_SETTLE))


def _undone(name: str) -> RemoteError:
    return RemoteError(
        service="registry",
        url=name,
        status=None,
        detail=f"others replaced the tag {MAX_ATTEMPTS} times; what was signed is pushed, but not listed there",
        retryable=True,
        hint="let no other tool write this tag and sign again, or use a registry with the referrers API",
    )


@value
class FileLock:
    """Locks on files in a directory of the user's: they hold between processes and between threads."""

    directory: Path

    @contextlib.contextmanager
    def hold(self, name: str, clock: Clock) -> Iterator[None]:
        """Hold the lock of a tag.

        Raises:
            FileError: The file cannot be made, or somebody else holds the lock for too long.
        """
        stripe = hashlib.sha256(name.encode()).digest()[0] % _STRIPES
        path = self.directory / f"tag-{stripe:02x}.lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise FileError(str(path), error.strerror or "cannot be locked") from error
        try:
            _acquire(handle, path, clock)
            yield
        finally:
            os.close(handle)


def _acquire(handle: int, path: Path, clock: Clock) -> None:
    deadline = clock.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if clock.monotonic() >= deadline:
                why = f"another process has held the lock for {LOCK_TIMEOUT:.0f} seconds"
                raise FileError(str(path), why) from error
            clock.sleep(_LOCK_POLL)
        else:
            return


def lock_directory(environment: Mapping[str, str], temporary: Path) -> Path:
    """Choose and make the directory for locks.

    It lies in the user's cache or, where there is no writable home, below the temporary directory.

    Raises:
        FileError: Neither can be made, or the latter belongs to somebody else.
    """
    home_cache = Path(environment.get("HOME", "/")) / ".cache"
    cache = Path(environment.get("XDG_CACHE_HOME") or home_cache)
    try:
        return _make_private(cache / "cosignpy" / "locks")
    except OSError:
        fallback = temporary / f"cosignpy-locks-{os.getuid()}"
    try:
        return _make_private(fallback)
    except OSError as error:
        hint = "set XDG_CACHE_HOME to a directory that you may write to"
        raise FileError(str(fallback), error.strerror or "cannot be made", hint) from error


def _make_private(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "belongs to another user or cannot be written", str(path))
    return path
