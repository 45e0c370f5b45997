"""Pushing, pulling and deleting manifests ("Pulling manifests", "Pushing Manifests", "Deleting Manifests")."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject
from cosignpy.core.oci.manifest import MAX_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import MalformedError
from cosignpy.localregistry.access import Action, repository_of
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import RepositoryName, parse_target
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.localregistry.storage import Storage
from cosignpy.localregistry.storage.manifests import StoredManifest
from cosignpy.serving.asgi import read_capped
from cosignpy.values import value

MAX_TAGS_PER_PUSH: Final = 10
"""Tags in one request: what the spec's draft asks registries to accept at least."""

_SCHEMA_VERSION: Final = 2
_NOT_DISTRIBUTED: Final = (
    "application/vnd.oci.image.layer.nondistributable.v1.",
    "application/vnd.docker.image.rootfs.foreign.",
)
"""Layers that clients fetch from elsewhere (image spec, layer.md), so that they may be missing here."""


@value
class ManifestRoutes:
    """`/v2/<name>/manifests/<tag or digest>`."""

    storage: Storage

    def routes(self) -> list[Route]:
        """Return the routes of this module."""
        methods = {"GET": self.get, "PUT": self.put, "DELETE": self.delete}
        return [route("/v2/{name:path}/manifests/{target}", methods)]

    async def get(self, request: Request) -> Response:
        """Serve a manifest as it was pushed."""
        name, target = _named(request, Action.PULL)
        digest = target if isinstance(target, Digest) else self.storage.tags.resolve(name, target)
        found = self.storage.manifests.load(name, digest)
        headers = {
            "docker-content-digest": str(found.digest),
            "etag": f'"{found.digest}"',
            "content-type": found.media_type,
        }
        return Response(found.content, headers=headers)

    async def put(self, request: Request) -> Response:
        """Take a manifest whose parts are all here; a subject may be missing."""
        name, target = _named(request, Action.PUSH)
        manifest = await _receive(request, target)
        self._check_parts(name, manifest)
        tags = [target] if not isinstance(target, Digest) else _extra_tags(request)
        # The referrer entry first: one that points at nothing is passed over, a referrer nobody lists is lost.
        if manifest.subject:
            self.storage.referrers.add(name, manifest.subject.digest, manifest)
        self.storage.manifests.save(name, StoredManifest(manifest.digest, manifest.media_type, manifest.raw))
        for tag in tags:
            self.storage.tags.point(name, tag, manifest.digest)
        return _created(name, manifest, tags)

    async def delete(self, request: Request) -> Response:
        """Forget a tag, or a manifest with all its tags."""
        name, target = _named(request, Action.DELETE)
        if not isinstance(target, Digest):
            self.storage.tags.delete(name, target)
            return Response(status_code=202)
        found = self.storage.manifests.load(name, target)
        self.storage.tags.delete_pointing_at(name, target)
        self.storage.manifests.delete(name, target)
        subject = Manifest.parse(found.content, found.media_type).subject
        if subject:
            self.storage.referrers.remove(name, subject.digest, target)
        return Response(status_code=202)

    def _check_parts(self, name: RepositoryName, manifest: Manifest) -> None:
        """Refuse a manifest that nobody could pull ("Pushing Manifests": missing content)."""
        blobs = [manifest.config] if manifest.config else []
        blobs += [layer for layer in manifest.layers if not layer.media_type.startswith(_NOT_DISTRIBUTED)]
        missing = [part for part in blobs if not self.storage.blobs.has(name, part.digest)]
        missing += [part for part in manifest.manifests if not self._has_child(name, part)]
        if missing:
            raise OciError(ErrorCode.MANIFEST_BLOB_UNKNOWN, f"{missing[0].digest} is not in this repository")

    def _has_child(self, name: RepositoryName, child: Descriptor) -> bool:
        """Look among the blobs, too: an index may list what is no manifest (image spec, image-index.md)."""
        return self.storage.manifests.has(name, child.digest) or self.storage.blobs.has(name, child.digest)


def _named(request: Request, action: Action) -> tuple[RepositoryName, Digest | Tag]:
    """Parse the URL; what cannot be a tag is invalid to push, and merely unknown to ask for."""
    name = repository_of(request, action)
    otherwise = ErrorCode.MANIFEST_INVALID if action is Action.PUSH else ErrorCode.MANIFEST_UNKNOWN
    return name, parse_target(request.path_params["target"], otherwise=otherwise)


async def _receive(request: Request, target: Digest | Tag) -> Manifest:
    """Read and check the body; it is kept as it came, so its digest is that of these bytes."""
    raw = await read_capped(request, limit=MAX_MANIFEST)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    algorithm = target.algorithm if isinstance(target, Digest) else "sha256"
    try:
        _check_document(JsonObject.parse(raw, what="manifest"))
        manifest = Manifest.parse(raw, media_type, algorithm=algorithm)
    except MalformedError as error:
        raise OciError(ErrorCode.MANIFEST_INVALID, str(error)) from error
    if isinstance(target, Digest) and manifest.digest != target:
        raise OciError(ErrorCode.DIGEST_INVALID, f"the manifest has digest {manifest.digest}")
    return manifest


def _check_document(document: JsonObject) -> None:
    """Refuse what the image spec calls required and clients tend to forget."""
    if document.integer("schemaVersion") != _SCHEMA_VERSION:
        raise document.malformed("schemaVersion", f"expected {_SCHEMA_VERSION}")
    required = ("manifests",) if "manifests" in document.members else ("config", "layers")
    for name in required:
        if name not in document.members:
            raise document.malformed(name, "missing")


def _extra_tags(request: Request) -> list[Tag]:
    """Return the tags of `?tag=`, with which a manifest can be pushed by digest and tagged in one request."""
    texts = request.query_params.getlist("tag")
    if len(texts) > MAX_TAGS_PER_PUSH:
        raise OciError(ErrorCode.MANIFEST_INVALID, f"expected at most {MAX_TAGS_PER_PUSH} tags", status=414)
    found = [parse_target(text, otherwise=ErrorCode.MANIFEST_INVALID) for text in texts]
    tags = [tag for tag in found if not isinstance(tag, Digest)]
    if len(tags) < len(found):
        raise OciError(ErrorCode.MANIFEST_INVALID, "a digest is no tag")
    return tags


def _created(name: RepositoryName, manifest: Manifest, tags: list[Tag]) -> Response:
    response = Response(status_code=201)
    response.headers["location"] = f"/v2/{name}/manifests/{manifest.digest}"
    response.headers["docker-content-digest"] = str(manifest.digest)
    if manifest.subject:
        response.headers["oci-subject"] = str(manifest.subject.digest)
    for tag in tags:
        response.headers.append("oci-tag", tag)
    return response
