"""Who signs: a token that is given, else one that the place has ready, else somebody signs in (cosign's order)."""

from enum import StrEnum
from pathlib import Path
from typing import Final

from cosignpy.errors import IdentityUnusable, NoIdentity, UsageError
from cosignpy.services.oidc.ambient.files import read_token_file
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.ambient.providers import advise, find_token
from cosignpy.services.oidc.claims import looks_like_token
from cosignpy.services.oidc.person import Person
from cosignpy.services.oidc.redirect import DEFAULT_REDIRECT, Redirect
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.values import field, value

ISSUER: Final = "https://oauth2.sigstore.dev/auth"
"""The public one."""
CLIENT: Final = "sigstore"

_LONGEST_PATH: Final = 4096
_ISSUER_SECONDS: Final = 30.0
_GIVEN: Final = "--identity-token"


class Flow(StrEnum):
    """How somebody signs in; cosign's names."""

    NORMAL = "normal"
    DEVICE = "device"
    TOKEN = "token"  # noqa: S105 - a name
    CLIENT_CREDENTIALS = "client_credentials"


@value
class Wanted:
    """What is wanted of an identity, and how it may be had; `token` is the text of one or a file with one."""

    token: str = field(default="", repr=False)
    issuer: str = ISSUER
    client: str = CLIENT
    secret: str = field(default="", repr=False)
    redirect: str = ""
    """Where the browser brings the answer; empty for any free port."""
    audience: str = ""
    """Whom the token has to be for; empty for the client, or `sigstore` where the client itself signs in."""
    provider: str = ""
    ambient: bool = True
    flow: Flow | None = None
    """None: whatever fits. A flow that is named is used even where a token lies ready."""

    @property
    def for_whom(self) -> str:
        """The audience."""
        default = CLIENT if self.flow is Flow.CLIENT_CREDENTIALS else self.client
        return self.audience or default


def obtain_token(wanted: Wanted, place: Place, person: Person) -> IdentityToken:
    """Get an identity token, asking a person if there is no other way.

    Raises:
        IdentityUnusable: There is nobody to sign as, the sign-in failed, or the token is no good.
        RemoteError: An issuer or a provider does not answer as it should.
        UsageError: What is wanted does not go together.
    """
    if wanted.token:
        token = read_given(wanted.token)
        token.check(wanted.for_whom, place.clock.wall())
        return token
    if wanted.flow is Flow.TOKEN:
        raise UsageError("the flow token needs a token", f"give {_GIVEN}")
    if wanted.provider and not wanted.ambient:
        raise UsageError("--oidc-provider and --oidc-disable-ambient-providers exclude each other")
    if wanted.ambient and (wanted.provider or wanted.flow is None):
        found = find_token(place, wanted.for_whom, wanted.provider)
        if found is not None:
            return found
    return _sign_in(wanted, place, person)


def read_given(text: str) -> IdentityToken:
    """Read the token that a flag gives: itself, or a file's name. What is neither is not repeated in the error.

    Raises:
        IdentityUnusable: It is neither, or the file has no token.
    """
    if looks_like_token(text.strip()):
        return IdentityToken.parse(text, _GIVEN)
    path = Path(text)
    if len(text) > _LONGEST_PATH or "\0" in text or not _is_there(path):
        why = "it is neither a token nor a file that exists"
        raise IdentityUnusable(_GIVEN, why, "a token is three parts with dots between them")
    return IdentityToken.parse(read_token_file(path), text)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is longer than names can be, such as a token with a slip in it
        return False


def _sign_in(wanted: Wanted, place: Place, person: Person) -> IdentityToken:
    if wanted.flow is None and not person.is_present:
        raise NoIdentity(
            "the environment",
            "nobody to sign as: no token is here, and nobody is at a terminal to sign in",
            advise(place) or f"give {_GIVEN} or set SIGSTORE_ID_TOKEN; --fulcio-auth-flow device signs in all the same",
        )
    redirect = Redirect.parse(wanted.redirect or DEFAULT_REDIRECT)
    # From here on it takes a person or a secret, and 100 ms to import what they need.
    from cosignpy.services.oidc import flows
    from cosignpy.services.oidc.discovery import fetch_issuer
    from cosignpy.services.oidc.oauth import OAuthClient

    conversation = place.talk("the identity issuer", _ISSUER_SECONDS, wanted.secret)
    issuer = fetch_issuer(wanted.issuer, conversation)
    client = OAuthClient(wanted.client, wanted.secret)
    sign_in = flows.SignIn(issuer, client, wanted.for_whom, conversation, place.clock, person)
    if wanted.flow is Flow.DEVICE:
        return flows.sign_in_on_device(sign_in)
    if wanted.flow is Flow.CLIENT_CREDENTIALS:
        return flows.sign_in_client(sign_in)
    if person.has_browser:
        return flows.sign_in_here(sign_in, redirect)
    return flows.sign_in_elsewhere(sign_in, redirect)
