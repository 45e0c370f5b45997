"""The composition root: flags and environment in, ready adapters out. Nothing else in the CLI names an adapter."""

import os
import threading
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cosignpy.cli.configuration import check_file, environment
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.units import parse_size
from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import DEFAULT_TAG, Reference, Tag, parse_repository
from cosignpy.errors import UsageError
from cosignpy.operations.ports import Repository
from cosignpy.registry.content import MAX_ATTACHMENT
from cosignpy.registry.location import ArchiveLocation, DaemonLocation, LayoutLocation, parse_location
from cosignpy.registry.options import CloudCredentials, RegistryOptions
from cosignpy.registry.repository import RemoteRepository, RepositoryOptions, load_push_transport
from cosignpy.registry.session import RegistrySession
from cosignpy.values import replace, value

if TYPE_CHECKING:
    from cosignpy.registry.archive import ArchiveFiles
    from cosignpy.registry.layout import LayoutRepository


@value
class OpenImage:
    """An image as a command sees it.

    `attachments` is where its signatures are: COSIGN_REPOSITORY, else the context's, else its own repository.
    `identity` is the name that legacy payloads sign along, empty for an image that has none.
    """

    name: str
    repository: Repository
    target: Digest | Tag
    attachments: Repository
    identity: str = ""

    @property
    def digest(self) -> Digest | None:
        """The digest, where the image is named by one."""
        return self.target if isinstance(self.target, Digest) else None


class Registries:
    """Sessions and repositories of one run: one each, shared by all images and threads."""

    def __init__(self, options: RegistryOptions) -> None:
        self._options = options
        self._repository_options = RepositoryOptions(max_attachment())
        self._lock = threading.Lock()
        self._sessions: dict[str, RegistrySession] = {}
        self._repositories: dict[str, RemoteRepository] = {}

    def open_repository(self, reference: Reference) -> RemoteRepository:
        """Return the repository of a reference; nothing is sent yet."""
        with self._lock:
            if reference.name not in self._repositories:
                if reference.registry not in self._sessions:
                    self._sessions[reference.registry] = RegistrySession(reference.registry, self._options)
                session = self._sessions[reference.registry]
                opened = RemoteRepository(session, reference.repository, self._repository_options)
                self._repositories[reference.name] = opened
            return self._repositories[reference.name]

    def close(self) -> None:
        """Close the connections that are kept for later."""
        for session in self._sessions.values():
            session.close()


_open: Final[dict[RegistryFlags, Registries]] = {}
_archives: Final[dict[Path, "ArchiveFiles"]] = {}
_opening: Final = threading.Lock()


def registries(flags: RegistryFlags) -> Registries:
    """Return the registries as these flags reach them, the same ones on every call."""
    with _opening:
        if flags not in _open:
            _open[flags] = Registries(registry_options(flags))
            CURRENT.resources.callback(_close, flags)
        return _open[flags]


def _close(flags: RegistryFlags) -> None:
    _open.pop(flags).close()


def registry_options(flags: RegistryFlags) -> RegistryOptions:
    """Translate the registry flags.

    Raises:
        FileError: The context names a file that is not there.
    """
    for name in ("registry_cacert", "registry_client_cert", "registry_client_key"):
        check_file(name, getattr(flags, name))
    return RegistryOptions(
        username=flags.registry_username,
        password=flags.registry_password,
        token=flags.registry_token,
        cacert=flags.registry_cacert,
        client_cert=flags.registry_client_cert,
        client_key=flags.registry_client_key,
        server_name=flags.registry_server_name,
        allow_http=flags.allow_http_registry,
        allow_insecure=flags.allow_insecure_registry,
        environment=os.environ,
        cloud=CloudCredentials.USED,
    )


class Access(Enum):
    """What a command will do with a place that is opened; only files make a difference."""

    READ = "read"
    WRITE = "write"


