"""The settings of `python -m ca_server`: `ca.yaml` in the data directory, all of it optional."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from ca_server.identity.cluster import CLUSTER_MOUNT
from cosignpy.core.keys.algorithms import (
    ECDSA_P256,
    ECDSA_P384,
    ECDSA_P521,
    ED25519,
    RSA_2048,
    RSA_3072,
    RSA_4096,
    select_algorithm,
)
from cosignpy.errors import UsageError
from cosignpy.serving.quantities import Duration, Range, Size
from cosignpy.serving.rate_limit import Network, Rate
from cosignpy.serving.request_log import LogLevel
from cosignpy.values import field, value

FILE: Final = "ca.yaml"
"""Where settings are looked for in the data directory."""

MIN_VALIDITY: Final = 60
MAX_VALIDITY: Final = 24 * 3600
"""Seconds that certificates may be valid: below a minute clocks disagree, beyond a day they are long-lived keys."""

CERTIFIED: Final = tuple(
    algorithm.flag for algorithm in (ECDSA_P256, ECDSA_P384, ECDSA_P521, RSA_2048, RSA_3072, RSA_4096, ED25519)
)
"""The algorithms whose keys are certified, as the real server's `--client-signing-algorithms` has them."""


class Backend(StrEnum):
    """Where an authority keeps its key."""

    FILE = "file"
    EPHEMERAL = "ephemeral"


class Embedding(StrEnum):
    """How a certificate's SCT reaches clients."""

    EMBEDDED = "embedded"
    DETACHED = "detached"
    NONE = "none"


@value
class TlsSettings:
    """TLS on the server itself; new files are taken up without a restart."""

    certificate: Annotated[Path, "PEM: the server's certificate, then its chain"]
    key: Annotated[Path, "PEM, unencrypted, mode 0600"]


@value
class LimitSettings:
    """What one client, and all of them together, may ask for."""

    body: Annotated[Size, "the largest request"] = Size(4 << 20)
    address: Annotated[Rate | None, "requests of one address; absent: no limit"] = None
    identity: Annotated[Rate | None, "certificates of one identity; absent: no limit"] = None
    trusted_proxies: Annotated[tuple[Network, ...], "whose X-Forwarded-For is believed"] = ()


@value
class AuthoritySettings:
    """An authority's certificates and key."""

    backend: Annotated[Backend, "file, or ephemeral: a new one at each start, for demos"] = Backend.FILE
    directory: Annotated[Path | None, "where `init` put them; absent: `authority` in the data directory"] = None


@value
class CertificateSettings:
    """What is issued."""

    validity: Annotated[Duration, "how long certificates are valid, 1m to 24h"] = Duration(20 * 60)
    backdate: Annotated[Duration, "how long before now they begin, for clients whose clocks are behind"] = Duration(0)
    algorithms: Annotated[tuple[str, ...], "what clients' keys may sign with, by the names of the registry"] = CERTIFIED

    def __post_init__(self) -> None:
        """Refuse what no client could use.

        Raises:
            UsageError: Out of range, or an unknown algorithm.
        """
        if not MIN_VALIDITY <= self.validity <= MAX_VALIDITY:
            raise UsageError("validity is out of range", "allowed: 1m to 24h")
        if not 0 <= self.backdate < self.validity:
            raise UsageError("backdate is out of range", "allowed: 0s to less than validity")
        if not self.algorithms:
            raise UsageError("algorithms is empty", "then no key could be certified")
        for name in self.algorithms:
            select_algorithm(name)


@value
class CtLogSettings:
    """A certificate transparency log that certificates are submitted to."""

    url: Annotated[str, "the log's base URL; /ct/v1/add-pre-chain is appended"]
    public_key: Annotated[Path | None, "PEM: SCTs must verify with it; absent: none is verified"] = None
    ca: Annotated[Path | None, "PEM: who may have issued the log's TLS certificate"] = None


