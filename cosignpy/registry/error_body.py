"""What a registry says about a failure (OCI distribution spec 1.1, "Error Codes"), as one typed error."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue
from cosignpy.errors import AccessDenied, MalformedError, RateLimited, RemoteError, Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.http import Response
from cosignpy.net.redaction import redact_text, redact_url
from cosignpy.net.retry import parse_retry_after

MAX_ERROR_BODY: Final = 16 * 1024
"""Only the first error is shown, and of it one line."""

_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_LOGIN: Final = "log in with `cosignpy login {0}`, or pass --registry-username and --registry-password"
_NOT_ALLOWED: Final = "these credentials do not allow it; log in to {0} with others"
_HINTS: Final[Mapping[int, str]] = {401: _LOGIN, 403: _NOT_ALLOWED}


def build_error(response: Response, registry: str, what: str, clock: Clock) -> RemoteError:
    """Turn an answer that is a failure into an error; reads and closes the answer."""
    with response:
        detail = f"{what}: {_read_reason(response)}"
    url, status = redact_url(str(response.url)), response.status
    if status in _HINTS:
        return AccessDenied(registry, url, status, detail, hint=_HINTS[status].format(registry))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        delay = parse_retry_after(response.headers, clock)
        hint = f"try again in {delay:.0f} seconds" if delay is not None else "try again later"
        return RateLimited(registry, url, status, detail, retryable=True, hint=hint, retry_after=delay)
    return RemoteError(registry, url, status, detail, retryable=status in _TRANSIENT)


def _read_reason(response: Response) -> str:
    """Return the registry's own words where it has some: a failure to read them must not hide the failure."""
    try:
        body = JsonObject.parse(response.read(MAX_ERROR_BODY, "error answer"), what="error answer")
        reason = _first_error(body.members.get("errors"))
    except (MalformedError, Unreachable):
        reason = ""
    return reason or _phrase(response.status)


def _first_error(errors: JsonValue) -> str:
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return ""
    parts = [errors[0].get(name) for name in ("code", "message")]
    return redact_text(": ".join(part for part in parts if isinstance(part, str) and part))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return f"status {status}"
