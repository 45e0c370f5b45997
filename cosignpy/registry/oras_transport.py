"""Pushes by oras, over our own session: the one module that imports oras.

Oras brings the upload protocol: its URLs, the question whether a blob is there, the order of requests. This
subclass replaces what it sends with and how it authenticates, because stock oras 0.2.43 retries a refused
login for two minutes, keeps one token for all registries and sends it to each, has no timeouts, forgets
query values without content in upload URLs, reads whole blobs into memory and re-serialises manifests.

Importing oras takes longer than most pushes; see `cosignpy.registry.repository.load_push_transport`.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urljoin

import oras.container
import oras.provider
import requests
from oras.auth.base import AuthBackend

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import RemoteError
from cosignpy.net.http import Body, BodyFactory, Response
from cosignpy.net.redaction import redact_url
from cosignpy.registry.endpoint import Endpoint

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer to an upload, which has no content worth mentioning."""

MAX_UNASKED: Final = 64 * 1024
"""A new signature is never there yet, so asking first is a wasted round trip; a layer often is."""

_SHARED: Final = frozenset({str(Digest.of(b"{}"))})
"""The empty config (image spec 1.1), which every bundle shares: nearly always there."""

_CHUNK: Final = 1 << 18
_OWN_SCHEME: Final = "registry"
"""Marks the URLs that oras composes, of which only the path is used; those of a server are never of it."""

_ALLOWED_TO_FAIL: Final[Mapping[str, frozenset[int]]] = {"HEAD": frozenset({HTTPStatus.NOT_FOUND})}


class SessionAuth(AuthBackend):
    """Authentication as oras sees it: none, since the session does it below."""

    def __init__(self) -> None:
        self.prefix = _OWN_SCHEME

    def get_auth_header(self) -> dict[str, str]:
        """Return no header."""
        return {}

    def load_configs(self, *_args: object, **_options: object) -> None:
        """Load nothing: oras would read credential files by rules of its own."""

    def authenticate_request(self, *_args: object, **_options: object) -> NoReturn:
        """Refuse: an answer of 401 never gets as far as oras.

        Raises:
            AssertionError: Always; it was called.
        """
        raise AssertionError("the session authenticates")


class OrasTransport(oras.provider.Registry):
    """Oras's registry client for one repository, sending through a `RegistrySession`."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(hostname=endpoint.session.registry)
        self.prefix = _OWN_SCHEME
        self.auth: AuthBackend = SessionAuth()
        self._endpoint = endpoint
        self._container = _build_container(endpoint)
        self._known: dict[str, bool] = {}

    def push_file(self, path: Path, descriptor: Descriptor) -> None:
        """Upload a blob from a file, unless the registry has it.

        Raises:
            RemoteError: The registry refused it.
        """
        layer: dict[str, Any] = {"digest": str(descriptor.digest), "size": descriptor.size}
        self.upload_blob(str(path), self._container, layer)
        self._known[layer["digest"]] = True

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Ask whether the registry has a blob, and remember the answer.

        Raises:
            RemoteError: The registry failed.
        """
        digest = str(descriptor.digest)
        if digest not in self._known:
            self._known[digest] = bool(super().blob_exists({"digest": digest}, self._container))
        return self._known[digest]

    def push_raw_manifest(self, manifest: Manifest, name: Digest | Tag) -> requests.Response:
        """Put a manifest of any media type, byte for byte: `upload_manifest` would write it anew.

        Raises:
            RemoteError: The registry refused it.
        """
        url = f"{self.prefix}://{self._container.manifest_url(str(name))}"
        return self.do_request(url, "PUT", data=manifest.raw, headers={"Content-Type": manifest.media_type})

    def mount_blob(self, digest: Digest, source: str) -> bool:
        """Make a blob of another repository of the registry available here; False where it is not done.

        Raises:
            RemoteError: The registry failed.
        """
        url = f"{self.prefix}://{self._container.upload_blob_url()}?mount={digest}&from={source}"
        response = self.do_request(url, "POST")
        # Else the registry began an upload instead; it forgets that as it does any that nobody goes on with.
        return response.status_code == HTTPStatus.CREATED

    def blob_exists(self, layer: dict[str, Any], container: oras.container.Container) -> bool:
        """Tell whether the registry has a blob, without asking where the answer is known or foreseeable."""
        if layer["digest"] in self._known:
            return self._known[layer["digest"]]
        if layer["size"] <= MAX_UNASKED and layer["digest"] not in _SHARED:
            return False
        return bool(super().blob_exists(layer, container))

    def put_upload(self, blob: str, container: oras.container.Container, layer: dict[str, Any]) -> requests.Response:
        """Upload in one request from a file, which is read as it is sent, and again when sent again."""
        started = self.do_request(f"{self.prefix}://{container.upload_blob_url()}", "POST")
        location = _with_digest(self._get_location(started, container), layer["digest"])
        body = BodyFactory(layer["size"], lambda: _read_file(Path(blob)))
        return self.do_request(location, "PUT", data=body, headers={"Content-Type": "application/octet-stream"})

    def do_request(  # noqa: PLR0913, PLR0917 - oras's signature
        self,
        url: str,
        method: str = "GET",
        data: Any = None,  # noqa: ANN401 - ditto, and a body of ours
        headers: dict[str, str] | None = None,
        json: dict[str, Any] | None = None,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - ditto; answers to pushes are short
    ) -> requests.Response:
        """Send through the session, which authenticates, repeats and limits; every method of oras ends here.

        Raises:
            RemoteError: The registry refused or failed; never a `ValueError` as in oras.
        """
        body: Body | None = data if json is None else encode_json(json)
        session = self._endpoint.session
        own = f"{_OWN_SCHEME}://{session.registry}"
        response = session.send(
            method,
            url.removeprefix(own),
            repository=self._endpoint.repository,
            actions="pull,push",
            headers=headers,
            body=body,
        )
        if response.status >= HTTPStatus.BAD_REQUEST and response.status not in _ALLOWED_TO_FAIL.get(method, ()):
            raise session.error(response, f"push to {self._endpoint.name}")
        return _adapt(response)

    def _get_location(self, r: requests.Response, container: oras.container.Container) -> str:  # noqa: ARG002
        """Resolve the Location of an upload against the URL that it came from (RFC 9110 section 10.2.2)."""
        location = r.headers.get("Location")
        if not location:
            why = "it began an upload and did not say where it goes on"
            raise RemoteError(self._endpoint.session.registry, redact_url(r.url), r.status_code, why)
        return urljoin(r.url, location)


def _build_container(endpoint: Endpoint) -> oras.container.Container:
    """Name the repository as our parser read it: oras's takes `localhost/app` for one on Docker Hub."""
    namespace, _, repository = endpoint.repository.rpartition("/")
    container = oras.container.Container(repository, registry=endpoint.session.registry)
    container.registry, container.namespace = endpoint.session.registry, namespace
    return container


def _with_digest(location: str, digest: str) -> str:
    """Add the digest to an upload URL, whose query is the registry's own affair and stays as it is."""
    return f"{location}{'&' if '?' in location else '?'}digest={digest}"


def _read_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _adapt(response: Response) -> requests.Response:
    """Give oras the answer in the shape it knows, read whole."""
    with response:
        content = response.read(MAX_ANSWER, "answer to a push")
    adapted = requests.Response()
    adapted.status_code = response.status
    adapted.url = str(response.url)
    adapted.headers.update(response.headers)
    adapted._content = content  # noqa: SLF001 - requests has no public way to make an answer
    return adapted
