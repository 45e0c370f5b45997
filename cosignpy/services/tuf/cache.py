"""The cache of trust: targets of a mirror, verified, and asked for again only when they are about to expire.

A valid cache is read without the framework, without a lock and without a socket. Everything else is an update, which
one process makes while the others wait for it. A cache is replaced only by what was verified whole.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.core.digest import Digest
from cosignpy.errors import (
    CosignError,
    FileError,
    MalformedError,
    NoSuchTarget,
    RemoteError,
    UntrustedRepository,
    UsageError,
)
from cosignpy.net.clock import Clock
from cosignpy.services.tuf.cache_folder import CacheFolder
from cosignpy.services.tuf.mirror import TARGETS, Mirror
from cosignpy.services.tuf.record import Record
from cosignpy.services.tuf.turns import take_turn, try_turn
from cosignpy.values import replace, value

if TYPE_CHECKING:
    from cosignpy.net.http import Sender
    from cosignpy.services.tuf.sources import Source

TRUSTED_ROOT: Final = "trusted_root.json"
SIGNING_CONFIG: Final = "signing_config.v0.2.json"
SIGNING_CONFIG_REKOR_V2: Final = "signing_config_rekor_v2.v0.2.json"
"""What Sigstore publishes beside it for those who want the log of Rekor v2 before all have to."""

UPDATE_SECONDS: Final = 60.0
"""For all requests of one update: a dozen small files, of which most are there already."""

_ALWAYS: Final = (TRUSTED_ROOT, SIGNING_CONFIG)
_UPDATE_FAILED: Final = (FileError, MalformedError, RemoteError, UntrustedRepository)
"""What leaves the cache as useful as it was; a deadline of the whole command does not."""


@value
class TrustPorts:
    """What the cache needs of the world: a client, None where nothing may be fetched; time; who hears warnings."""

    http: "Sender | None"
    clock: Clock
    warn: Callable[[str], None]


@value
class _Kept:
    """A target as the cache has it; no content where the repository has no such target."""

    record: Record
    content: bytes | None


class TrustCache:
    """The cache of one mirror, below the folder of all caches."""

    def __init__(self, folder: Path, mirror: Mirror, ports: TrustPorts) -> None:
        self.mirror = mirror
        self.folder = CacheFolder(folder / mirror.folder_name)
        self._ports = ports

    def target(self, name: str = TRUSTED_ROOT) -> bytes:
        """Return a target that is valid now.

        Raises:
            NoSuchTarget: The repository does not have it.
            UntrustedRepository: What the mirror has cannot be believed, and the cache is not valid any more.
            RemoteError: The mirror cannot be asked, and the cache is not valid any more.
            UsageError: Nobody said what trust in this mirror begins with.
            MalformedError: What somebody said it begins with is not a root, or a file has no end.
            FileError: The cache cannot be written.
        """
        now = self._ports.clock.wall()
        kept = self._load(name, now)
        if kept is None:
            with take_turn(self.folder.lock, self._ports.clock):
                # Somebody else may have had the turn before.
                kept = self._load(name, self._ports.clock.wall()) or self._obtain(name)
        elif self._ports.http is not None and kept.record.is_due(now):
            kept = self._renew(name, kept)
        if kept.content is None:
            raise NoSuchTarget(name, self.mirror.url)
        return kept.content

    def refresh(self) -> Record:
        """Ask the mirror now, from the root that was named or comes with the program; the cache stays if that fails.

        Raises:
            NoSuchTarget: The repository has no trusted root.
            CosignError: See `target`.
        """
        if self._ports.http is None:
            raise UsageError("a mirror cannot be asked without a network")
        with take_turn(self.folder.lock, self._ports.clock):
            kept = self._update(self._mirror_source(self._ports.http), TRUSTED_ROOT, None)
        if kept.content is None:
            raise NoSuchTarget(TRUSTED_ROOT, self.mirror.url)
        return kept.record

    def _load(self, name: str, now: float) -> _Kept | None:
        """Read a target that was verified before, None where that no longer holds."""
        record = self._record()
        if record is None or not record.holds_at(now) or name not in record.targets:
            return None
        if self.mirror.anchor and self.mirror.anchor != record.anchor:
            return None
        digest = record.targets[name]
        if digest is None:
            return _Kept(record, None)
        content = self.folder.load_target(name, digest)
        return None if content is None else _Kept(record, content)

    def _record(self) -> Record | None:
        record = self.folder.load_record()
        return record if record is not None and record.mirror == self.mirror.url else None

    def _obtain(self, name: str) -> _Kept:
        """Get a target that the cache cannot give at once."""
        if self._ports.http is None:
            try:
                return self._reverify(name)
            except _UPDATE_FAILED as error:
                raise self._offline(error) from error
        try:
            return self._update(self._mirror_source(self._ports.http), name, self._record())
        except _UPDATE_FAILED as error:
            with suppress(*_UPDATE_FAILED):  # then there is nothing but the first error to tell
                kept = self._reverify(name)
                self._warn_of(error, kept.record)
                return kept
            raise

    def _renew(self, name: str, kept: _Kept) -> _Kept:
        """Ask ahead of time, unless somebody does so at this moment; what is cached will do otherwise."""
        try:
            with try_turn(self.folder.lock) as free:
                return self._renew_in_turn(name, kept) if free else kept
        except _UPDATE_FAILED as error:
            self._warn_of(error, kept.record)
            return kept

    def _renew_in_turn(self, name: str, kept: _Kept) -> _Kept:
        now = self._ports.clock.wall()
        again = self._load(name, now)
        if self._ports.http is None or (again is not None and not again.record.is_due(now)):
            return again or kept
        try:
            return self._update(self._mirror_source(self._ports.http), name, kept.record)
        except _UPDATE_FAILED:
            self.folder.save(replace(kept.record, asked=int(now)), {})
            raise

    def _update(self, source: "Source", name: str, before: Record | None) -> _Kept:
        """Have the framework update the cache; with a target, all that was ever asked for is brought up to date."""
        names = {*_ALWAYS, name, *(before.targets if before is not None else ())}
        return self._verify(source, names, name, before)

    def _reverify(self, name: str) -> _Kept:
        """Have the framework verify what is cached, as it would what a mirror serves."""
        from cosignpy.services.tuf.sources import CachedSource

        before = self._record()
        names = {name, *(before.targets if before is not None else ())}
        return self._verify(CachedSource(self.folder.path), names, name, before)

    def _verify(self, source: "Source", names: set[str], name: str, before: Record | None) -> _Kept:
        from cosignpy.services.tuf.update import Start, update

        root = self._root(before)
        self.folder.create()
        now = self._ports.clock.wall()
        verified = update(Start(self.folder, root, datetime.fromtimestamp(now, UTC)), source, sorted(names))
        anchor = self.mirror.anchor or (before.anchor if before is not None else "")
        digests = {key: None if raw is None else Digest.of(raw) for key, raw in verified.contents.items()}
        record = Record(self.mirror.url, anchor, int(now), verified.expires, digests)
        self.folder.save(record, verified.contents)
        return _Kept(record, verified.contents[name])

    def _root(self, before: Record | None) -> bytes:
        """Return what trust begins with: what was named now or before, what is built in, what was trusted last."""
        if self.mirror.root is not None:
            return self.mirror.root
        named_before = self.folder.load_root() if before is not None and before.anchor else None
        found = named_before or self.mirror.built_in_root() or self.folder.load_root()
        if found is None:
            hint = f"cosignpy initialize --mirror {self.mirror.url} --root FILE"
            raise UsageError(f"nothing says which root of {self.mirror.url} to trust", hint)
        return found

    def _mirror_source(self, http: "Sender") -> "Source":
        from cosignpy.services.tuf.sources import FolderSource, RenamedTargets, WebSource

        local = self.mirror.local_folder
        source: Source = WebSource(self.mirror.url, http, self._ports.clock.monotonic() + UPDATE_SECONDS)
        if local is not None:
            source = FolderSource(self.mirror.url, local)
        return source if self.mirror.targets == TARGETS else RenamedTargets(source, self.mirror.targets)

    def _offline(self, error: CosignError) -> UntrustedRepository:
        hint = "let this machine fetch once, or name a trusted root of your own"
        return UntrustedRepository(
            self.mirror.url, f"nothing valid is cached, and nothing may be fetched: {error}", hint
        )

    def _warn_of(self, error: CosignError, record: Record) -> None:
        until = datetime.fromtimestamp(record.expires, UTC)
        self._ports.warn(f"{error}; what is cached is used, until {until:%Y-%m-%d %H:%M} UTC")