def open_image(text: str, flags: RegistryFlags, access: Access = Access.READ) -> OpenImage:
    """Find out where an image is and open that place; nothing is sent to a registry yet.

    Raises:
        MalformedError: Not a reference.
        UsageError: A transport that does not exist, or a place that holds no such image.
        FileError: A layout or archive that cannot be opened.
    """
    location = parse_location(text)
    if isinstance(location, DaemonLocation):
        from cosignpy.registry.daemon import resolve_daemon_image

        location = resolve_daemon_image(location.name, os.environ)
    if isinstance(location, Reference):
        return _open_remote(location, flags)
    opened = _open_layout(location, access)
    target = location.target or opened.fetch_only_image().digest
    return OpenImage(text.rpartition("@")[0] or text, opened, target, _elsewhere(flags) or opened)


def expect_pushes(image: OpenImage) -> None:
    """Begin to import what pushes need, in a thread: whoever writes an attachment waits for others first."""
    if isinstance(image.attachments, RemoteRepository):
        _load_push_transport()


def open_place(text: str, flags: RegistryFlags, tag: Tag = DEFAULT_TAG) -> OpenImage:
    """Open a place that an image will be written to, under this tag unless it names one.

    A layout or archive is begun where there is none.

    Raises:
        UsageError: A transport that does not exist or cannot be written to.
        FileError: A layout or archive that cannot be written.
    """
    location = parse_location(text)
    if isinstance(location, DaemonLocation):
        raise UsageError("images cannot be written to a Docker engine", "copy to a registry, then docker pull")
    if isinstance(location, Reference):
        return _open_remote(replace(location, tag=location.tag or tag), flags)
    if isinstance(location, LayoutLocation):
        from cosignpy.registry.layout_store import LayoutDirectory

        LayoutDirectory(location.path).create()
    opened = _open_layout(location, Access.WRITE)
    return OpenImage(text, opened, location.target or tag, opened)


def name_by_digest(text: str, digest: Digest) -> str:
    """Return what people call a manifest in the place that a text names, whatever it is tagged."""
    location = parse_location(text)
    if isinstance(location, LayoutLocation | ArchiveLocation):
        return f"{text.partition(':')[0]}:{location.path}@{digest}"
    return f"{Reference.parse(text).name}@{digest}"


def attachments_name(image: OpenImage) -> str:
    """Return what people call the place where the image's signatures are."""
    elsewhere = environment().get("COSIGN_REPOSITORY", "")
    return parse_repository(elsewhere).name if elsewhere else image.name


@cache
def _load_push_transport() -> None:
    threading.Thread(target=load_push_transport, daemon=True).start()


def open_repository(text: str, flags: RegistryFlags) -> Repository:
    """Open a repository; nothing is sent yet.

    Raises:
        MalformedError: Not a repository, or with a tag or digest.
    """
    return registries(flags).open_repository(parse_repository(text))


def _open_remote(reference: Reference, flags: RegistryFlags) -> OpenImage:
    repository = registries(flags).open_repository(reference)
    attachments = _elsewhere(flags) or repository
    return OpenImage(reference.name, repository, reference.target, attachments, reference.name)


def _elsewhere(flags: RegistryFlags) -> RemoteRepository | None:
    """Return the repository that COSIGN_REPOSITORY or the context says signatures are in."""
    text = environment().get("COSIGN_REPOSITORY", "")
    return registries(flags).open_repository(parse_repository(text)) if text else None


def _open_layout(location: LayoutLocation | ArchiveLocation, access: Access) -> "LayoutRepository":
    """Open files once per run, so that images of one archive are written in one go."""
    from cosignpy.registry.layout import LayoutRepository
    from cosignpy.registry.layout_store import LayoutDirectory

    if isinstance(location, LayoutLocation):
        return LayoutRepository(LayoutDirectory(location.path), max_attachment())
    from cosignpy.registry.archive import edit_archive, open_archive

    with _opening:
        if location.path not in _archives:
            if access is Access.READ:
                _archives[location.path] = open_archive(location.path)
            else:
                _archives[location.path] = CURRENT.resources.enter_context(edit_archive(location.path))
            CURRENT.resources.callback(_archives.clear)
        return LayoutRepository(_archives[location.path], max_attachment())


def max_attachment() -> int:
    """Return how large a bundle or payload may be: COSIGN_MAX_ATTACHMENT_SIZE.

    Raises:
        UsageError: It is not a size.
    """
    text = os.environ.get("COSIGN_MAX_ATTACHMENT_SIZE", "")
    return parse_size(text) if text else MAX_ATTACHMENT
