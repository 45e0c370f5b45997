"""Registries as a worker reaches them: for somebody, by a deadline, few at once, with what is known by its digest."""

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Reference, Tag, parse_repository
from cosignpy.errors import CosignError, UsageError
from cosignpy.imagepolicy.model import Source
from cosignpy.net.address_rule import AddressRule, LocalAddresses, PrivateAddresses
from cosignpy.net.deadline import requests_end_by
from cosignpy.net.tls import SharedTls, TlsOptions
from cosignpy.operations.nowhere import Nowhere
from cosignpy.operations.ports import ManifestSource
from cosignpy.operations.remembered import Memory, RememberedSource
from cosignpy.registry.endpoint import Endpoint
from cosignpy.registry.keyring import Keyring
from cosignpy.registry.options import CloudCredentials, RegistryOptions
from cosignpy.registry.reader import RepositoryReader
from cosignpy.registry.registry_patterns import PathMatch, RegistryPattern
from cosignpy.registry.session import RegistrySession
from cosignpy.values import field, replace, value
from cosignpy.webhook.engine.content import Content
from cosignpy.webhook.engine.limits import Deadline, Limits
from cosignpy.webhook.engine.messages import Setup

MAX_SESSIONS: Final = 256
"""Registries, each as one who asks sees it, whose tokens and connections are kept."""
MAX_MEMORY: Final = 32 << 20
"""Octets that are remembered within one question."""

_FILES: Final = frozenset({"DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME"})


@value
class Asker:
    """Who asks: with which credentials, which registries only (none for all), and by when."""

    docker_config: str = field(repr=False)
    identity: str
    allowed: tuple[str, ...]
    deadline: Deadline
    memory: Memory = field(default_factory=lambda: Memory(MAX_MEMORY), repr=False)

    def with_secrets(self, source: Source) -> "Asker":
        """Return who asks for signatures where a policy says that they are, with its own credentials if it has any."""
        if not source.docker_config:
            return self
        identity = f"policy:{sha256(source.docker_config.encode()).hexdigest()}"
        return replace(self, docker_config=source.docker_config, identity=identity)


class Registries:
    """All registries; safe to share among threads."""

    def __init__(self, setup: Setup, environment: Mapping[str, str] = os.environ) -> None:
        local = LocalAddresses.ALLOWED if setup.allow_local else LocalAddresses.REFUSED
        private = PrivateAddresses.ALLOWED if setup.allow_private else PrivateAddresses.REFUSED
        self._tls = SharedTls(TlsOptions(setup.cacert or None))
        self._options = RegistryOptions(
            cacert=setup.cacert or None,
            environment=_without_files(environment),
            cloud=CloudCredentials.USED if setup.cloud else CloudCredentials.UNUSED,
            shared_tls=self._tls,
            rule=AddressRule(local, private, frozenset(setup.plain_http)),
        )
        self._limits = Limits.of(setup.at_once, setup.at_once_each)
        self._content = Content()
        self._lock = threading.Lock()
        self._sessions: OrderedDict[tuple[str, str], RegistrySession] = OrderedDict()

    def prepare(self) -> None:
        """Read the authorities of TLS, which the first question would wait for.

        Raises:
            FileError: The file with more of them cannot be read.
        """
        self._tls.context()

    def open(self, name: str, asker: Asker) -> ManifestSource:
        """Open a repository by its full name; nothing is sent yet. Where there is none, that is told later."""
        try:
            reference = parse_repository(name)
            _refuse_unlisted(reference, asker.allowed)
            session = self._session(reference.registry, asker)
        except CosignError as error:
            return Nowhere(error)
        reader = RepositoryReader(Endpoint(session, reference.repository))
        place = (asker.identity, reference.name)
        careful = _CarefulSource(place, reader, self._limits, self._content, asker.deadline)
        return RememberedSource(f"{asker.identity} {reference.name}", careful, asker.memory)

    def _session(self, registry: str, asker: Asker) -> RegistrySession:
        key = (registry, asker.identity)
        with self._lock:
            known = self._sessions.get(key)
            if known is not None:
                self._sessions.move_to_end(key)
                return known
        keyring = Keyring.parse(asker.docker_config) if asker.docker_config else None
        made = RegistrySession(registry, replace(self._options, keyring=keyring))
        with self._lock:
            session = self._sessions.setdefault(key, made)
            old = self._sessions.popitem(last=False)[1] if len(self._sessions) > MAX_SESSIONS else None
        if old is not None:
            old.close()
        return session


@value
class _CarefulSource:
    """A repository for one question: each request has its turn, and ends by the deadline."""

    place: tuple[str, str]
    source: ManifestSource
    limits: Limits
    content: Content = field(repr=False)
    deadline: Deadline

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return the manifest; what a digest names may be known.

        Raises:
            CosignError: As the repository does; DeadlineExceeded where there is no time left.
        """
        if not isinstance(name, Digest):
            return self._fetch_manifest(name)
        return self.content.get((self.place, name), lambda: self._fetch_manifest(name), lambda found: len(found.raw))

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return the blob, which may be known.

        Raises:
            CosignError: As the repository does; DeadlineExceeded where there is no time left.
        """

        def fetch() -> bytes:
            with self.limits.turn(self._registry, self.deadline), requests_end_by(self.deadline.get):
                return self.source.fetch_blob(descriptor)

        return self.content.get((self.place, descriptor.digest, descriptor.size), fetch, len)

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return what refers to the subject.

        Raises:
            CosignError: As the repository does; DeadlineExceeded where there is no time left.
        """
        with self.limits.turn(self._registry, self.deadline), requests_end_by(self.deadline.get):
            return self.source.fetch_referrers(subject)

    def _fetch_manifest(self, name: Digest | Tag) -> Manifest:
        with self.limits.turn(self._registry, self.deadline), requests_end_by(self.deadline.get):
            return self.source.fetch_manifest(name)

    @property
    def _registry(self) -> str:
        return self.place[1].partition("/")[0]


def _refuse_unlisted(reference: Reference, allowed: Sequence[str]) -> None:
    """Refuse a registry that is not among those that are asked, if there is a list of them.

    Raises:
        UsageError: It is not.
    """
    patterns = [RegistryPattern.parse(text) for text in allowed]
    covered = any(
        each is not None and each.covers(reference.registry, reference.repository, PathMatch.SEGMENTS)
        for each in patterns
    )
    if allowed and not covered:
        raise UsageError(
            f"the registry {reference.registry} is not among those that are asked here",
            "have it added to allowed-registries, or use an image of one of them",
        )


def _without_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables without those that lead to files with credentials: what is ours is for no tenant."""
    return {name: text for name, text in environment.items() if name not in _FILES}
