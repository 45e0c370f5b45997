"""Where what policies name is had from: the web, a KMS by what is installed, and mirrors of TUF repositories."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import MalformedError, RemoteError, UntrustedRepository
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.keystore.reference import load_public_key
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Sender
from cosignpy.net.redaction import redact_url
from cosignpy.net.redirects import send_following
from cosignpy.net.url import Url
from cosignpy.services.tuf.archive import unpack_repository
from cosignpy.services.tuf.cache import TrustCache, TrustPorts
from cosignpy.services.tuf.mirror import Mirror
from cosignpy.values import replace, value
from cosignpy.webhook.policies.fetching import RepositoryContent

MAX_TEXT: Final = 128 * 1024
"""Bytes of a condition on the web, as many as a policy has itself at the most."""
FETCH_SECONDS: Final = 30.0
"""For a text, with all redirects."""


@value
class WebSupplies:
    """What this process reaches. The folder keeps TUF metadata, so that no mirror can go back to an older one.

    Whom the client speaks to is for whoever made it to say.
    """

    http: Sender
    folder: Path
    warn: Callable[[str], None]
    clock: Clock = Clock()

    def fetch_text(self, url: str) -> bytes:
        """Fetch a text.

        Raises:
            MalformedError: It is no URL of https.
            RemoteError: It cannot be had.
            LimitExceeded: It is too large, or there are too many redirects.
        """
        asked = Url.parse(url)
        if asked.origin.scheme != "https":
            raise MalformedError("url", f"{url!r} is not an https URL")
        request = Request("GET", asked, deadline=self.clock.monotonic() + FETCH_SECONDS)
        with send_following(self.http, request) as response:
            if response.status != HTTPStatus.OK:
                shown = redact_url(str(response.url))
                raise RemoteError(response.url.origin.authority, shown, response.status, "no policy there")
            return response.read(MAX_TEXT, "policy")

    def load_key(self, reference: str) -> PublicKey:
        """Load the key that a reference names.

        Raises:
            UsageError: Nothing is installed that knows it.
            CosignError: It cannot be had.
        """
        return load_public_key(reference)

    def read_repository(self, repository: TufRepository) -> RepositoryContent:
        """Read a repository from its mirror, or from the archive that it is in.

        Raises:
            CosignError: The mirror cannot be asked, or what it has cannot be believed, or has expired.
        """
        if repository.mirror:
            folder = self.folder / Digest.of(repository.root).hex
            return self._read(repository, folder, repository.mirror)
        with tempfile.TemporaryDirectory(prefix="cosignpy-") as aside:
            mirror = Path(aside) / "mirror"
            unpack_repository(repository.archive, mirror)
            return self._read(repository, Path(aside) / "cache", mirror.as_uri())

    def _read(self, repository: TufRepository, folder: Path, url: str) -> RepositoryContent:
        mirror = replace(Mirror.parse(url, repository.root), targets=repository.targets)
        cache = TrustCache(folder, mirror, TrustPorts(self.http, self.clock, self.warn))
        found = cache.target(repository.target)
        kept = cache.folder.load_record()
        if kept is None:
            raise UntrustedRepository(url, "its metadata could not be kept, so that nobody knows when it expires")
        return RepositoryContent(found, datetime.fromtimestamp(kept.expires, UTC))
