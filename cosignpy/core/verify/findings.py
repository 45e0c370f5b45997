"""What was shown about a bundle, step by step: by which authority, at which time, at which place of which log."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from cosignpy.core.intoto import Subject
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.policy.identity import CertificateIdentity
from cosignpy.core.verify.log import LogFinding
from cosignpy.core.verify.steps import StepFinding
from cosignpy.values import field, value


class TimeSource(StrEnum):
    """Who vouches for a time."""

    TIMESTAMP_AUTHORITY = "timestamp authority"
    LOG = "transparency log"
    ASSUMED = "nobody"


@value
class ObservedTime:
    """When the signature existed already, according to one authority.

    Attributes:
        moment: The time, in UTC: not later than then.
        source: Who vouches for it.
        authority: The URI of the timestamp authority, or the base URL of the log, as the trusted root has it.
        signer: SHA-256 of the certificate of the timestamp authority (DER), or the id of the log's key.
    """

    moment: datetime
    source: TimeSource
    authority: str
    signer: bytes = field(default=b"", compare=False, repr=False)


@value
class ProvenInclusion:
    """The checkpoint whose tree has the entry.

    Attributes:
        origin: Which log it is, in its own words.
        size: How many entries the tree has.
        root: The hash of the tree's root.
        index: The place of the entry in this tree, from 0.
        checkpoint: All of it, with every signature line: those of witnesses are kept, not judged.
    """

    origin: str
    size: int
    root: bytes
    index: int
    checkpoint: str = field(repr=False)


@value
class LogEntryFinding:
    """One log entry about the signature.

    Attributes:
        log: The base URL of the log, as the trusted root has it.
        log_id: The id of its key.
        kind: Kind and version of the entry, as in `hashedrekord 0.0.2`.
        inclusion: What was proved; None where there is a promise only.
        integrated_time: When the log promised it, in UTC; None where it did not.
        log_index: The place that the log promised, else the one that was proved, from 0.
    """

    log: str
    log_id: bytes
    kind: str
    inclusion: ProvenInclusion | None
    integrated_time: datetime | None
    log_index: int


@value
class SctFinding:
    """One certificate transparency log's promise to show the certificate.

    Attributes:
        log: The base URL of the log, as the trusted root has it.
        moment: When it promised, in UTC.
        log_id: The id of its key.
    """

    log: str
    moment: datetime
    log_id: bytes = field(default=b"", compare=False, repr=False)


@value
class CertificateFinding:
    """The certificate that signed: who it names, which authority vouches for it, which logs show it, and when.

    Attributes:
        der: The certificate.
        identity: Who it names.
        authority: The URI of the authority, as the trusted root has it.
        scts: Which logs promised to show it.
        scts_waived_because: Why none was asked for; empty where some were.
        issuer: SHA-256 of the authority's certificate (DER), since several authorities may have one address.
    """

    der: bytes = field(repr=False)
    identity: CertificateIdentity
    authority: str
    scts: tuple[SctFinding, ...]
    scts_waived_because: str = ""
    issuer: bytes = field(default=b"", repr=False)


@value
class VerifiedBundle:
    """A bundle that satisfies the policy. Exists only as the result of a verification.

    Attributes:
        key: What made the signature.
        algorithm: By which algorithm.
        certificate: Who signed; None where the policy names the key.
        times: When it existed already, by everybody who vouches for that.
        entries: Where it can be seen.
        log_waived: Why no log was asked for; None where one was.
        digests: Those of the artifact that were compared, by algorithm.
        payload: The signed statement; empty where the artifact itself was signed.
        predicate_type: What kind of statement it is.
        subjects: All that the statement is about.
        steps: What became of each step, in order.
        policy: What was demanded.
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
    subjects: tuple[Subject, ...] = field(default=(), repr=False)
    steps: tuple[StepFinding, ...] = field(default=(), repr=False)
    policy: BundlePolicy | None = field(default=None, repr=False, compare=False)
