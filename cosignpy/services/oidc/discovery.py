"""Where an issuer signs people in (OIDC Discovery section 4, RFC 8414 section 3, RFC 8628 section 4)."""

from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import IdentityUnusable, MalformedError
from cosignpy.net.http import Request
from cosignpy.net.url import Url
from cosignpy.services.conversation import Answer, Conversation, Expected, endpoint
from cosignpy.values import value

MAX_DOCUMENT: Final = 256 * 1024
"""Google's has 1,300 bytes, Keycloak's 7,000."""
S256: Final = "S256"

_PATH: Final = "/.well-known/openid-configuration"
_WHAT: Final = "discovery document"
_OK: Final = 200
_MANY: Final = 200
_SILENT_ABOUT_PKCE: Final = frozenset({"login.microsoftonline.com"})
"""Issuers that do PKCE and do not say so."""
_POST: Final = "client_secret_post"


@value
class Issuer:
    """An issuer's endpoints; None where it has none for the purpose."""

    name: str
    token: Url
    authorization: Url | None
    device: Url | None
    proves_codes: bool
    """Whether it binds a code to who asked for it (PKCE, RFC 7636)."""
    secrets_in_form: bool
    """Whether secrets go into the form (`client_secret_post`) and not into a header."""
    tells_issuer: bool
    """Whether it says who it is when it sends a code (RFC 9207), so that nobody else can pass one off as its own."""


def fetch_issuer(name: str, conversation: Conversation) -> Issuer:
    """Fetch what an issuer says of itself.

    Raises:
        IdentityUnusable: It is on plain HTTP elsewhere than on this machine.
        RemoteError: It does not answer, not with a discovery document, or with that of another issuer.
        MalformedError: It is no URL.
    """
    url = endpoint(name, _PATH)
    if not _is_private(url):
        raise IdentityUnusable(name, "plain HTTP: anybody on the way could sign in", "name an https:// issuer")
    answer = conversation.ask(
        Request("GET", url, {"Accept": "application/json"}), Expected((_OK,), MAX_DOCUMENT, _WHAT)
    )
    with conversation.understanding(answer):
        return _parse(name, answer)


def _parse(name: str, answer: Answer) -> Issuer:
    found = JsonObject.parse(answer.body, what=_WHAT)
    if found.text("issuer") != name:
        # Else whoever answers here could collect codes that are for somebody else (OIDC Discovery section 4.3).
        raise found.malformed("issuer", f"it is that of {found.text('issuer')!r}, and {name!r} was asked")
    methods = found.texts("code_challenge_methods_supported", most=_MANY)
    return Issuer(
        name,
        token=_endpoint(found, "token_endpoint"),
        authorization=_optional(found, "authorization_endpoint"),
        device=_optional(found, "device_authorization_endpoint"),
        proves_codes=S256 in methods or answer.url.origin.host in _SILENT_ABOUT_PKCE,
        secrets_in_form=_POST in found.texts("token_endpoint_auth_methods_supported", most=_MANY),
        tells_issuer=found.members.get("authorization_response_iss_parameter_supported") is True,
    )


def _optional(found: JsonObject, name: str) -> Url | None:
    return _endpoint(found, name) if name in found else None


def _endpoint(found: JsonObject, name: str) -> Url:
    try:
        url = Url.parse(found.text(name))
    except MalformedError as error:
        raise found.malformed(name, error.why) from error
    if not _is_private(url):
        raise found.malformed(name, "it is on plain HTTP")
    return url


def _is_private(url: Url) -> bool:
    """Tell whether nobody reads along: TLS, or this machine."""
    return url.origin.scheme == "https" or url.origin.is_loopback
