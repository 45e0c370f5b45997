"""What is asked about one image of an admission, and what is answered.

Answers are texts and digests, so that they cross between processes, and are kept in files, as JSON.
"""

from datetime import UTC, datetime
from enum import StrEnum

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import field, value


@value
class PullCredentials:
    """What registries are asked with.

    Attributes:
        docker_config: Configuration files of Docker, one after another, as a JSON array that
            `cosignpy.registry.keyring.Keyring` reads; empty for nobody's.
        identity: Tells credentials apart, and is no secret: a digest of which Secrets they are; empty for nobody's.
        warnings: What was named and is not there, a line each: worth saying where an image cannot be fetched.
    """

    docker_config: str = field(default="", repr=False)
    identity: str = ""
    warnings: tuple[str, ...] = ()


@value
class ImageQuestion:
    """An image as an object names it, and what runs it, where; `deadline` is by `time.monotonic`."""

    image: str
    namespace: str
    workload: Workload = field(repr=False)
    credentials: PullCredentials = field(repr=False)
    deadline: float


class Cause(StrEnum):
    """Why an image may not run; the label of metrics, and `status.reason` of what is recorded."""

    POLICY = "policy-denied"
    UNCOVERED = "no-matching-policy"
    IMAGE_NAME = "image-name"
    NOT_FOUND = "not-found"
    UNREACHABLE = "registry-unreachable"
    CREDENTIALS = "registry-credentials"
    TRUST = "trust"
    CONFIGURATION = "configuration"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"


class Kept(StrEnum):
    """How old an answer is: made now, remembered, or remembered beyond its time since its registry is away."""

    FRESH = "fresh"
    REMEMBERED = "remembered"
    GRACE = "grace"


@value
class PolicyAnswer:
    """What one policy said. `namespace` is empty for those of the whole cluster.

    Attributes:
        authority: Who vouched for the image; empty where nobody did.
        reasons: Why it is refused, or warned of, a line each.
        evidence: Digests of what was believed: `sha256:...` of bundles and of layers with signatures.
    """

    name: str
    namespace: str
    outcome: Outcome
    authority: str = ""
    reasons: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@value
class Excuse:
    """A signed exception by which an image runs that is refused otherwise: its name, and what it says."""

    name: str
    signers: tuple[str, ...]
    reason: str
    until: datetime

    def __str__(self) -> str:
        until = f"{self.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return f"break-glass {self.name} of {', '.join(self.signers)}, until {until}: {self.reason}"


@value
class ImageVerdict:
    """What became of an image.

    Attributes:
        image: As it was asked about.
        digest: `sha256:...`; empty where nobody found it out.
        outcome: PASSED, WARNED or REFUSED.
        policies: What each policy said that is about it.
        cause: Why it is refused, or warned of.
        problem: Why nothing could be decided, or that no policy is about it; with what to do.
        decided_at: When it was decided first.
        kept: How old that is.
        excuse: By which exception it runs in spite of what policies said.
    """

    image: str
    digest: str
    outcome: Outcome
    policies: tuple[PolicyAnswer, ...] = ()
    cause: Cause | None = None
    problem: str = ""
    decided_at: datetime | None = None
    kept: Kept = Kept.FRESH
    excuse: Excuse | None = None

    @property
    def is_admitted(self) -> bool:
        """Whether it may run, perhaps with a warning."""
        return self.outcome in {Outcome.PASSED, Outcome.WARNED}
