"""Running tests of policies: against registries, against evidence of a run that is over, and over files."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from cosignpy.cli.artifacts import SUFFIX
from cosignpy.cli.input_files import read_input
from cosignpy.cli.policy_decisions import PolicyRun, decide_named
from cosignpy.cli.policy_evidence import SIGNATURES
from cosignpy.cli.policy_files import OCI, TESTS, list_files
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.image_policy import PolicyResult, ResultKind
from cosignpy.errors import CosignError, FileError
from cosignpy.imagepolicy.case_results import CaseResult, find_matches, judge
from cosignpy.imagepolicy.cases import Case, PolicyTest, parse_policy_test
from cosignpy.imagepolicy.evidence import MAX_EVIDENCE, PolicyEvidence, parse_policy_evidence
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.artifacts import LocalFile
from cosignpy.operations.decide_images import DecideImages
from cosignpy.operations.policy_evidence import Replay, ReplayedTrust
from cosignpy.operations.policy_places import ReplayedPlaces, WatchedPlaces
from cosignpy.operations.policy_supplies import ReplayedSupplies
from cosignpy.operations.remembered import Memory
from cosignpy.operations.verify_file_by_policies import FileBundle, VerifyFileByPolicies, verify_file_by_policies
from cosignpy.values import value

Decide: TypeAlias = Callable[[Case], PolicyResult]
"""Decides over what a case is about."""


def read_policy_tests(paths: Sequence[str]) -> list[PolicyTest]:
    """Read files with tests, and those of folders whose names end as such files do.

    Raises:
        CosignError: One cannot be read, or is not as it should be.
    """
    files = dict.fromkeys(file for path in paths for file in _list_test_files(path))
    return [parse_policy_test(read_input(file), file) for file in files]


def locate_policies(test: PolicyTest) -> tuple[str, ...]:
    """Return where the policies of a test are, seen from where the command runs."""
    folder = Path(test.file).parent
    return tuple([each if each.startswith(OCI) else str(folder / each) for each in test.policies])


@value
class CaseRun:
    """A file with tests, and what decides over images in registries: its policies, and whom to believe."""

    test: PolicyTest
    run: PolicyRun

    def results(self) -> list[CaseResult]:
        """Run all cases.

        Raises:
            CosignError: Evidence cannot be read.
        """
        named = dict.fromkeys(case.evidence for case in self.test.cases if case.evidence and case.verdict is not None)
        recorded = {name: self._open_evidence(name) for name in named}
        decide = partial(self._run_case, recorded=recorded)
        found = run_counted("testing", decide, self.test.cases, self.run.workers)
        return [outcome.unwrap() for outcome in found]

    def _run_case(self, case: Case, recorded: dict[str, Decide]) -> CaseResult:
        """Decide over what a case is about, where it says what is expected of that."""
        matches = find_matches(case, self.run.policies)
        if case.verdict is None:
            return CaseResult(case, matches=matches)
        decide = self._verify_file if case.file else recorded.get(case.evidence, self._verify_image)
        found = decide(case)
        return judge(case, matches, found.digest, found.outcome)

    def _verify_image(self, case: Case) -> PolicyResult:
        return self.run.verify(case.image)

    def _open_evidence(self, name: str) -> Decide:
        evidence = parse_policy_evidence(read_input(str(self._beside(name)), MAX_EVIDENCE))
        deciding = _replayed(evidence, self.run.policies)
        return lambda case: decide_named(deciding, case.image)

    def _verify_file(self, case: Case) -> PolicyResult:
        """Decide over a file; what goes wrong is a result like any other."""
        path = self._beside(case.file)
        try:
            if not path.is_file():
                raise FileError(str(path), "no such file")
            bundles = tuple([FileBundle(str(each), read_input(str(each))) for each in self._bundles(case)])
            run = self.run
            request = VerifyFileByPolicies(
                case.file, path.name, bundles, run.policies, run.moment, run.supplies, run.memory
            )
            found = verify_file_by_policies(request, LocalFile(path), run.trust)
        except CosignError as error:
            return PolicyResult(case.file, None, error, ResultKind.FILE)
        return PolicyResult(case.file, found.digest, found.decision, ResultKind.FILE)

    def _bundles(self, case: Case) -> list[Path]:
        """Return the bundles that are named, else the one beside the file, which may not be there."""
        if case.bundles:
            return [self._beside(each) for each in case.bundles]
        beside = self._beside(f"{case.file}{SUFFIX}")
        return [beside] if beside.exists() else []

    def _beside(self, name: str) -> Path:
        return Path(self.test.file).parent / name


def _replayed(evidence: PolicyEvidence, policies: tuple[ImagePolicyDocument, ...]) -> DecideImages:
    """Return what decides by these policies over what was seen, when it was seen."""
    replay, memory = Replay(evidence.answers, evidence.contents), Memory()
    refused = {each.name: each.error for each in evidence.images if each.error is not None}
    places = WatchedPlaces(ReplayedPlaces(replay, evidence.settings.get(SIGNATURES, ""), refused), memory)
    trust, supplies = ReplayedTrust(replay), ReplayedSupplies(replay)
    return DecideImages(policies, trust, places, evidence.moment, memory=memory, supplies=supplies)


def _list_test_files(path: str) -> tuple[str, ...]:
    folder = Path(path)
    if not folder.is_dir():
        return (path,)
    found = list_files(folder, lambda each: each.name.endswith(TESTS) and each.is_file())
    if not found:
        raise FileError(path, "no tests of policies in it", f"files that end with {', '.join(TESTS)} are read")
    return found
