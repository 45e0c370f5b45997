"""What lies in a mirror's cache, without believing any of it: for diagnosis alone.

Nothing is verified, fetched or written here.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.core.trust.validity import parse_time
from cosignpy.errors import FileError, LimitExceeded, MalformedError
from cosignpy.files import explain, is_ours
from cosignpy.services.tuf.cache_folder import CacheFolder
from cosignpy.services.tuf.sources import MAX_FILE
from cosignpy.services.tuf.turns import try_turn
from cosignpy.values import field, value

ROLES: Final = ("root", "timestamp", "snapshot", "targets")


@value
class CacheState:
    """What lies there: when each role's metadata expires, what cannot be read, and what others could have written."""

    expires: Mapping[str, datetime] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    is_locked: bool = False


def inspect_cache(folder: CacheFolder) -> CacheState:
    """Look at the cache of one mirror."""
    expires: dict[str, datetime] = {}
    unreadable: dict[str, str] = {}
    for role in ROLES:
        path = folder.path / f"{role}.json"
        try:
            moment = _read_expiry(path)
        except (FileError, MalformedError) as error:
            unreadable[str(path)] = error.why
            continue
        if moment is not None:
            expires[role] = moment
    foreign, locked = _find_foreign(folder, unreadable), _is_locked(folder, unreadable)
    return CacheState(expires, unreadable, tuple(foreign), locked)


def _read_expiry(path: Path) -> datetime | None:
    """Return when metadata expires, None where there is none."""
    try:
        with explain(path), path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except FileError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    if len(raw) > MAX_FILE:
        raise LimitExceeded(path.name, f"at most {MAX_FILE} bytes are accepted")
    signed = JsonObject.parse(raw, what=path.name).child("signed")
    return parse_time(signed.text("expires"), what=path.name)


def _find_foreign(folder: CacheFolder, unreadable: dict[str, str]) -> Iterator[str]:
    for path in (folder.path.parent, folder.path, folder.lock.parent, folder.path / "root.json"):
        try:
            with explain(path):
                if path.exists() and not is_ours(path.stat()):
                    yield str(path)
        except FileError as error:
            unreadable.setdefault(str(path), error.why)


def _is_locked(folder: CacheFolder, unreadable: dict[str, str]) -> bool:
    try:
        with explain(folder.lock):
            if not folder.lock.exists():
                return False
        with try_turn(folder.lock) as free:
            return not free
    except FileError as error:
        unreadable.setdefault(str(folder.lock), error.why)
        return False
