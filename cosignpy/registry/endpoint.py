"""One repository of one registry as URLs: paths, pages, media types (OCI distribution spec 1.1)."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.net.http import Response
from cosignpy.registry.session import RegistrySession
from cosignpy.values import value

MAX_PAGES: Final = 1000
"""Pages of one list: registries give 100 entries per page or more, hostile ones give empty pages for ever."""

_NEXT: Final = re.compile(r'<(?P<target>[^<>]*)>\s*;(?:[^,]*;)?\s*rel\s*=\s*"?next"?(?=\s*(?:[;,]|$))', re.IGNORECASE)


@value
class Endpoint:
    """A repository and the session of its registry."""

    session: RegistrySession
    repository: str

    @property
    def name(self) -> str:
        """The repository with its registry."""
        return f"{self.session.registry}/{self.repository}"

    def reference(self, name: Digest | Tag) -> str:
        """Return what a person calls a manifest or blob here."""
        return f"{self.name}{'@' if isinstance(name, Digest) else ':'}{name}"

    def path(self, rest: str) -> str:
        """Return the path of something in the repository."""
        return f"/v2/{self.repository}/{rest}"

    def send(self, method: str, rest: str, actions: str = "pull") -> Response:
        """Send a request without a body; the status is the caller's to judge.

        Raises:
            RemoteError: No usable answer, or access is denied.
        """
        return self.session.send(method, self.path(rest), repository=self.repository, actions=actions)

    def fetch(self, rest: str, headers: Mapping[str, str] | None = None) -> Response:
        """Send a GET; the status is the caller's to judge.

        Raises:
            RemoteError: No usable answer, or access is denied.
        """
        return self.session.send("GET", self.path(rest), repository=self.repository, headers=headers)

    def fetch_pages(self, rest: str, headers: Mapping[str, str] | None = None) -> Iterator[Response]:
        """Yield the pages of a list, following `Link` (RFC 8288) within the registry; later pages are all 200.

        Raises:
            MalformedError: A link leads elsewhere.
            LimitExceeded: More than `MAX_PAGES`.
            RemoteError: No usable answer; a failure on any page but the first.
        """
        location = self.path(rest)
        for number in range(MAX_PAGES):
            response = self.session.send("GET", location, repository=self.repository, headers=headers)
            if number and response.status != HTTPStatus.OK:
                raise self.session.error(response, "next page of a list")
            yield response
            following = _next_location(response)
            if following is None:
                return
            location = following
        raise LimitExceeded("list", f"more than {MAX_PAGES} pages")


def media_type_of(response: Response) -> str:
    """Return the media type of an answer without parameters, in lower case (RFC 9110 section 8.3.1)."""
    return (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def _next_location(response: Response) -> str | None:
    """Return the path of the next page; only the path: nobody is sent to another host by a list."""
    match = next(filter(None, map(_NEXT.search, response.headers.get_all("Link"))), None)
    if match is None:
        return None
    url = response.url.join(match["target"])
    if url.origin.host != response.url.origin.host or not url.target.startswith("/v2/"):
        raise MalformedError("Link header", "the next page would be at another place than the registry")
    return url.target
