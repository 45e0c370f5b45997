"""What policies name elsewhere: texts on the web, keys in a KMS, and TUF repositories that TrustRoots are in."""

import os
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.errors import RemoteError
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.cli.flags import RegistryFlags
    from cosignpy.cli.wiring_trust import Reach
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.imagepolicy.model import Source
    from cosignpy.imagepolicy.trust_roots import TufRepository
    from cosignpy.net.http import Sender
    from cosignpy.services.tuf.cache import TrustCache

MAX_TEXT: Final = 1 << 20
"""Bytes of a condition on the web; those that people write have a few thousand."""

_CACHE: Final = "policies"
"""The folder in the cache of trust with what TrustRoots name: by their roots, so that none is another's."""


@value
class WebSupplies:
    """Everything, as this machine reaches it; offline, TUF repositories as they are cached."""

    offline: bool = False

    def fetch_text(self, url: str) -> bytes:
        """Fetch a text.

        Raises:
            RemoteError: It cannot be had.
            LimitExceeded: It is too large.
        """
        from cosignpy.cli.wiring_trust import open_client

        return fetch_policy_text(open_client(), url)

    def load_key(self, reference: str) -> "PublicKey":
        """Load the public key that a reference names.

        Raises:
            CosignError: See `cosignpy.keystore.reference.load_public_key`.
        """
        from cosignpy.keystore.reference import load_public_key

        return load_public_key(reference)

    def read_repository(self, repository: "TufRepository") -> bytes:
        """Return the trusted root of a repository, which its root has to lead to.

        Raises:
            CosignError: The mirror cannot be asked, or cannot be believed.
        """
        from cosignpy.cli.wiring_trust import Reach

        if repository.mirror:
            reach = Reach.OFFLINE if self.offline else Reach.ONLINE
            return _open(repository, _folder(repository), repository.mirror, reach).target(repository.target)
        from cosignpy.services.tuf.archive import unpack_repository

        with tempfile.TemporaryDirectory(prefix="cosignpy-") as aside:
            mirror = Path(aside) / "mirror"
            unpack_repository(repository.archive, mirror)
            opened = _open(repository, Path(aside) / "cache", mirror.as_uri(), Reach.ONLINE)
            return opened.target(repository.target)


def fetch_policy_text(http: "Sender", url: str) -> bytes:
    """Fetch a text.

    Raises:
        RemoteError: It cannot be had.
        LimitExceeded: It is too large.
    """
    from cosignpy.net.http import Request
    from cosignpy.net.redaction import redact_url
    from cosignpy.net.redirects import send_following
    from cosignpy.net.url import Url

    with send_following(http, Request("GET", Url.parse(url))) as response:
        if response.status != HTTPStatus.OK:
            shown = redact_url(str(response.url))
            raise RemoteError(response.url.origin.authority, shown, response.status, "no policy there")
        return response.read(MAX_TEXT, "policy")


def show_pull_secrets(flags: "RegistryFlags", source: "Source") -> "RegistryFlags":
    """Return flags with what the Secrets of a source have for its registry; as they are where there is nothing.

    Raises:
        MalformedError: It is not in the format of Docker's configuration file.
    """
    if not source.docker_config:
        return flags
    from cosignpy.core.encoding import JsonObject
    from cosignpy.core.oci.reference import parse_repository
    from cosignpy.registry.credential_files import CredentialFile
    from cosignpy.registry.credentials import BasicCredential, RegistryToken
    from cosignpy.values import replace

    named = "signaturePullSecrets"
    file = CredentialFile(Path(named), JsonObject.parse(source.docker_config.encode(), what=named))
    place = parse_repository(source.oci)
    found = file.entry_for(place.registry, place.repository)
    if isinstance(found, RegistryToken):
        return replace(flags, registry_token=found.token)
    if isinstance(found, BasicCredential):
        return replace(flags, registry_username=found.username, registry_password=found.password, registry_token=None)
    return flags


def _open(repository: "TufRepository", folder: Path, url: str, reach: "Reach") -> "TrustCache":
    from cosignpy.cli.wiring_trust import open_mirror
    from cosignpy.services.tuf.mirror import Mirror
    from cosignpy.values import replace

    return open_mirror(folder, replace(Mirror.parse(url, repository.root), targets=repository.targets), reach)


def _folder(repository: "TufRepository") -> Path:
    from cosignpy.core.digest import Digest
    from cosignpy.services.tuf.environment import cache_folder

    return cache_folder(os.environ) / _CACHE / Digest.of(repository.root).hex
