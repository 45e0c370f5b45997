"""Listing referrers ("Listing Referrers")."""

from collections.abc import Iterator, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import MAX_MANIFEST, OCI_INDEX
from cosignpy.localregistry.access import Action, repository_of
from cosignpy.localregistry.names import RepositoryName, parse_digest
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.localregistry.routes.paging import Page
from cosignpy.localregistry.storage import Storage
from cosignpy.localregistry.storage.referrers import ReferrerEntry
from cosignpy.values import value

_ENVELOPE: Final = 1024
"""Bytes of an index around its descriptors, generously."""


@value
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
        return Response(_build_index(shown), headers=headers)

    def _matching(self, name: RepositoryName, subject: Digest, last: str, wanted: str) -> Iterator[ReferrerEntry]:
        for entry in self.storage.referrers.after(name, subject, last):
            if (not wanted or entry.has_type(wanted)) and self.storage.manifests.has(name, entry.digest):
                yield entry


def _cut(entries: Iterator[ReferrerEntry], most: int) -> tuple[list[ReferrerEntry], bool]:
    """Take what fits one answer, at least one entry: clients read no index above a manifest's size."""
    shown: list[ReferrerEntry] = []
    room = MAX_MANIFEST - _ENVELOPE
    for entry in entries:
        room -= len(entry.encoded) + 1
        if shown and (len(shown) >= most or room < 0):
            return shown, True
        shown.append(entry)
    return shown, False


def _build_index(entries: Sequence[ReferrerEntry]) -> bytes:
    """Put encoded descriptors into an index as they are."""
    head = encode_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).removesuffix(b"]}")
    return head + b",".join(entry.encoded for entry in entries) + b"]}"
