"""Exit codes of every command, documented in docs/exit-codes.md: the one table from errors to numbers.

10 to 13 are cosign's. A command over several images exits with the code its failures agree on, else with 1.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from cosignpy.errors import (
    AccessDenied,
    AttestationsRefused,
    ClusterError,
    ClusterUnreachable,
    CosignError,
    DeadlineExceeded,
    DigestMismatch,
    FileError,
    Forbidden,
    HelperFailed,
    IdentityUnusable,
    KeyUnusable,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    NoSuchTag,
    NoSuchTarget,
    RateLimited,
    RemoteError,
    TransparencyRequired,
    Unreachable,
    UntrustedRepository,
    UsageError,
    VerificationError,
    WrongPassword,
)

OK: Final = 0
FAILURE: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130

EXIT_CODES: Final[Mapping[type[CosignError], int]] = {
    UsageError: USAGE,
    TransparencyRequired: USAGE,
    FileError: 3,
    MalformedError: 4,
    WrongPassword: 6,
    KeyUnusable: 5,
    IdentityUnusable: 7,
    NoSignatures: 10,
    NoSuchTag: 11,
    DigestMismatch: 24,
    NoSuchTarget: 25,
    UntrustedRepository: 25,
    AttestationsRefused: FAILURE,
    NoMatchingSignatures: 12,
    VerificationError: 12,
    DeadlineExceeded: 20,
    Unreachable: 20,
    AccessDenied: 21,
    HelperFailed: 21,
    RateLimited: 22,
    RemoteError: 23,
    ClusterUnreachable: 20,
    Forbidden: 21,
    ClusterError: 23,
}
"""From the most specific class to the least: the first that an error is an instance of counts."""


def exit_code(error: CosignError) -> int:
    """Return the exit code for an error."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), FAILURE)


def combined_exit_code(codes: Iterable[int]) -> int:
    """Return what several results exit with: the code that all failures share, or 1 when they differ."""
    found = set(codes) - {OK}
    return found.pop() if len(found) == 1 else (FAILURE if found else OK)
