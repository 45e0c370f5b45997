"""Caches of trust for tests: at a time that the test owns, over mirrors in folders, with warnings kept."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Sender
from cosignpy.services.tuf.cache import TrustCache, TrustPorts
from cosignpy.services.tuf.mirror import Mirror
from tests.support.trust_repository import NOW, TrustRepository


class NoServer:
    """A client of nothing: mirrors in folders are never asked by it."""

    def send(self, request: Request) -> NoReturn:
        """Fail.

        Raises:
            AssertionError: Always.
        """
        raise AssertionError(request.url)


@dataclass
class TrustSite:
    """A folder of caches and a repository, each cache opened anew as another process would."""

    folder: Path
    repository: TrustRepository = field(default_factory=TrustRepository)
    now: float = NOW.timestamp()
    warnings: list[str] = field(default_factory=list)

    @property
    def mirror_folder(self) -> Path:
        """Where the repository's files are, once they are written."""
        return self.folder / "mirror"

    @property
    def mirror(self) -> Mirror:
        """The mirror with the root that users are given."""
        return Mirror.parse(self.mirror_folder.as_uri(), self.repository.root)

    @property
    def caches(self) -> Path:
        """The folder of all caches."""
        return self.folder / "caches"

    def publish(self) -> None:
        """Make the mirror what the repository is now."""
        if self.mirror_folder.exists():
            self.withdraw()
        self.repository.write(self.mirror_folder)

    def withdraw(self) -> None:
        """Take the mirror away."""
        retired = sum(1 for _ in self.folder.glob("retired-*"))
        self.mirror_folder.rename(self.folder / f"retired-{retired}")

    def ports(self, http: Sender | None) -> TrustPorts:
        """Return ports with a clock that stands at `now`."""
        return TrustPorts(http, Clock(wall=lambda: self.now), self.warnings.append)

    def open(self, mirror: Mirror | None = None) -> TrustCache:
        """Open the cache where mirrors may be asked."""
        return TrustCache(self.caches, mirror or self.mirror, self.ports(NoServer()))

    def open_offline(self, mirror: Mirror | None = None) -> TrustCache:
        """Open the cache where nothing may be asked."""
        return TrustCache(self.caches, mirror or self.mirror, self.ports(None))
