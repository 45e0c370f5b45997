"""Pushing blobs ("Pushing blobs"): in one request, in chunks, as a stream, or mounted from another repository."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cosignpy.core.digest import Digest
from cosignpy.localregistry.access import Action, access_of, repository_of
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import RepositoryName, parse_digest, parse_name
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.localregistry.storage import Storage
from cosignpy.localregistry.storage.uploads import UploadId, appending, arrived
from cosignpy.serving.asgi import stream_capped
from cosignpy.values import value

MAX_BLOB: Final = 64 << 30
"""Bytes of one blob: beyond any layer in use, and short of filling a disk by mistake."""

_CONTENT_RANGE: Final = re.compile(r"(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})")


@value
class UploadRoutes:
    """`/v2/<name>/blobs/uploads/` and the uploads begun there."""

    storage: Storage

    def routes(self) -> list[Route]:
        """Return the routes of this module."""
        one = {"GET": self.status, "PATCH": self.append, "PUT": self.finish, "DELETE": self.cancel}
        return [
            route("/v2/{name:path}/blobs/uploads/", {"POST": self.begin}),
            route("/v2/{name:path}/blobs/uploads/{upload}", one),
        ]

    async def begin(self, request: Request) -> Response:
        """Begin an upload, or do all of it: `mount` a blob, or take the whole body with `digest`."""
        name = repository_of(request, Action.PUSH)
        query = request.query_params
        mounted = parse_digest(query["mount"]) if "mount" in query else None
        if mounted and self._mount(request, name, mounted):
            return _created(name, mounted)
        digest = parse_digest(query["digest"]) if "digest" in query else None
        upload, path = self.storage.uploads.begin(name)
        if digest is None:
            return _progress(name, upload, path, 202)
        try:
            await _receive(request, path)
            return await self._keep(name, upload, path, digest)
        finally:
            self.storage.uploads.drop(name, upload)

    async def status(self, request: Request) -> Response:
        """Tell how much of an upload has arrived."""
        name, upload, path = self._named(request)
        return _progress(name, upload, path, 204)

    async def append(self, request: Request) -> Response:
        """Take the next chunk, or a stream of unknown length."""
        name, upload, path = self._named(request)
        with self.storage.uploads.claim(upload):
            await _receive_chunk(request, name, upload, path)
            return _progress(name, upload, path, 202)

    async def finish(self, request: Request) -> Response:
        """Take the last chunk, if any, and make the upload a blob once its digest is shown to be right."""
        name, upload, path = self._named(request)
        if "digest" not in request.query_params:
            raise OciError(ErrorCode.DIGEST_INVALID, "the last request of an upload needs ?digest=")
        digest = parse_digest(request.query_params["digest"])
        with self.storage.uploads.claim(upload):
            await _receive_chunk(request, name, upload, path)
            return await self._keep(name, upload, path, digest)

    async def cancel(self, request: Request) -> Response:
        """Drop an upload."""
        name, upload, _ = self._named(request)
        with self.storage.uploads.claim(upload):
            self.storage.uploads.drop(name, upload)
        return Response(status_code=204)

    def _named(self, request: Request) -> tuple[RepositoryName, UploadId, Path]:
        name = repository_of(request, Action.PUSH)
        return name, *self.storage.uploads.find(name, request.path_params["upload"])

    def _mount(self, request: Request, name: RepositoryName, digest: Digest) -> bool:
        """Mount from the named repository, or from any the client may read where it names none."""
        source = request.query_params.get("from")
        holders = self.storage.blobs.holders(digest) if source is None else [parse_name(source)]
        access = access_of(request)
        for holder in holders:
            if access.allows(holder, Action.PULL) and self.storage.blobs.has(holder, digest):
                self.storage.blobs.mount(name, digest, holder)
                return True
        return False

    async def _keep(self, name: RepositoryName, upload: UploadId, path: Path, digest: Digest) -> Response:
        found = await asyncio.to_thread(_digest_of, path, digest.algorithm)
        if found != digest:
            # What has arrived can only ever be another blob: there is nothing to resume.
            self.storage.uploads.drop(name, upload)
            raise OciError(ErrorCode.DIGEST_INVALID, f"the content has digest {found}")
        self.storage.blobs.put(name, digest, path)
        return _created(name, digest)


async def _receive_chunk(request: Request, name: RepositoryName, upload: UploadId, path: Path) -> None:
    """Append a chunk that must begin where the last one ended, and have the length it says."""
    declared = request.headers.get("content-range")
    if declared is None:
        await _receive(request, path)
        return
    offset = arrived(path)
    match = _CONTENT_RANGE.fullmatch(declared)
    if match is None or int(match["first"]) != offset or int(match["last"]) < offset:
        headers = _location(name, upload) | {"range": _range(path)}
        raise OciError(ErrorCode.BLOB_UPLOAD_INVALID, f"expected a chunk from {offset}", status=416, headers=headers)
    await _receive(request, path, announced=int(match["last"]) - offset + 1)


async def _receive(request: Request, path: Path, announced: int | None = None) -> None:
    """Append the body, which must be as long as its `Content-Range` announced."""
    received = 0
    with appending(path) as file:
        async for piece in stream_capped(request, limit=MAX_BLOB - arrived(path)):
            received += file.write(piece)
        if announced not in {None, received}:
            raise OciError(ErrorCode.SIZE_INVALID, f"{received} bytes came where {announced} were announced")


def _digest_of(path: Path, algorithm: str) -> Digest:
    with path.open("rb") as file:
        return Digest(algorithm, hashlib.file_digest(file, algorithm).hexdigest())


def _location(name: RepositoryName, upload: UploadId) -> dict[str, str]:
    return {"location": f"/v2/{name}/blobs/uploads/{upload}", "docker-upload-uuid": upload}


def _range(path: Path) -> str:
    """Name the last byte that is here; of an empty upload, too, clients expect `0-0`."""
    return f"0-{max(0, arrived(path) - 1)}"


def _progress(name: RepositoryName, upload: UploadId, path: Path, status: int) -> Response:
    return Response(status_code=status, headers=_location(name, upload) | {"range": _range(path)})


def _created(name: RepositoryName, digest: Digest) -> Response:
    headers = {"location": f"/v2/{name}/blobs/{digest}", "docker-content-digest": str(digest)}
    return Response(status_code=201, headers=headers)
