"""What we can show a registry."""

from dataclasses import dataclass, field

from cosignpy.core.encoding import encode_b64


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nothing to show."""


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A user and password."""

    username: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of an Authorization header (RFC 7617; UTF-8)."""
        return f"Basic {encode_b64(f'{self.username}:{self.password}'.encode())}"


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """An OAuth2 refresh token, good for the token server only."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """A bearer token, shown to the registry as it is."""

    token: str = field(repr=False)


TokenCredential = Anonymous | BasicCredential | IdentityToken
"""What a token server can be shown."""

Credential = TokenCredential | RegistryToken
