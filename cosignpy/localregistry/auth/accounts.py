"""The people a registry knows, and the credentials of a request."""

import base64
import binascii
import hmac

from starlette.datastructures import Headers

from cosignpy.localregistry.access import ALL_ACTIONS, Action
from cosignpy.values import field, value


@value
class Account:
    """A name, a password, and what they allow in every repository."""

    name: str
    password: str = field(repr=False)
    actions: frozenset[Action] = ALL_ACTIONS


@value
class Accounts:
    """All accounts of a registry."""

    known: tuple[Account, ...]

    def authenticate(self, name: str, password: str) -> Account | None:
        """Return the account, None unless name and password are right; both are compared in constant time."""
        found = None
        for account in self.known:
            same_name = hmac.compare_digest(account.name.encode(), name.encode())
            same_password = hmac.compare_digest(account.password.encode(), password.encode())
            if same_name and same_password:
                found = account
        return found

    def authenticate_basic(self, headers: Headers) -> Account | None:
        """Return the account whose credentials an `Authorization: Basic` header carries (RFC 7617)."""
        encoded = credentials(headers, "basic")
        try:
            decoded = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return None
        name, _, password = decoded.partition(":")
        return self.authenticate(name, password)


def credentials(headers: Headers, scheme: str) -> str:
    """Return what follows the scheme in the `Authorization` header; nothing for another scheme or none."""
    found, _, rest = headers.get("authorization", "").partition(" ")
    return rest.strip() if found.lower() == scheme else ""
