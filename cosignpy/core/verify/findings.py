"""What was shown about a bundle, step by step: by which authority, at which time, at which place of which log."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.identity import CertificateIdentity
from cosignpy.core.verify.log import LogFinding
from cosignpy.values import field, value


class TimeSource(StrEnum):
    """Who vouches for a time."""

    TIMESTAMP_AUTHORITY = "timestamp authority"
    LOG = "transparency log"
    ASSUMED = "nobody"


@value
class ObservedTime:
    """When the signature existed already, according to one authority: its URI, or the base URL of the log."""

    moment: datetime
    source: TimeSource
    authority: str


@value
class ProvenInclusion:
    """The checkpoint whose tree has the entry, with all signature lines: those of witnesses are kept, not judged."""

    origin: str
    size: int
    root: bytes
    index: int
    checkpoint: str = field(repr=False)


@value
class LogEntryFinding:
    """One log entry about the signature. `integrated_time` and `log_index` are there where the log promised them."""

    log: str
    log_id: bytes
    kind: str
    inclusion: ProvenInclusion | None
    integrated_time: datetime | None
    log_index: int


@value
class SctFinding:
    """One certificate transparency log's promise to show the certificate, and when it made it."""

    log: str
    moment: datetime


@value
class CertificateFinding:
    """The certificate that signed: who it names, which authority vouches for it, which logs show it, and when."""

    der: bytes = field(repr=False)
    identity: CertificateIdentity
    authority: str
    scts: tuple[SctFinding, ...]
    scts_waived_because: str = ""


@value
class VerifiedBundle:
    """A bundle that satisfies the policy. Exists only as the result of a verification.

    `digests` are those of the artifact that were compared, by algorithm; `payload` is the signed statement, empty
    where the artifact itself was signed.
    """

    key: PublicKey
    algorithm: Algorithm
    certificate: CertificateFinding | None
    times: tuple[ObservedTime, ...]
    entries: tuple[LogEntryFinding, ...]
    log_waived: LogFinding | None
    digests: Mapping[str, bytes]
    payload: bytes = field(default=b"", repr=False)
    predicate_type: str = ""
