"""Pulling and deleting blobs ("Pulling blobs", "Deleting Blobs")."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cosignpy.core.digest import Digest
from cosignpy.localregistry.access import Action, repository_of
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.names import parse_digest
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.localregistry.storage import Storage
from cosignpy.values import value

PIECE: Final = 256 << 10
"""Bytes of a blob in memory at once, per client."""

_BYTE_RANGE: Final = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")


@value
class BlobRoutes:
    """`/v2/<name>/blobs/<digest>`."""

    storage: Storage

    def routes(self) -> list[Route]:
        """Return the routes of this module."""
        return [route("/v2/{name:path}/blobs/{digest}", {"GET": self.get, "DELETE": self.delete})]

    async def get(self, request: Request) -> Response:
        """Serve a blob, or the range of it that was asked for."""
        name, digest = repository_of(request, Action.PULL), parse_digest(request.path_params["digest"])
        path = self.storage.blobs.find(name, digest)
        size = path.stat().st_size
        part = select_range(_asked_range(request, digest), size)
        wanted = range(size) if part is None else part
        headers = _headers(digest, wanted)
        if part is not None:
            headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        return _send(path, wanted, headers, 200 if part is None else 206)

    async def delete(self, request: Request) -> Response:
        """Forget a blob, whether or not a manifest still names it."""
        name, digest = repository_of(request, Action.DELETE), parse_digest(request.path_params["digest"])
        self.storage.blobs.delete(name, digest)
        return Response(status_code=202)


def _asked_range(request: Request, digest: Digest) -> str:
    """Return the `Range` header where it counts: in a GET, of the content `If-Range` means (RFC 9110 section 14.2)."""
    tag = _entity_tag(digest)
    if request.method != "GET" or request.headers.get("if-range", tag) != tag:
        return ""
    return request.headers.get("range", "")


def select_range(header: str, size: int) -> range | None:
    """Return the bytes a `Range` header asks for (RFC 9110 section 14.1.2), None for all of them.

    Several ranges and other units are ignored, as section 14.2 allows.

    Raises:
        OciError: 416, there is no such byte.
    """
    match = _BYTE_RANGE.fullmatch(header)
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        part = range(max(0, size - int(match["last"])), size)
    else:
        part = range(int(match["first"]), min(int(match["last"] or size) + 1, size))
    if not part:
        headers = {"content-range": f"bytes */{size}"}
        raise OciError(ErrorCode.SIZE_INVALID, "the range is not within the blob", status=416, headers=headers)
    return part


def _entity_tag(digest: Digest) -> str:
    return f'"{digest}"'


def _headers(digest: Digest, wanted: range) -> dict[str, str]:
    return {
        "docker-content-digest": str(digest),
        "etag": _entity_tag(digest),
        "accept-ranges": "bytes",
        "content-length": str(len(wanted)),
        "content-type": "application/octet-stream",
    }


def _send(path: Path, wanted: range, headers: dict[str, str], status: int) -> Response:
    """Answer small blobs in one piece: a stream costs a task and three more messages."""
    pieces = _read(path, wanted)
    if len(wanted) <= PIECE:
        return Response(b"".join(pieces), status_code=status, headers=headers)
    return StreamingResponse(_from_disk(pieces), status_code=status, headers=headers)


async def _from_disk(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read on the event loop: the page cache answers faster than a hop to a thread."""
    for piece in pieces:
        yield piece


def _read(path: Path, wanted: range) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(wanted.start)
        remaining = len(wanted)
        while remaining and (piece := file.read(min(PIECE, remaining))):
            remaining -= len(piece)
            yield piece