@value
class TransparencySettings:
    """How certificates become public."""

    sct: Annotated[Embedding, "embedded, as all clients want it; detached; none: nobody can watch this authority"] = (
        Embedding.EMBEDDED
    )
    logs: Annotated[tuple[CtLogSettings, ...], "asked in this order, until one answers"] = ()
    timeout: Annotated[Duration, "how long one log has, all attempts together"] = Duration(10)
    attempts: Annotated[int, Range(1, 10), "how often each log is asked"] = 3


@value
class IdentitySettings:
    """Whose tokens are believed."""

    issuers: Annotated[Path | None, "Fulcio's configuration file, YAML or JSON; absent: nobody gets a certificate"] = (
        None
    )
    fetch_timeout: Annotated[Duration, Range(0.1, 60), "how long an issuer may take to tell its keys"] = Duration(10)
    keys_fresh: Annotated[Duration, "how long fetched keys are used without asking again"] = Duration(3600)
    keys_kept: Annotated[Duration, "how long they are used while the issuer does not answer"] = Duration(24 * 3600)
    refresh_interval: Annotated[
        Duration, Range(1, 3600), "how often an issuer is asked for a key that it did not have, or after a failure"
    ] = Duration(10)
    cluster_ca: Annotated[Path, "PEM: who may have issued the certificate of the cluster's own Kubernetes issuer"] = (
        CLUSTER_MOUNT / "ca.crt"
    )
    cluster_token: Annotated[Path, "the token that this issuer is asked with"] = CLUSTER_MOUNT / "token"

    def __post_init__(self) -> None:
        """Refuse times that contradict each other.

        Raises:
            UsageError: Keys that are fresh, and not kept.
        """
        if self.keys_kept < self.keys_fresh:
            raise UsageError("keys_kept is out of range", "allowed: keys_fresh and more")


@value
class TimestampSettings:
    """The timestamp authority."""

    serve: Annotated[bool, "false: no timestamps"] = True
    policy: Annotated[str, "the policy in tokens"] = "1.3.6.1.4.1.57264.2"
    policies: Annotated[tuple[str, ...], "what requests may ask for besides"] = ()
    chain: Annotated[bool, "true: tokens carry the chain, not only the leaf, where certificates are asked for"] = False
    status_201: Annotated[bool, "true: answer 201 as old servers did"] = False
    step: Annotated[Duration, "how far the clock may jump before no stamp is given"] = Duration(2)
    ntp: Annotated[tuple[str, ...], "time servers to compare with, `host` or `host:port`; empty: none"] = ()
    ntp_agree: Annotated[int, Range(0, 100), "how many of them have to agree with the clock; 0: more than half"] = 0
    ntp_limit: Annotated[Duration, "how far they may be off before they disagree"] = Duration(6)
    ntp_interval: Annotated[Duration, "how often they are asked"] = Duration(60)
    ntp_timeout: Annotated[Duration, "how long each may take to answer"] = Duration(2)


@value
class Settings:
    """All settings of a certificate authority."""

    host: Annotated[str, "the address to listen on"] = "127.0.0.1"
    port: Annotated[int, Range(0, 65_535), "0 takes any free port"] = 5555
    workers: Annotated[int, Range(0, 64), "processes that issue; 0: one process does everything"] = 2
    metrics: Annotated[
        int | None,
        Range(0, 65_535),
        "a port of its own for /metrics, plain HTTP; absent: it is on the port of the service",
    ] = None
    log_level: LogLevel = LogLevel.INFO
    tls: TlsSettings | None = None
    limits: LimitSettings = field(default_factory=LimitSettings)
    authority: AuthoritySettings = field(default_factory=AuthoritySettings)
    private_authorities: Annotated[Mapping[str, AuthoritySettings], "by the URL of the issuer they are for"] = field(
        default_factory=dict
    )
    certificates: CertificateSettings = field(default_factory=CertificateSettings)
    transparency: TransparencySettings = field(default_factory=TransparencySettings)
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    timestamps: TimestampSettings = field(default_factory=TimestampSettings)
