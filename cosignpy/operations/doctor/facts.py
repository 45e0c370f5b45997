"""What the checks look at: facts about this machine and its services, gathered before anything is judged."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from cosignpy.errors import CosignError
from cosignpy.values import field, value


@value
class Setting:
    """One setting that counts: its value as it may be shown, and where it is from."""

    name: str
    value: str
    origin: str


def show_address(text: str) -> str:
    """Return an address without user, query and fragment; of one that is none too, what is before an @ is not shown."""
    scheme, mark, rest = text.partition("://") if "://" in text else ("", "", text)
    shown, _, _ = rest.rpartition("@")[2].partition("#")
    return f"{scheme.rpartition('@')[2]}{mark}{shown.partition('?')[0]}"


class ServiceRole(StrEnum):
    """What a service is there for."""

    AUTHORITY = "certificate authority"
    LOG_V1 = "log (Rekor v1)"
    LOG_V2 = "log (Rekor v2)"
    STAMPER = "timestamp authority"
    ISSUER = "identity issuer"
    MIRROR = "trust mirror"


@value
class ServiceAddress:
    """A service that is configured.

    Attributes:
        role: What it is there for.
        url: Its address as it is configured.
        shown: Its address without what may be secret.
        is_exposed: Whether it is asked over a network without TLS.
    """

    role: ServiceRole
    url: str = field(repr=False)
    shown: str
    is_exposed: bool = False

    @classmethod
    def of(cls, role: ServiceRole, url: str) -> "ServiceAddress":
        """Take an address as somebody wrote it."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:  # brackets that do not match
            return cls(role, url, "(not an address)")
        return cls(role, url, show_address(url), parts.scheme == "http" and not _is_this_machine(host))

    def __str__(self) -> str:
        return f"{self.role} {self.shown}"


class Obstacle(StrEnum):
    """What is between this machine and a service, where there is no answer."""

    ADDRESS = "address"
    NAME = "name"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    PROTOCOL = "protocol"
    TLS = "tls"
    PROXY = "proxy"
    OTHER = "other"


@value
class Reply:
    """An answer: `ahead` is how many seconds our clock is ahead of the one that its Date header shows."""

    status: int
    body: bytes = field(repr=False)
    seconds: float
    ahead: float | None = None


@value
class NoReply:
    """Why there is none."""

    obstacle: Obstacle
    why: str


@value
class Asked:
    """A service that was asked, through a proxy where one is named."""

    service: ServiceAddress
    result: Reply | NoReply
    proxy: str = ""


@value
class Document:
    """A trusted root or a signing config as commands would read it now: the content, or what prevents that."""

    source: str
    content: bytes = field(default=b"", repr=False)
    error: CosignError | None = None

    def tell(self, error: CosignError) -> str:
        """Say what is wrong with it, and where it is from, once."""
        told = str(error)
        return told if told.startswith(self.source) else f"{self.source}: {told}"


@value
class CacheFacts:
    """The cache of trust of the mirror that is configured.

    Attributes:
        mirror: Where it is fetched from, as it may be shown.
        folder: Where it is.
        expires: When each piece of metadata expires that is there and can be read.
        unreadable: What is there and cannot be read, by file.
        writable_by_others: What others than this user could have written.
        is_locked: Whether a process holds the lock.
        error: What prevents finding out which mirror counts.
    """

    mirror: str
    folder: str
    expires: Mapping[str, datetime] = field(default_factory=dict, compare=False)
    unreadable: Mapping[str, str] = field(default_factory=dict, compare=False)
    writable_by_others: tuple[str, ...] = ()
    is_locked: bool = False
    error: CosignError | None = None


@value
class CredentialFacts:
    """A file with registry credentials: how many entries, and whether others may read them."""

    path: str
    entries: int = 0
    holds_secrets: bool = False
    readable_by_others: bool = False
    error: CosignError | None = None


@value
class HelperFacts:
    """A credential helper that a file names: whether it is installed, ends in time, and does what it is asked."""

    program: str
    named_in: str
    is_installed: bool = True
    is_silent: bool = False
    failure: str = ""


@value
class IdentityFacts:
    """Who could sign here without a key.

    Attributes:
        provider: The provider that is here, empty where none is.
        error: Why its token is no good, where the token can be read without asking anybody.
        expires: When that token expires.
        advice: What is missing where this is a place that could have a token and has none.
    """

    provider: str = ""
    error: CosignError | None = None
    expires: datetime | None = None
    advice: str = ""


@value
class VariableFacts:
    """The names of variables: those that are set, those we read, and those that cosign reads and we do not."""

    present: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    proxy_error: CosignError | None = None


@value
class KeyFile:
    """A private key in a file: whether a password protects it, and whether others may read it."""

    path: str
    is_encrypted: bool
    readable_by_others: bool


@value
class RegistryFacts:
    """A registry that was asked.

    Attributes:
        name: The registry, or the repository in it.
        error: Why it could not be used.
        has_referrers: Whether it has the referrers API; None where no repository is named to ask about.
        shown: Which kind of credentials it was shown.
        image: The image that was looked for, empty where none was.
        image_error: Why it could not be found.
    """

    name: str
    error: CosignError | None = None
    has_referrers: bool | None = None
    shown: str = ""
    image: str = ""
    image_error: CosignError | None = None


@value
class Facts:
    """Everything; what is left out was not looked at."""

    now: datetime
    settings: tuple[Setting, ...] = ()
    offline: bool = False
    services: tuple[Asked, ...] = ()
    cache: CacheFacts | None = None
    trusted_root: Document | None = None
    signing_config: Document | None = None
    credential_files: tuple[CredentialFacts, ...] = ()
    helpers: tuple[HelperFacts, ...] = ()
    identity: IdentityFacts = field(default_factory=IdentityFacts)
    has_password: bool = False
    variables: VariableFacts = field(default_factory=VariableFacts)
    key_files: tuple[KeyFile, ...] = ()
    registry: RegistryFacts | None = None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
