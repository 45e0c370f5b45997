"""Asking an issuer for its keys (OpenID Connect Discovery 1.0 section 4).

An issuer's answer decides whose tokens are believed, so it comes over TLS from the configured host and no other.
Everything about it is limited: its size, its time, where it may lead.
"""

from typing import Final

from ca_server.identity.cluster import ClusterFiles
from ca_server.identity.jwks import MAX_JWKS
from cosignpy.core.encoding import JsonObject
from cosignpy.errors import LimitExceeded, MalformedError, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Headers, HttpClient, HttpOptions, Request
from cosignpy.net.proxy import Proxies
from cosignpy.net.redaction import redact_url
from cosignpy.net.retry import RetryPolicy
from cosignpy.net.tls import TlsOptions
from cosignpy.net.url import Url
from cosignpy.values import field, value

MAX_DOCUMENT: Final = 128 << 10
"""Octets of a discovery document; large ones have 5,000."""
MAX_REDIRECTS: Final = 3
"""Within the host: from one path to another, seldom twice."""

_PATH: Final = "/.well-known/openid-configuration"
_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_RETRY: Final = RetryPolicy(attempts=2, first_wait=0.2, longest_wait=0.5, total=2.0, longest_demand=1.0)
"""A kept connection that breaks is worth a second try; whoever waits for a certificate has little time for a third."""


@value
class IssuerEndpoint:
    """An issuer as one that is asked for keys, and how it proves on the way that it is the one."""

    url: str
    ca_pem: bytes = field(default=b"", repr=False)
    """Who may have issued the certificate of its server, besides those whom the system trusts."""


@value
class FetchOptions:
    """How long a fetch may take from its start to the last octet, and what leads out of here."""

    timeout: float = 10.0
    proxies: Proxies = field(default_factory=Proxies)
    cluster: ClusterFiles = field(default_factory=ClusterFiles)


def fetch_key_set(endpoint: IssuerEndpoint, options: FetchOptions, clock: Clock) -> bytes:
    """Fetch the JWK set of an issuer, found by its discovery document.

    Raises:
        Unreachable: It does not answer, or not in time.
        RemoteError: It answers with an error, or leads elsewhere.
        MalformedError: It answers with something else than the issuer that is asked for.
        LimitExceeded: It answers with too much.
        FileError: What the cluster's own issuer is asked with cannot be read.
    """
    conversation = _Conversation(endpoint, options, clock)
    try:
        document = conversation.get(find_document(endpoint.url), MAX_DOCUMENT, "discovery document")
        return conversation.get(find_key_set(document, endpoint.url), MAX_JWKS, "JWK set")
    finally:
        conversation.close()


def find_document(issuer: str) -> Url:
    """Return where an issuer's discovery document is (section 4.1).

    Raises:
        MalformedError: It is no URL with TLS; on this machine itself, plain HTTP will do.
    """
    if "?" in issuer or "#" in issuer:
        raise MalformedError("issuer", "its URL has a query or a fragment")
    url = Url.parse(issuer)
    return _secured(Url(url.origin, f"{url.target.removesuffix('/')}{_PATH}"), "issuer", plain_loopback=True)


def find_key_set(document: bytes, issuer: str) -> Url:
    """Return where a discovery document says that the keys are (section 4.3).

    Raises:
        MalformedError: Not a discovery document, one of another issuer, or its keys come without TLS.
    """
    parsed = JsonObject.parse(document, what="discovery document")
    if parsed.text("issuer") != issuer:
        raise parsed.malformed("issuer", "it is that of another issuer")
    try:
        url = Url.parse(parsed.text("jwks_uri"))
    except MalformedError as error:
        raise parsed.malformed("jwks_uri", error.why) from error
    return _secured(url, "discovery document", plain_loopback=issuer.startswith("http:"))


def _secured(url: Url, what: str, *, plain_loopback: bool) -> Url:
    """Insist on TLS: who can change an answer on its way signs tokens of anyone.

    Who can do that on the loopback interface is on this machine; tests and development need no certificates there. An
    issuer elsewhere has no business with it: its documents must not make us ask our own machine.
    """
    if url.origin.scheme == "https" or (plain_loopback and url.origin.is_loopback):
        return url
    raise MalformedError(what, "a URL in it is not one of https")


class _Conversation:
    """The requests of one fetch, all of them done by one deadline."""

    def __init__(self, endpoint: IssuerEndpoint, options: FetchOptions, clock: Clock) -> None:
        self._deadline = clock.monotonic() + options.timeout
        way = options.cluster.select(endpoint.url)
        self._headers = {"Accept": "application/json", "Cache-Control": "no-cache", **way.headers}
        http = HttpOptions(
            connect_timeout=options.timeout,
            read_timeout=options.timeout,
            tls=TlsOptions(ca_pem=(endpoint.ca_pem + way.ca_pem) or None),
            proxies=options.proxies,
            retry=_RETRY,
        )
        self._client = HttpClient(http, clock)

    def close(self) -> None:
        self._client.close()

    def get(self, url: Url, cap: int, what: str) -> bytes:
        """Get a document, along redirects within its host."""
        for _ in range(MAX_REDIRECTS + 1):
            request = Request("GET", url, self._headers, deadline=self._deadline)
            with self._client.send(request) as response:
                if response.status == _OK:
                    return response.read(cap, what)
                url = _follow(url, response.status, response.headers)
        raise LimitExceeded("redirects", f"more than {MAX_REDIRECTS}")


def _follow(url: Url, status: int, headers: Headers) -> Url:
    """Return where to ask next; another host, port or scheme is another server, which nobody configured."""
    location = headers.get("Location")
    if status not in _REDIRECTS or location is None:
        raise _refusal(url, status, "no document")
    try:
        target = url.join(location)
    except MalformedError as error:
        raise _refusal(url, status, "it redirects to what is no URL") from error
    if target.origin != url.origin:
        raise _refusal(url, status, "it redirects to another host")
    return target


def _refusal(url: Url, status: int, why: str) -> RemoteError:
    return RemoteError("the issuer", redact_url(str(url)), status, why)
