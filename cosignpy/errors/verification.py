"""Errors about proofs that are missing or false."""

from collections.abc import Sequence

from cosignpy.errors.usage import CosignError
from cosignpy.values import record, value


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
class IdentityMismatch(VerificationError):
    """The certificate names somebody whom the policy does not accept."""

    wanted: str
    found: str
    hint: str | None = "if this is who should have signed, name them in the policy"

    def __str__(self) -> str:
        return f"signed by {self.found}, the policy wants {self.wanted}"


@record
class Denied(VerificationError):
    """A key, certificate or identity on the policy's list of those that never count, and the entry that says so."""

    what: str
    entry: str

    def __str__(self) -> str:
        return f"{self.what} never counts: the deny list has the {self.entry}"


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
    hint: str | None = None

    def __str__(self) -> str:
        return f"the {self.what} is {self.found}, wanted {self.wanted}"


@record
class UntrustedRepository(VerificationError):
    """A trust repository whose metadata is expired, rolled back, wrongly signed, or not what was signed."""

    repository: str
    why: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"the trust repository {self.repository} cannot be believed: {self.why}"


@record
class TransparencyRequired(VerificationError):
    """A transparency log entry is demanded and cannot be had."""

    why: str
    hint: str | None = None

    def __str__(self) -> str:
        return self.why


@value
class Rejection:
    """One signature, or one file, that did not pass: where it lies and why it was refused."""

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
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.why} for {self.artifact}"


@record
class AttestationsRefused(NoMatchingSignatures):
    """Attestations by those who are to make them, that do not say what the conditions of a policy want."""


@record
class PolicyRefused(VerificationError):
    """A policy that an image does not satisfy for what stands in the policy itself, whoever signed the image."""

    policy: str
    why: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"policy {self.policy}: {self.why}" if self.policy else self.why


@record
class ConditionRefused(PolicyRefused):
    """A condition that did not come out true: it does not hold, is undefined, failed or took too long.

    `policy` is what the condition belongs to, which may be nothing but its file.
    """

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        named = f"policy {self.policy}: " if self.policy else ""
        return f"{place}{named}{self.why}"


@record
class FilesMismatch(VerificationError):
    """Files that are not what a signed list says of them; `rejections` name each, and why."""

    where: str
    rejections: Sequence[Rejection]

    def __str__(self) -> str:
        return f"{self.where} is not what the signed list says"
