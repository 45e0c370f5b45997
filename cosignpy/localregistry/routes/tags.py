"""Listing tags ("Listing Tags")."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cosignpy.core.encoding import encode_json
from cosignpy.localregistry.access import Action, repository_of
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.routes.dispatch import route
from cosignpy.localregistry.routes.paging import Page
from cosignpy.localregistry.storage import Storage
from cosignpy.values import value


@value
class TagRoutes:
    """`/v2/<name>/tags/list`."""

    storage: Storage
    page_size: int

    def routes(self) -> list[Route]:
        """Return the routes of this module."""
        return [route("/v2/{name:path}/tags/list", {"GET": self.get})]

    async def get(self, request: Request) -> Response:
        """List tags in ASCII order; `last` need not be a tag any more."""
        name = repository_of(request, Action.PULL)
        if not self.storage.files.is_known(name):
            raise OciError(ErrorCode.NAME_UNKNOWN, "nothing was ever pushed to this repository")
        page = Page.parse(request, most=self.page_size)
        remaining = [tag for tag in self.storage.tags.list(name) if tag > page.last]
        shown = remaining[: page.most]
        more = shown and len(remaining) > len(shown)
        return Response(
            encode_json({"name": name, "tags": list(shown)}),
            headers=page.link(f"/v2/{name}/tags/list", shown[-1]) if more else None,
            media_type="application/json",
        )
