"""Who refers to an image: the referrers API where there is one, else the fallback tag.

Distribution spec 1.1, "Listing Referrers" and "Unavailable Referrers API". Only an answer that says "there
is no such API" leads to the tag; a failure stays a failure, because "no signatures" would be a lie.
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import MAX_MANIFEST, OCI_INDEX, Descriptor
from cosignpy.core.oci.referrers import join_referrers, parse_referrers
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.net.http import Response
from cosignpy.registry.endpoint import Endpoint, media_type_of

_NO_API: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_ACCEPTABLE})
"""How registries from before the API answer, by the spec (404) and in practice."""

MAX_LISTED: Final = 4 * MAX_MANIFEST
"""Bytes of all pages together: a registry that repeats its entries would otherwise be read for as long as it likes."""

_WHAT: Final = "referrers list"


class ReferrersApi:
    """The referrers API of one repository, and whether it exists."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.is_missing = False
        """Set by the first answer that shows it; asking again would cost a request per image."""

    def fetch(self, subject: Digest) -> Sequence[Descriptor] | None:
        """Return all referrers of a subject, None where there is no referrers API.

        Raises:
            MalformedError: The list is not one.
            LimitExceeded: More entries, pages or bytes than any image has.
            RemoteError: The registry failed.
        """
        if self.is_missing:
            return None
        pages = self._endpoint.fetch_pages(f"referrers/{subject}", {"Accept": OCI_INDEX})
        first = next(pages)
        if not self._is_list(first):
            # 400 may be about this subject alone (an algorithm the registry does not know): ask again for others.
            self.is_missing = first.status != HTTPStatus.BAD_REQUEST
            first.close()
            return None
        return join_referrers(_parse_pages(first, pages))

    def _is_list(self, response: Response) -> bool:
        """Tell whether an answer comes from the API: 200 and an OCI index.

        Old registries and the gateways before them also say 200 with a web page or an error document;
        that is no list, so the fallback tag is asked, which such a registry has.
        """
        if response.status == HTTPStatus.OK:
            return media_type_of(response) == OCI_INDEX
        if response.status in _NO_API:
            return False
        raise self._endpoint.session.error(response, _WHAT)


def _parse_pages(first: Response, others: Iterator[Response]) -> Iterator[Sequence[Descriptor]]:
    raw = first.read(MAX_MANIFEST, _WHAT)
    size = len(raw)
    yield parse_referrers(raw)
    for page in others:
        with page:
            if media_type_of(page) != OCI_INDEX:
                raise MalformedError(_WHAT, f"a further page is {media_type_of(page) or 'of no media type'!r}")
            raw = page.read(MAX_MANIFEST, _WHAT)
        size += len(raw)
        if size > MAX_LISTED:
            raise LimitExceeded(_WHAT, f"its pages have more than {MAX_LISTED} bytes")
        yield parse_referrers(raw)
