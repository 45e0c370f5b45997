"""Listing referrers ("Listing Referrers")."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import MAX_MANIFEST, OCI_INDEX, Descriptor
from cosignpy.localregistry.access import Action, repository_of
from cosignpy.localregistry.names import RepositoryName, parse_digest
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.localregistry.routes.paging import Page
from cosignpy.localregistry.storage import Storage

_ENVELOPE: Final = 1024
"""Bytes of an index around its descriptors, generously."""


@dataclass(frozen=True, slots=True)
class ReferrerRoutes:
    """`/v2/<name>/referrers/<digest>`."""

    storage: Storage
    page_size: int

    def routes(self) -> list[Route]:
        """Return the routes of this module."""
        return [route("/v2/{name:path}/referrers/{digest}", {"GET": self.get})]

    async def get(self, request: Request) -> Response:
        """List what refers to a digest. One that nothing refers to, or that is not here, has an empty list."""
        name, subject = repository_of(request, Action.PULL), parse_digest(request.path_params["digest"])
        page = Page.parse(request, most=self.page_size)
        wanted = request.query_params.get("artifactType", "")
        shown, more = _cut(self._matching(name, subject, page.last, wanted), page.most)
        headers = {"content-type": OCI_INDEX}
        if wanted:
            headers["oci-filters-applied"] = "artifactType"
        if more:
            query = {"artifactType": wanted} if wanted else {}
            headers |= page.link(f"/v2/{name}/referrers/{subject}", str(shown[-1].digest), **query)
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry.encode() for entry in shown]}
        return Response(encode_json(index), headers=headers)

    def _matching(self, name: RepositoryName, subject: Digest, last: str, wanted: str) -> Iterator[Descriptor]:
        for entry in self.storage.referrers.after(name, subject, last):
            if wanted in {"", entry.artifact_type} and self.storage.manifests.has(name, entry.digest):
                yield entry


def _cut(entries: Iterator[Descriptor], most: int) -> tuple[list[Descriptor], bool]:
    """Take what fits one answer, at least one entry: clients read no index above a manifest's size."""
    shown: list[Descriptor] = []
    room = MAX_MANIFEST - _ENVELOPE
    for entry in entries:
        room -= len(encode_json(entry.encode())) + 1
        if shown and (len(shown) >= most or room < 0):
            return shown, True
        shown.append(entry)
    return shown, False
