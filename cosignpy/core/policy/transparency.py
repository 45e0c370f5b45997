"""Who must have seen a signature, and when. Waivers are values with a loud name and a reason."""

from datetime import datetime

from cosignpy.errors import UsageError
from cosignpy.values import value


def _refuse_no_threshold(threshold: int, what: str) -> None:
    if threshold < 1:
        raise UsageError(f"a threshold of {threshold} {what} demands nothing", "to waive it, say so with the waiver")


@value
class RequireLog:
    """Transparency log entries, of so many different logs, must prove that the signature is public."""

    threshold: int = 1

    def __post_init__(self) -> None:
        _refuse_no_threshold(self.threshold, "log entries")


@value
class SkipLogUnsafe:
    """No log entry is asked for: nobody can tell when, or how often, the key signed."""

    reason: str


@value
class RequireTime:
    """So many authorities must vouch for when a certificate signed: timestamp authorities, or logs that promised."""

    threshold: int = 1

    def __post_init__(self) -> None:
        _refuse_no_threshold(self.threshold, "observed times")


@value
class RequireSignedTime:
    """The same, and only timestamp authorities count (`--use-signed-timestamps`)."""

    threshold: int = 1

    def __post_init__(self) -> None:
        _refuse_no_threshold(self.threshold, "signed timestamps")


@value
class AssumeTimeUnsafe:
    """A time that nobody vouches for stands in where no authority does: a stolen key could have signed at any time."""

    moment: datetime
    reason: str


@value
class RequireSct:
    """So many certificate transparency logs must have promised to show the certificate to everybody."""

    threshold: int = 1

    def __post_init__(self) -> None:
        _refuse_no_threshold(self.threshold, "SCTs")


@value
class SkipSctUnsafe:
    """No SCT is asked for: an authority can issue certificates for anybody, and nobody would see it."""

    reason: str
