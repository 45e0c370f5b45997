"""What became of a case: what was expected beside what was found."""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.errors import CosignError, FilesMismatch, NoMatchingSignatures, NoSuchTag, RemoteError
from cosignpy.imagepolicy.cases import Case, Verdict
from cosignpy.imagepolicy.decision import ImageDecision, Outcome, PolicyVerdict
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.workloads import is_about
from cosignpy.values import value

_VERDICTS: Final = {Outcome.PASSED: Verdict.ADMITTED, Outcome.WARNED: Verdict.WARNED, Outcome.REFUSED: Verdict.REFUSED}


@value
class Difference:
    """Something that is not as it was expected; what was found may say why it is so."""

    what: str
    expected: str
    found: tuple[str, ...]


@value
class CaseResult:
    """A case, and where it failed; `undecided` is why there is no verdict that anybody could rely on."""

    case: Case
    verdict: Verdict | None = None
    digest: Digest | None = None
    matches: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    undecided: CosignError | None = None

    @property
    def passed(self) -> bool:
        """Whether all is as it was expected."""
        return not self.differences

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is not."""
        return tuple(self._differences())

    def _differences(self) -> Iterator[Difference]:
        case = self.case
        if case.matches is not None and set(case.matches) != set(self.matches):
            yield Difference("matches", _join(sorted(case.matches)), (_join(self.matches),))
        if case.verdict is None:
            return
        if self.undecided is not None:
            yield Difference("verdict", case.verdict, ("none", str(self.undecided)))
            return
        why = (*self.clauses, *self.reasons)
        if case.verdict is not self.verdict:
            yield Difference("verdict", case.verdict, (str(self.verdict), *why))
        elif case.because and not self._is_because(case.because):
            yield Difference("because", case.because, why)
        if case.digest is not None and case.digest != self.digest:
            yield Difference("digest", str(case.digest), (str(self.digest or "nobody looked"),))

    def _is_because(self, text: str) -> bool:
        """Tell whether a clause is the one that is expected, or a reason has the text in it."""
        paths = {path for clause in self.clauses for path in (clause, clause.partition(": ")[2])}
        return text in paths or any(text in reason for reason in self.reasons)


def find_matches(case: Case, policies: Sequence[ImagePolicyDocument]) -> tuple[str, ...]:
    """Return the names of the policies about an image, or about a file."""
    if case.file:
        name = case.file.rpartition("/")[2]
        return tuple(sorted(each.name for each in policies if each.covers_file(name)))
    return tuple(sorted(each.name for each in policies if is_about(each, None) and each.covers(case.image)))


def judge(
    case: Case, matches: tuple[str, ...], digest: Digest | None, outcome: ImageDecision | CosignError
) -> CaseResult:
    """Say what became of a case for which something was decided, or could not be."""
    if isinstance(outcome, CosignError):
        return CaseResult(case, None, digest, matches, undecided=outcome)
    decisive = [each for each in outcome.policies if each.outcome is outcome.outcome]
    unsure = [_unsure(each) for each in decisive]
    if unsure and all(error is not None for error in unsure):
        return CaseResult(case, None, digest, matches, undecided=unsure[0])
    clauses = tuple([f"{each.policy.name}: {path}" for each in decisive for path in _paths(each)])
    errors = (*outcome.errors, *outcome.warnings)
    reasons = tuple([text for error in errors for text in _texts(error)])
    return CaseResult(case, _VERDICTS[outcome.outcome], digest, matches, clauses, reasons)


def _unsure(verdict: PolicyVerdict) -> CosignError | None:
    """Return why a refusal means nothing: there is no such image, or a registry could not be asked."""
    return next((error for error in verdict.errors if isinstance(error, RemoteError | NoSuchTag)), None)


def _paths(verdict: PolicyVerdict) -> Iterator[str]:
    yield verdict.clause
    if verdict.outcome is not Outcome.PASSED:
        yield from [each.authority.place.key for each in verdict.authorities if each.error is not None]


def _texts(error: CosignError) -> Iterator[str]:
    yield str(error)
    if isinstance(error, NoMatchingSignatures | FilesMismatch):
        yield from [str(each.error) for each in error.rejections]


def _join(texts: Sequence[str]) -> str:
    return ", ".join(texts) or "none"
