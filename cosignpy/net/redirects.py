"""Following redirects without taking credentials along (RFC 9110 section 15.4).

Registries send blobs from storage elsewhere; what authenticates us to the registry is none of the storage's
business, and a leak of it there is how several clients were broken.
"""

from dataclasses import replace
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError, RemoteError
from cosignpy.net.http import Request, Response, Sender
from cosignpy.net.redaction import redact_url
from cosignpy.net.url import Url

MAX_REDIRECTS: Final = 5
"""Registries need one, two at most; more is a loop."""

_ANY_METHOD: Final = frozenset({307, 308})
_SAFE_METHODS: Final = frozenset({301, 302, 303, 307, 308})
_CREDENTIAL_HEADERS: Final = frozenset({"authorization", "cookie"})


def send_following(client: Sender, request: Request) -> Response:
    """Send a request and follow redirects; other methods than GET and HEAD only where none is to change.

    Raises:
        LimitExceeded: More than `MAX_REDIRECTS`.
        RemoteError: A redirect to nowhere, or from HTTPS to plain HTTP.
        Unreachable: No usable answer.
    """
    for _ in range(MAX_REDIRECTS + 1):
        response = client.send(request)
        location = response.headers.get("Location")
        if location is None or not _is_redirect(request, response):
            return response
        with response:
            request = _redirected(request, response, location)
    raise LimitExceeded("redirects", f"more than {MAX_REDIRECTS}, the last to {redact_url(str(request.url))}")


def _is_redirect(request: Request, response: Response) -> bool:
    followed = _SAFE_METHODS if request.method in {"GET", "HEAD"} else _ANY_METHOD
    return response.status in followed and request.is_replayable


def _redirected(request: Request, response: Response, location: str) -> Request:
    try:
        url = request.url.join(location)
    except MalformedError as error:
        raise _refusal(request, response, f"it redirects to what is no URL ({error.why})") from error
    here, there = request.url.origin, url.origin
    if here.scheme == "https" and there.scheme == "http":
        raise _refusal(request, response, f"it redirects from HTTPS to plain HTTP at {there.authority}")
    return replace(request, url=url, headers=_headers_for(url, request))


def _headers_for(url: Url, request: Request) -> dict[str, str]:
    """Keep credentials for the same origin only: another port is another server."""
    if url.origin == request.url.origin:
        return dict(request.headers)
    return {name: value for name, value in request.headers.items() if name.lower() not in _CREDENTIAL_HEADERS}


def _refusal(request: Request, response: Response, why: str) -> RemoteError:
    return RemoteError(request.url.origin.authority, redact_url(str(request.url)), response.status, why)
