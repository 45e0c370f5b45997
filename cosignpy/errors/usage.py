"""Errors about what was asked, and about what is on this machine."""

from cosignpy.values import record


class CosignError(Exception):
    """Whatever cosignpy raises on purpose.

    `shown` is what a verification had shown before it ended with this error: a `cosignpy.core.verify.trail.Trail`.
    """

    hint: str | None = None
    shown: object = None


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
class InvalidPredicate(MalformedError):
    """What an attestation was to say, and where it departs from its type: a line of its file, and a field."""

    line: int = 0
    field: str = ""
    hint: str | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: {self.field}: " if self.field else f"line {self.line}: "
        return f"malformed {self.what}: {place}{self.why}"


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


@record
class IdentityUnusable(CosignError):
    """An identity token that is no good for signing, or a sign-in that did not lead to one; never with the token."""

    source: str
    why: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"no identity from {self.source}: {self.why}"


@record
class NoIdentity(IdentityUnusable):
    """There is nobody to sign as, and no way to ask."""


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
    """The artifact exists and nobody signed it, or attested anything about it; `what` says which was looked for."""

    reference: str
    hint: str | None = None
    what: str = "signatures"

    def __str__(self) -> str:
        return f"no {self.what} found for {self.reference}"


@record
class NoSuchTarget(NotFoundError):
    """The trust repository is in order and does not have this file."""

    target: str
    repository: str

    def __str__(self) -> str:
        return f"the trust repository {self.repository} has no {self.target}"


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
