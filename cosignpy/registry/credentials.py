"""What we can show a registry, and where it comes from: flags, Docker's and containers' files, helpers."""

from dataclasses import dataclass, field

from cosignpy.core.encoding import encode_b64
from cosignpy.errors import UsageError
from cosignpy.registry.options import RegistryOptions


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


Credential = Anonymous | BasicCredential | IdentityToken | RegistryToken


def select_credential(options: RegistryOptions, registry: str, repository: str) -> Credential:
    """Choose what to show a registry: flags before files, the most specific entry of a file first.

    Raises:
        UsageError: Flags that do not go together.
    """
    if options.token is not None:
        return RegistryToken(options.token)
    if options.username is not None and options.password is not None:
        return BasicCredential(options.username, options.password)
    if options.username is not None or options.password is not None:
        raise UsageError("a registry username needs a password, and the other way round")
    return Anonymous()
