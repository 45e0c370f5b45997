"""One registry, as everything that speaks to it sees it: the one place for authentication, retries and URLs.

The lean reads and the oras-based pushes send through the same session, so that tokens, connections and limits
are shared. Credentials are for the registry's own origin and its token server, and for nobody else.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from cosignpy.errors import AccessDenied, RemoteError, Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.failures import UntrustedCertificate, WrongProtocol, is_disconnection
from cosignpy.net.http import Body, HttpClient, OneShotBody, Request, Response
from cosignpy.net.redirects import send_following
from cosignpy.net.url import Origin, Url
from cosignpy.registry.authorization import Authorizer, Scope
from cosignpy.registry.options import CloudCredentials, RegistryOptions
from cosignpy.values import replace, value

if TYPE_CHECKING:
    from cosignpy.registry.credentials import Credential

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BAD_REQUEST: Final = 400
_CERTIFICATE_HINT: Final = "pass --registry-cacert FILE with the authority that issued the certificate"
_HTTP_HINT: Final = "if it really has no TLS, pass --allow-http-registry"
_VAGUENESS: Final[Mapping[type[Unreachable], int]] = {UntrustedCertificate: 0, Unreachable: 1, WrongProtocol: 2}
_NO_HEADERS: Final[Mapping[str, str]] = {}


class Content(TypedDict, total=False):
    """What a request may carry."""

    headers: Mapping[str, str] | None
    body: Body | None


@value
class _Call:
    """One request before it is known where the registry is."""

    method: str
    location: str
    scope: Scope
    headers: Mapping[str, str]
    body: Body | None


class RegistrySession:
    """Speaks to one registry; safe to share among threads."""

    def __init__(self, registry: str, options: RegistryOptions, *, clock: Clock | None = None) -> None:
        self.registry = registry
        self._clock = clock or Clock()
        address = Url.parse(f"https://{registry}").origin
        self._schemes = options.schemes_for(address)
        self._origin: Origin | None = None
        self._client = HttpClient(options.http_options(address.host), self._clock)
        self._options = options
        self._authorizer = Authorizer(self._client, self._clock, self._credentials_for)

    def send(
        self, method: str, location: str, *, repository: str, actions: str = "pull", **content: Unpack[Content]
    ) -> Response:
        """Send one request and return its answer; statuses other than 401 are the caller's to judge.

        Args:
            method: The HTTP method.
            location: A path from `/v2/` on, or the absolute URL of a Location header.
            repository: The repository it concerns, empty for the registry as a whole.
            actions: What must be allowed there: `pull`, `pull,push`, `delete` ...
            content: `headers` besides those of the client and the authentication, and a `body`.

        Raises:
            AccessDenied: Credentials are missing, wrong or not enough.
            Unreachable: No usable answer.
            RemoteError: The registry leads astray: a malformed challenge, a redirect to plain HTTP.
            LimitExceeded: Too many redirects.
            MalformedError: The location is not one.
        """
        headers = content.get("headers") or _NO_HEADERS
        call = _Call(method, location, Scope.of(repository, actions), headers, content.get("body"))
        try:
            return self._send(call)
        except UntrustedCertificate as error:
            error.hint = _CERTIFICATE_HINT
            raise
        except WrongProtocol as error:
            error.hint = _HTTP_HINT if "plain HTTP, not" in error.detail else None
            raise

    @property
    def was_challenged(self) -> bool:
        """Tell whether the registry has asked for credentials so far."""
        return self._authorizer.was_challenged

    def error(self, response: Response, what: str) -> RemoteError:
        """Build the error for an answer that is a failure; reads and closes the answer."""
        from cosignpy.registry.error_body import build_error

        found = build_error(response, self.registry, what, self._clock)
        if isinstance(found, AccessDenied):
            found.hint = self._hint(found.hint)
        return found

    def close(self) -> None:
        """Close the connections that are kept for later; the session stays usable."""
        self._client.close()

    def _credentials_for(self, repository: str) -> "Iterator[Credential]":
        from cosignpy.registry.credential_selection import select_credentials

        return select_credentials(self._options, self.registry, repository)

    def _send(self, call: _Call) -> Response:
        if self._origin is not None:
            return self._authorized(call, self._origin)
        return self._find_origin(call)

    def _find_origin(self, call: _Call) -> Response:
        """Send the first request; the scheme that gets an answer is kept for all others."""
        failures: list[Unreachable] = []
        doubtful: Origin | None = None
        for origin in self._candidates():
            try:
                response = self._authorized(call, origin)
            except Unreachable as error:
                failures.append(error)
                if not _may_speak_otherwise(error, self._candidates()):
                    break
                continue
            if response.status == _BAD_REQUEST and origin != self._candidates()[-1]:
                # TLS servers answer plain HTTP with 400; nothing else tells them from an offended registry.
                response.close()
                doubtful = origin
                continue
            self._origin = origin
            return response
        if doubtful is None or not all(isinstance(error, WrongProtocol) for error in failures):
            raise min(failures, key=_vagueness)
        self._origin = doubtful
        return self._authorized(call, doubtful)

    def _candidates(self) -> tuple[Origin, ...]:
        return tuple(Url.parse(f"{scheme}://{self.registry}").origin for scheme in self._schemes)

    def _authorized(self, call: _Call, origin: Origin) -> Response:
        """Send with one credential after another, until one is not refused or none is left."""
        while True:
            shown = self._authorizer.shown_for(call.scope.repository)
            try:
                response = self._ask(call, origin)
            except AccessDenied as error:
                if not self._may_try_another(call, shown):
                    error.hint = self._hint(error.hint)
                    raise
                continue
            if response.status != _FORBIDDEN or not self._may_try_another(call, shown):
                return response
            response.close()

    def _may_try_another(self, call: _Call, refused: int) -> bool:
        replayable = not isinstance(call.body, OneShotBody)
        return replayable and self._authorizer.try_another(call.scope.repository, refused)

    def _hint(self, hint: str | None) -> str | None:
        """Return what to do about a refusal; whoever others ask through, as in a cluster, cannot log in for them."""
        if self._options.rule is not None:
            return None
        if self._options.cloud is CloudCredentials.UNUSED:
            return hint
        from cosignpy.registry.cloud.sources import hint_for

        return hint_for(self.registry) or hint

    def _ask(self, call: _Call, origin: Origin) -> Response:
        url = _resolve(call.location, origin)
        request = Request(call.method, url, call.headers, call.body)
        if url.origin != origin:
            return send_following(self._client, request)
        shown = self._authorizer.header(origin, call.scope)
        response = send_following(self._client, _with_authorization(request, shown))
        if response.status != _UNAUTHORIZED or response.url.origin != origin:
            return response
        return self._answer_challenge(request, response, call.scope, shown)

    def _answer_challenge(self, request: Request, response: Response, scope: Scope, shown: str | None) -> Response:
        """Authenticate as the 401 demands and ask once more (RFC 9110 section 11.6.1)."""
        origin = request.url.origin
        values = response.headers.get_all("WWW-Authenticate")
        with response:
            header = self._authorizer.answer(origin, values, scope, shown)
            if header is None or not request.is_replayable:
                raise self.error(response, "authentication")
        again = send_following(self._client, _with_authorization(request, header))
        if again.status == _UNAUTHORIZED and again.url.origin == origin:
            raise self.error(again, "authentication")
        return again


def _resolve(location: str, origin: Origin) -> Url:
    """Resolve a location; a registry behind a TLS proxy may call itself `http`, which is not followed there."""
    url = Url(origin, "/").join(location)
    if url.origin.scheme == "http" and origin.scheme == "https":
        if url.origin.host != origin.host:
            why = f"it sends us on to plain HTTP at {url.origin.authority}"
            raise RemoteError(origin.authority, str(origin), None, why)
        return replace(url, origin=origin)
    return url


def _with_authorization(request: Request, header: str | None) -> Request:
    if header is None:
        return request
    return replace(request, headers={**request.headers, "Authorization": header})


def _may_speak_otherwise(error: Unreachable, candidates: tuple[Origin, ...]) -> bool:
    """Tell whether the other scheme is worth a try; a server that is silent for one is silent for both."""
    if isinstance(error.__cause__, ConnectionRefusedError):
        return len({origin.port for origin in candidates}) > 1
    return isinstance(error, WrongProtocol) or is_disconnection(error.__cause__)


def _vagueness(error: Unreachable) -> int:
    """Order the failures of both schemes by how little they explain."""
    return _VAGUENESS.get(type(error), 1)
