"""Everything that can go wrong, as data a caller can decide on.

One class per thing a caller would do differently. Errors never print, log or exit; what a person
reads is `str(error)`, one line, and `hint` says what to do about it where that is known.
Exit codes live in `cosignpy.cli.exit_codes`, which maps these classes once.

    CosignError
    ├── UsageError                  the request itself is wrong
    ├── MalformedError              bytes from outside that are not what they claim to be
    │   └── LimitExceeded           too much of it
    ├── KeyUnusable                 a key that cannot do what was asked
    │   └── WrongPassword
    ├── VerificationError           proof is missing or false
    │   ├── DigestMismatch          content is not what its digest says
    │   ├── SignatureMismatch       no given key made this signature
    │   ├── ClaimMismatch           properly signed, but it says something else
    │   ├── CertificateError        a certificate that does not prove what it is shown for
    │   ├── TimestampError          a timestamp that does not prove the time it is shown for
    │   ├── TransparencyError       a Merkle proof leads elsewhere: the log does not hold what it should
    │   ├── TransparencyRequired    a log entry is needed and was neither given nor waived
    │   └── NoMatchingSignatures    signatures exist, none satisfies the policy
    ├── NotFoundError
    │   ├── NoSuchTag               the registry does not know this tag or digest
    │   └── NoSignatures            the artifact is there, unsigned
    ├── DeadlineExceeded            the command took longer than it was allowed to
    ├── FileError                   a local file that cannot be read or must not be overwritten
    ├── HelperFailed                a credential helper that could not do what was asked
    └── RemoteError                 a service that refused, failed or did not answer
        ├── Unreachable             no answer at all
        ├── AccessDenied            401 and 403
        └── RateLimited             429
"""

from collections.abc import Sequence

from cosignpy.values import record, value


class CosignError(Exception):
    """Whatever cosignpy raises on purpose."""

    hint: str | None = None


@record
class UsageError(CosignError):
    """The request cannot be carried out as it was worded."""

    problem: str
    hint: str | None = None

    def __str__(self) -> str:
        return self.problem


@record
class MalformedError(CosignError):
    """Input that does not follow its format: `what` it was to be, `why` it is not."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"malformed {self.what}: {self.why}"


@record
class LimitExceeded(MalformedError):
    """Input larger, longer or deeper than we accept; never cut off, always refused."""

    def __str__(self) -> str:
        return f"{self.what} is over the limit: {self.why}"


@record
class KeyUnusable(CosignError):
    """A key that cannot do what was asked of it."""

    source: str
    why: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"cannot use key {self.source}: {self.why}"


@record
class WrongPassword(KeyUnusable):
    """The password does not open the private key."""


class VerificationError(CosignError):
    """Something that had to be proved was not."""


@record
class DigestMismatch(VerificationError):
    """Content whose digest is not the one it was fetched or named by."""

    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} does not have the digest it was asked for by: wanted {self.wanted}, found {self.found}"


@record
class SignatureMismatch(VerificationError):
    """The signature was not made by the key over these bytes."""

    why: str

    def __str__(self) -> str:
        return f"invalid signature: {self.why}"


@record
class ClaimMismatch(VerificationError):
    """A signed statement that says something other than what had to be proved."""

    claim: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"the signed {self.claim} is {self.found}, wanted {self.wanted}"


@record
class CertificateError(VerificationError):
    """A certificate, or a link of its chain, that does not prove what it is shown for; `what` says which."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what} is refused: {self.why}"


@record
class TimestampError(VerificationError):
    """A timestamp, or the lack of one, that does not prove the time it is shown for."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what} is refused: {self.why}"


@record
class TransparencyError(VerificationError):
    """A log that does not hold what it has to: a Merkle proof leads to another root than the one that is trusted."""

    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"the {self.what} is {self.found}, wanted {self.wanted}"


@record
class TransparencyRequired(VerificationError):
    """A transparency log entry is demanded and cannot be had."""

    why: str
    hint: str | None = None

    def __str__(self) -> str:
        return self.why


@value
class Rejection:
    """One signature that did not pass: where it lies and why it was refused."""

    signature: str
    error: CosignError

    def __str__(self) -> str:
        return f"{self.signature}: {self.error}"


@record
class NoMatchingSignatures(VerificationError):
    """There are signatures, and not enough of them satisfy the policy; every reason is kept."""

    artifact: str
    rejections: Sequence[Rejection]
    why: str = "no matching signatures"

    def __str__(self) -> str:
        return f"{self.why} for {self.artifact}"


class NotFoundError(CosignError):
    """Something that was looked for in the right place is not there."""


@record
class NoSuchTag(NotFoundError):
    """The registry, layout or daemon does not know this tag or digest."""

    reference: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"no such image: {self.reference}"


@record
class NoSignatures(NotFoundError):
    """The artifact exists and nobody signed it."""

    reference: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"no signatures found for {self.reference}"


@record
class FileError(CosignError):
    """A local file that cannot be read, written, or must not be overwritten."""

    path: str
    why: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


@record
class DeadlineExceeded(CosignError):
    """The whole command was given `seconds`, and they are over."""

    seconds: float
    hint: str | None = "--timeout allows more"

    def __str__(self) -> str:
        return f"not finished after {self.seconds:g} s"


@record
class HelperFailed(CosignError):
    """A credential helper ran and could not do what was asked."""

    program: str
    why: str

    def __str__(self) -> str:
        return f"{self.program} failed: {self.why}"


@record
class RemoteError(CosignError):
    """A service that answered with a failure. `url` never carries credentials or query values."""

    service: str
    url: str
    status: int | None
    detail: str
    retryable: bool = False
    hint: str | None = None

    def __str__(self) -> str:
        status = f" with {self.status}" if self.status is not None else ""
        return f"{self.service} answered{status} at {self.url}: {self.detail}"


@record
class Unreachable(RemoteError):
    """No usable answer: refused, reset, timed out, name not resolved, TLS failed."""

    def __str__(self) -> str:
        return f"cannot reach {self.service} at {self.url}: {self.detail}"


@record
class AccessDenied(RemoteError):
    """Credentials are missing, wrong or not enough (401, 403)."""


@record
class RateLimited(RemoteError):
    """The service asks to slow down (429); `retry_after` seconds where it said so."""

    retry_after: float | None = None
