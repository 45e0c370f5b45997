"""Lists that come in pages: `n`, `last` and the `Link` header ("Listing Tags", "Listing Referrers")."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.values import value

MAX_PAGE: Final = 10_000
"""Entries in one answer; more come with the next page, whatever the client asks for."""

_COUNT: Final = re.compile(r"[0-9]{1,9}")


@value
class Page:
    """The part of a list a client wants: at most `most` entries, after `last`."""

    most: int
    last: str

    @classmethod
    def parse(cls, request: Request, *, most: int) -> "Page":
        """Parse `n` and `last`; `most` is the registry's own limit.

        Raises:
            OciError: 400, `n` is not a number.
        """
        text = request.query_params.get("n", str(most))
        if not _COUNT.fullmatch(text):
            raise OciError(ErrorCode.UNSUPPORTED, "n must be a number", status=400)
        return cls(min(int(text), most), request.query_params.get("last", ""))

    def link(self, path: str, last: str, **query: str) -> Mapping[str, str]:
        """Return the header that leads to the next page (RFC 8288)."""
        following = urlencode({"n": str(self.most), "last": last} | query)
        return {"link": f'<{path}?{following}>; rel="next"'}
