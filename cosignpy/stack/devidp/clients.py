"""Who may ask for tokens: the public client of people's tools, and service accounts with a secret."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.errors import CosignError, UsageError
from cosignpy.net.url import Url
from cosignpy.stack.devidp.identity import Identity
from cosignpy.values import field, replace, value

SIGSTORE: Final = "sigstore"
"""The client id that Sigstore's tools have, and the audience that its certificate authorities expect."""

OFFLINE: Final = "offline_access"
"""The scope that asks for a refresh token (OIDC Core section 11)."""
SCOPES: Final = ("openid", "email", "profile", OFFLINE)

AUTHORIZATION_CODE: Final = "authorization_code"
CLIENT_CREDENTIALS: Final = "client_credentials"
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 # a grant's name

_PEOPLES_GRANTS: Final = frozenset({AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN})
_MACHINES_GRANTS: Final = frozenset({CLIENT_CREDENTIALS})


@value
class ServiceAccount:
    """A machine that shows a secret and gets a token about itself; its name is the subject if there is no other."""

    name: str
    secret: str = field(repr=False)
    identity: Identity = field(default_factory=Identity)


@value
class Client:
    """A client; one that is no service account is a public one."""

    client_id: str
    grants: frozenset[str]
    account: ServiceAccount | None = None

    def knows(self, secret: str) -> bool:
        """Tell whether a secret is this client's; a public one has the empty secret, which Go's OAuth client sends."""
        own = self.account.secret if self.account else ""
        return hmac.compare_digest(own.encode(), secret.encode())


def list_clients(accounts: Sequence[ServiceAccount]) -> Mapping[str, Client]:
    """Return all clients by their ids.

    Raises:
        UsageError: Two have the same name, or one has no secret.
    """
    found = {SIGSTORE: Client(SIGSTORE, _PEOPLES_GRANTS)}
    for account in accounts:
        if account.name in found or not account.name:
            raise UsageError(f"there cannot be a service account with the name {account.name!r}", "choose another")
        if not account.secret:
            raise UsageError(f"the service account {account.name} has no secret", "give it one")
        identity = replace(account.identity, subject=account.identity.subject or account.name)
        complete = replace(account, identity=identity)
        found[account.name] = Client(account.name, _MACHINES_GRANTS, complete)
    return found


def is_loopback_redirect(text: str) -> bool:
    """Tell whether codes may be sent there: a program on the user's machine, at any port (RFC 8252 section 7.3).

    `localhost` is what Sigstore's tools register, against section 8.3.
    """
    try:
        origin = Url.parse(text).origin
    except CosignError:
        return False
    return origin.scheme == "http" and origin.is_loopback and "#" not in text
