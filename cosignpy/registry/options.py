"""How to reach registries, as flags and environment say it."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from cosignpy.net.http import HttpOptions, TlsOptions, TlsVerification
from cosignpy.net.proxy import Proxies
from cosignpy.net.retry import RetryPolicy
from cosignpy.net.url import Origin
from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.net.address_rule import AddressRule
    from cosignpy.net.tls import SharedTls
    from cosignpy.registry.keyring import Keyring


class CloudCredentials(Enum):
    """Whether credentials are asked for that a cloud gives to whoever runs in it."""

    UNUSED = "unused"
    USED = "used"


@value
class RegistryOptions:
    """How to reach a registry, and the environment that credentials and proxies are found by.

    Attributes:
        username: Who logs in; without it whoever the credential files name.
        password: Their password.
        token: A bearer token, used as it is.
        cacert: A file of CAs (PEM) that are trusted besides the system's.
        client_cert: A file with a certificate (PEM) for registries that want one.
        client_key: The file of its key.
        server_name: The name that the registry's certificate has to carry.
        allow_http: Whether plain HTTP is spoken where HTTPS is not answered; on this machine it always is.
        allow_insecure: Whether any TLS certificate will do.
        connect_timeout: Seconds to wait for a connection.
        read_timeout: Seconds to wait for the next octet.
        retry: How often a request is sent again, and after how long.
        environment: Variables (DOCKER_CONFIG, HOME, HTTPS_PROXY ...); empty: no credential files, no proxies.
        keyring: Credentials that are tried one after another, before those of files.
        cloud: Whether the clouds' own registries are shown what this machine or workload is in its cloud.
        rule: Which servers may be spoken to, where somebody else names them; it also says where HTTP is.
        shared_tls: The TLS context of many sessions, in place of one by the options that name TLS.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    cacert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    server_name: str | None = None
    allow_http: bool = False
    allow_insecure: bool = False
    connect_timeout: float = 4.0
    read_timeout: float = 30.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    keyring: "Keyring | None" = field(default=None, repr=False)
    cloud: CloudCredentials = CloudCredentials.UNUSED
    rule: "AddressRule | None" = None
    shared_tls: "SharedTls | None" = field(default=None, repr=False)

    @property
    def names_tls(self) -> bool:
        """Tell whether some flag only makes sense when TLS is spoken."""
        return self.allow_insecure or any((self.cacert, self.client_cert, self.client_key, self.server_name))

    def http_options(self, host: str) -> HttpOptions:
        """Build what the HTTP client needs to know for one registry host.

        Raises:
            UsageError: A proxy variable that is none.
        """
        skipped, required = TlsVerification.SKIPPED_UNSAFE, TlsVerification.REQUIRED
        verification = skipped if self.allow_insecure else required
        return HttpOptions(
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            tls=TlsOptions(self.cacert, self.client_cert, self.client_key, verification),
            server_names={host: self.server_name} if self.server_name else {},
            proxies=Proxies.from_environment(self.environment),
            retry=self.retry,
            rule=self.rule,
            shared_tls=self.shared_tls,
        )

    def schemes_for(self, origin: Origin) -> tuple[str, ...]:
        """Return the schemes to try, the likely one first; plain HTTP only for loopback or when asked for."""
        if self.rule is not None:
            return ("https", "http") if self.rule.allows_http(origin) else ("https",)
        if origin.is_loopback:
            return ("https", "http") if self.names_tls else ("http", "https")
        return ("https", "http") if self.allow_http else ("https",)
