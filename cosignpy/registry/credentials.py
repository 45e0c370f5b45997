"""What we can show a registry."""

from cosignpy.core.encoding import encode_b64
from cosignpy.values import field, value


@value
class Anonymous:
    """Nothing to show."""


@value
class BasicCredential:
    """A user and password."""

    username: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of an Authorization header (RFC 7617; UTF-8)."""
        return f"Basic {encode_b64(f'{self.username}:{self.password}'.encode())}"


@value
class IdentityToken:
    """An OAuth2 refresh token, good for the token server only."""

    token: str = field(repr=False)


@value
class RegistryToken:
    """A bearer token, shown to the registry as it is."""

    token: str = field(repr=False)


TokenCredential = Anonymous | BasicCredential | IdentityToken
"""What a token server can be shown."""

Credential = TokenCredential | RegistryToken
