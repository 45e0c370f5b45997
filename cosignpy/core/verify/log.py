"""The transparency step of a verification: demanded, or waived with a reason that stays in the evidence."""

from cosignpy.core.policy.image import RequireLog, SkipLogUnsafe
from cosignpy.errors import TransparencyRequired
from cosignpy.values import value


@value
class LogFinding:
    """What is known about a signature's log entry: here, that nobody asked."""

    waived_because: str


def verify_log(rule: RequireLog | SkipLogUnsafe) -> LogFinding:
    """Apply the policy's rule about the transparency log.

    Raises:
        TransparencyRequired: The policy demands a log entry; entries cannot be verified without a trusted root.
    """
    if isinstance(rule, RequireLog):
        raise TransparencyRequired(
            "a transparency log entry is required, and this version verifies signatures without a log only",
            "pass --insecure-ignore-tlog to accept signatures that no log has recorded",
        )
    return LogFinding(rule.reason)
