"""One repository of a remote registry: the port `cosignpy.operations.ports.Repository` over HTTP.

Reads go straight over the session. Pushes go through oras (`oras_transport`), which is loaded when the first
one is due, or before, by `load_push_transport`, while something else takes its time.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest, build_index
from cosignpy.core.oci.reference import Reference, Tag
from cosignpy.core.oci.referrers import fallback_tag, merge_referrer, remove_referrer
from cosignpy.errors import NoSuchTag, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.registry.content import MAX_ATTACHMENT, BlobSource, verify_chunks
from cosignpy.registry.endpoint import Endpoint
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.reader import RepositoryReader
from cosignpy.registry.session import RegistrySession
from cosignpy.values import field, value

if TYPE_CHECKING:
    import requests

    from cosignpy.registry.oras_transport import OrasTransport
    from cosignpy.registry.tag_update import TagLock

_DELETED: Final = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
_CHILD_UNKNOWN: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})
"""How registries refuse an index of manifests that they do not have."""
_NO_DELETES: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


def load_push_transport() -> "type[OrasTransport]":
    """Import what pushes need. It takes about as long as a signature: call it in a thread beforehand."""
    from cosignpy.registry.oras_transport import OrasTransport

    return OrasTransport


def user_tag_lock() -> "TagLock":
    """Return the lock that all signers of this user on this machine share.

    Raises:
        FileError: No directory for it can be made.
    """
    import os
    import tempfile
    from pathlib import Path

    from cosignpy.registry.tag_update import FileLock, lock_directory

    return FileLock(lock_directory(os.environ, Path(tempfile.gettempdir())))


@value
class RepositoryOptions:
    """What a remote repository needs besides its session."""

    max_attachment: int = MAX_ATTACHMENT
    """Bytes of a bundle or payload; COSIGN_MAX_ATTACHMENT_SIZE."""
    tag_lock: "Callable[[], TagLock]" = user_tag_lock
    clock: Clock = field(default_factory=Clock)


class RemoteRepository(RepositoryReader):
    """A repository on a registry; safe to share among threads, and worth sharing: it remembers what it learns."""

    def __init__(self, session: RegistrySession, repository: str, options: RepositoryOptions | None = None) -> None:
        self._options = options or RepositoryOptions()
        super().__init__(Endpoint(session, repository), self._options.max_attachment)
        self._loaded_transport: OrasTransport | None = None

    @property
    def name(self) -> str:
        """The repository with its registry."""
        return self.endpoint.name

    def delete_manifest(self, name: Digest | Tag) -> None:
        """Remove a tag, or a manifest by digest with all its tags.

        Raises:
            NoSuchTag: There is none.
            RemoteError: The registry does not allow deletion.
        """
        with self.endpoint.send("DELETE", f"manifests/{name}", actions="delete") as response:
            if response.status in _DELETED:
                return
            if response.status == HTTPStatus.NOT_FOUND:
                raise NoSuchTag(self.endpoint.reference(name))
            error = self.endpoint.session.error(response, f"deletion of {self.endpoint.reference(name)}")
        if error.status in _NO_DELETES:
            error.hint = "this registry does not allow it; deletion may have to be switched on there"
        raise error

    def push_blob(self, content: bytes) -> None:
        """Make a blob available under its sha256 digest.

        Raises:
            RemoteError: The registry refused it.
        """
        self._upload(Descriptor.of(content, ""), [content])

    def push_stream(self, descriptor: Descriptor, chunks: Iterator[bytes]) -> None:
        """Store a blob from chunks, by way of a temporary file: it is checked whole before any of it is sent.

        Raises:
            DigestMismatch: The chunks are not what the descriptor says.
            RemoteError: The registry refused it.
        """
        if not self._transport().has_blob(descriptor):
            self._upload(descriptor, verify_chunks(descriptor, chunks))

    def copy_blob(
        self,
        descriptor: Descriptor,
        source: BlobSource,
        watch: Callable[[Iterator[bytes]], Iterator[bytes]] = iter,
    ) -> None:
        """Store a blob that another place has; within a registry it is mounted and nothing moves.

        Raises:
            NoSuchTag: The other place does not have it.
            DigestMismatch: What it has is not what the descriptor says.
            RemoteError: A registry failed.
        """
        if isinstance(source, RemoteRepository) and source.endpoint.session.registry == self.endpoint.session.registry:
            mounted = self._transport().mount_blob(descriptor.digest, source.endpoint.repository)
            if mounted:
                return
        self.push_stream(descriptor, watch(source.stream_blob(descriptor)))

    def push_manifest(self, manifest: Manifest, tag: Tag | None = None) -> None:
        """Push by digest, or under a tag.

        Where the registry does not say that it lists the manifest among its subject's referrers, we put it
        into the list under the fallback tag (distribution spec, "Pushing Manifests with Subject").

        Raises:
            DigestMismatch: The registry stored something else.
            RemoteError: The registry refused it, or other writers keep replacing the list.
        """
        answer = self.put_manifest(manifest, tag or manifest.digest)
        if manifest.subject is None:
            return
        if "OCI-Subject" in answer.headers:
            self.referrers.is_missing = False
            return
        try:
            self._list_referrer(manifest.referrer_descriptor, manifest.subject.digest)
        except RemoteError as error:
            if error.status not in _CHILD_UNKNOWN or not self._unlist_absent(fallback_tag(manifest.subject.digest)):
                raise
            self._list_referrer(manifest.referrer_descriptor, manifest.subject.digest)

    def update_tag(self, tag: Tag, merge: Callable[[Manifest | None], Manifest]) -> Manifest:
        """Replace what a tag names by `merge(what it names now)`, so that concurrent writers lose nothing.

        Raises:
            RemoteError: The registry failed, or other writers undid it again and again.
        """
        from cosignpy.registry.tag_update import TagUpdater

        updater = TagUpdater(self._options.tag_lock(), self._options.clock)
        return updater.update(_RemoteTag(self, tag), merge)

    def put_manifest(self, manifest: Manifest, name: Digest | Tag) -> "requests.Response":
        """Put a manifest and nothing else.

        Raises:
            DigestMismatch: The registry stored something else.
            RemoteError: The registry refused it.
        """
        answer = self._transport().push_raw_manifest(manifest, name)
        stored = answer.headers.get("Docker-Content-Digest")
        if stored is not None:
            Digest.parse(stored).verify(manifest.raw, what="manifest as the registry stored it")
        return answer

    def _list_referrer(self, entry: Descriptor, subject: Digest) -> None:
        self.update_tag(fallback_tag(subject), lambda current: merge_referrer(current, entry, subject))

    def _unlist_absent(self, tag: Tag) -> bool:
        """Take manifests that are gone off a list; tell whether there were any.

        Retention policies delete what no tag names, and then a registry that looks refuses every new list.
        """
        listed = self.find_manifest(tag)
        entries = listed.manifests if listed is not None else ()
        absent = [entry.digest for entry in entries if self.find_manifest(entry.digest) is None]
        if absent:
            self.update_tag(tag, lambda current: reduce(remove_referrer, absent, current or build_index([])))
        return bool(absent)

    def _upload(self, descriptor: Descriptor, chunks: Iterable[bytes]) -> None:
        # Imported late, as everything that only pushes need: a verification should start at once.
        import tempfile
        from pathlib import Path

        with tempfile.NamedTemporaryFile(prefix="cosignpy-") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            self._transport().push_file(Path(file.name), descriptor)

    def _transport(self) -> "OrasTransport":
        if self._loaded_transport is None:
            self._loaded_transport = load_push_transport()(self.endpoint)
        return self._loaded_transport


@value
class _RemoteTag:
    """One tag, as `TagUpdater` reads and writes it."""

    repository: RemoteRepository
    tag: Tag

    @property
    def name(self) -> str:
        return self.repository.endpoint.reference(self.tag)

    def fetch(self) -> Manifest | None:
        return self.repository.find_manifest(self.tag)

    def push(self, manifest: Manifest) -> None:
        self.repository.put_manifest(manifest, self.tag)


def open_repository(reference: Reference, options: RegistryOptions | None = None) -> RemoteRepository:
    """Open the repository that an image is in, with a session of its own; nothing is sent yet.

    Without options, credential files and proxies are those that the process environment names.

    Raises:
        UsageError: The options, or a proxy variable, cannot be used.
    """
    import os

    session = RegistrySession(reference.registry, options or RegistryOptions(environment=os.environ))
    return RemoteRepository(session, reference.repository)
