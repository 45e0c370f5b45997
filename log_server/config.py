"""The settings of `python -m log_server`: `log.yaml` in the data directory, all of it optional."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from cosignpy.serving.quantities import Duration, Range, Size
from cosignpy.serving.rate_limit import Network, Rate
from cosignpy.serving.request_log import LogLevel
from cosignpy.values import field, value
from log_server.log import LogKind
from log_server.rekor.submission import Duplicates
from log_server.storage.room import RESERVE
from log_server.witness.policy import WithoutQuorum

FILE: Final = "log.yaml"
"""Where settings are looked for in the data directory."""


@value
class TlsSettings:
    """TLS on the server itself; new files are taken up without a restart."""

    certificate: Annotated[Path, "PEM: the server's certificate, then its chain"]
    key: Annotated[Path, "PEM, unencrypted, mode 0600"]
    client_ca: Annotated[Path | None, "PEM: who shows a certificate of this CA may write"] = None


@value
class WriterSettings:
    """Who may write; anyone, if nothing is set. Reading is always open."""

    tokens: Annotated[Path | None, "a file of lines `NAME TOKEN` or `NAME sha256:HEX`, mode 0600"] = None
    subjects: Annotated[
        tuple[str, ...], "names in client certificates, such as CN=ci or dns:ci.example; empty: any of tls.client_ca"
    ] = ()


@value
class LimitSettings:
    """What one client, and all of them together, may ask for."""

    body: Annotated[Size, "the largest request, but for what is written to Rekor v1"] = Size(4 << 20)
    packages: Annotated[Size, "the largest entry sent to Rekor v1, where packages come whole"] = Size(32 << 20)
    reserve: Annotated[Size, "the room on the disk without which no entries are taken"] = Size(RESERVE)
    waiting: Annotated[int, Range(1, 100_000), "entries one worker may have waiting before it answers 503"] = 4096
    patience: Annotated[Duration, "how long an entry waits for its place before the answer is 503"] = Duration(10)
    writes: Annotated[
        Rate | None, "writes of one address to all logs: per_second over time, burst at once; absent: no limit"
    ] = None
    trusted_proxies: Annotated[tuple[Network, ...], "whose X-Forwarded-For is believed"] = ()


@value
class RekorV1Settings:
    """The Rekor v1 log."""

    serve: Annotated[bool, "false: this log is not served"] = True
    key: Annotated[str, "a key reference; empty: the key beside the shard"] = ""
    duplicates: Annotated[Duplicates, "conflict: 409 as the real servers; original: 201 with the first entry"] = (
        Duplicates.CONFLICT
    )
    attestation: Annotated[Size, "the largest attestation that is kept"] = Size(100 << 10)


@value
class RekorV2Settings:
    """The Rekor v2 log."""

    serve: Annotated[bool, "false: this log is not served"] = True
    key: Annotated[str, "a key reference; empty: the key beside the shard"] = ""
    duplicates: Annotated[Duplicates, "conflict: 409 as the real servers; original: 201 with the first entry"] = (
        Duplicates.CONFLICT
    )
    witnesses: Annotated[Path | None, "a C2SP tlog-policy file: whose cosignatures checkpoints need"] = None
    without_quorum: Annotated[WithoutQuorum, "refuse: entries wait for the witnesses, which is what they are for"] = (
        WithoutQuorum.REFUSE
    )


@value
class CtSettings:
    """The certificate transparency log."""

    serve: Annotated[bool, "false: this log is not served"] = True
    key: Annotated[str, "a key reference; empty: the key beside the shard"] = ""
    roots: Annotated[Path | None, "PEM: chains must end in one of these; absent: every chain is refused"] = None
    refuse_expired: Annotated[bool, "true: certificates must be valid now"] = False
    purposes: Annotated[tuple[str, ...], "extended key usages, such as CodeSigning, of which one is needed"] = ()


@value
class WitnessSettings:
    """This server as a witness of other logs (C2SP tlog-witness)."""

    logs: Annotated[Path | None, "a file of verifier keys, one a line; absent: no witness"] = None
    name: Annotated[str, "under which name it cosigns; empty: the host name, then /witness"] = ""


@value
class Settings:
    """All settings of a log server."""

    host: Annotated[str, "the address to listen on"] = "127.0.0.1"
    port: Annotated[int, Range(0, 65_535), "0 takes any free port"] = 3000
    hostname: Annotated[str, "the name in checkpoints: the host of the URL that clients know; empty: host"] = ""
    workers: Annotated[int, Range(0, 64), "processes that accept and verify; 0: one process does everything"] = 2
    metrics: Annotated[
        int | None,
        Range(0, 65_535),
        "a port of its own for /metrics, plain HTTP; absent: it is on the port of the logs",
    ] = None
    log_level: LogLevel = LogLevel.INFO
    tls: TlsSettings | None = None
    writers: WriterSettings = field(default_factory=WriterSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    rekor_v1: RekorV1Settings = field(default_factory=RekorV1Settings)
    rekor_v2: RekorV2Settings = field(default_factory=RekorV2Settings)
    ct: CtSettings = field(default_factory=CtSettings)
    witness: WitnessSettings = field(default_factory=WitnessSettings)

    @property
    def name(self) -> str:
        """Return the host name in checkpoints."""
        return self.hostname or self.host

    @property
    def witness_name(self) -> str:
        """Return the name under which this server cosigns other logs."""
        return self.witness.name or f"{self.name}/witness"

    @property
    def served(self) -> tuple[LogKind, ...]:
        """Return the logs that are served."""
        return tuple(kind for kind, log in self._logs().items() if log.serve)

    def key_of(self, kind: LogKind) -> str:
        """Return the key reference of a log, empty for the key beside its shard."""
        return self._logs()[kind].key

    def _logs(self) -> Mapping[LogKind, RekorV1Settings | RekorV2Settings | CtSettings]:
        return {LogKind.REKOR_V1: self.rekor_v1, LogKind.REKOR_V2: self.rekor_v2, LogKind.CT: self.ct}
