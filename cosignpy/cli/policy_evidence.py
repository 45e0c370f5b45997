"""Evidence of `policy verify`: written once everything is decided, and decided from again."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from cosignpy.cli.configuration import environment
from cosignpy.cli.policy_decisions import decide_named
from cosignpy.cli.policy_files import refuse_secrets
from cosignpy.cli.render.image_policy import PolicyResult, ResultKind, decisions_to_json
from cosignpy.cli.render.policy_replay import TOOL, Replayed
from cosignpy.errors import CosignError
from cosignpy.files import PRIVATE, check_place, write_file
from cosignpy.imagepolicy.evidence import PolicyEvidence, SeenFile, SeenImage, SeenPolicy
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.decide_images import DecideImages
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.policy_evidence import Recorder, Replay, ReplayedTrust
from cosignpy.operations.policy_file_evidence import ReplayedFile, recorded_bundles, replay_bundles
from cosignpy.operations.policy_places import ReplayedPlaces, WatchedPlaces
from cosignpy.operations.policy_supplies import ReplayedSupplies
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.remembered import Memory
from cosignpy.operations.verify_file_by_policies import VerifyFileByPolicies, verify_file_by_policies
from cosignpy.values import value

SIGNATURES: Final = "signatures"
"""The setting that says where signatures were looked up, if not beside each image."""


@value
class Record:
    """What goes into evidence beside what registries answered."""

    path: str
    moment: datetime
    contents: Sequence[tuple[str, bytes]]
    recorder: Recorder

    def write(self, results: Sequence[PolicyResult]) -> None:
        """Write the evidence of a run that is over.

        Raises:
            FileError: The file cannot be written.
            LimitExceeded: It is more than is read again.
        """
        self.recorder.check()
        elsewhere = environment().get("COSIGN_REPOSITORY", "")
        evidence = PolicyEvidence(
            TOOL,
            self.moment,
            tuple([SeenImage(each.name, _unopened(each)) for each in results if each.kind is ResultKind.IMAGE]),
            tuple([SeenPolicy(file, content) for file, content in self.contents]),
            self.recorder.answers,
            self.recorder.contents,
            decisions_to_json(results, self.moment),
            {SIGNATURES: elsewhere} if elsewhere else {},
            tuple([self._file(each) for each in results if each.kind is ResultKind.FILE]),
        )
        write_file(Path(self.path), evidence.encode(), PRIVATE)

    def _file(self, result: PolicyResult) -> SeenFile:
        return SeenFile(result.name, recorded_bundles(result.name, self.recorder), _unopened(result))


def open_record(path: str, moment: datetime, contents: Sequence[tuple[str, bytes]]) -> Record | None:
    """Begin to write down what is seen, if a file is named for it.

    Raises:
        FileError: No file can be there.
    """
    if not path:
        return None
    refuse_secrets(contents)
    check_place(Path(path))
    return Record(path, moment, contents, Recorder())


def _unopened(result: PolicyResult) -> CosignError | None:
    return result.outcome if isinstance(result.outcome, CosignError) else None


def replay_evidence(
    evidence: PolicyEvidence,
    read: Callable[[Iterable[tuple[str, bytes]]], tuple[ImagePolicyDocument, ...]],
    other_policies: tuple[ImagePolicyDocument, ...] | None = None,
    other_trust: TrustSource | None = None,
) -> Replayed:
    """Decide again at the recorded moment, by the recorded policies if no others are given; nobody is asked.

    Raises:
        DocumentError: A recorded policy is not as it should be.
    """
    replay = Replay(evidence.answers, evidence.contents)
    policies = other_policies or read([(each.file, each.content) for each in evidence.policies])
    memory = Memory()
    refused = {each.name: each.error for each in evidence.images if each.error is not None}
    places = WatchedPlaces(ReplayedPlaces(replay, evidence.settings.get(SIGNATURES, ""), refused), memory)
    trust, supplies = other_trust or ReplayedTrust(replay), ReplayedSupplies(replay)
    deciding = DecideImages(policies, trust, places, evidence.moment, memory=memory, supplies=supplies)
    outcomes = run_parallel(lambda image: decide_named(deciding, image.name), evidence.images)
    results = tuple([outcome.unwrap() for outcome in outcomes])
    results += tuple([_decide_file(each, deciding, replay) for each in evidence.files])
    document = decisions_to_json(results, evidence.moment) | {"tool": evidence.tool}
    return Replayed(results, document, tuple(sorted({str(each) for each in replay.missing})))


def _decide_file(seen: SeenFile, deciding: DecideImages, replay: Replay) -> PolicyResult:
    """Decide over a file again; that nothing could be decided is a result like any other."""
    if seen.error is not None:
        return PolicyResult(seen.path, None, seen.error, ResultKind.FILE)
    bundles = replay_bundles(seen.path, seen.bundles, replay)
    request = VerifyFileByPolicies(
        seen.path,
        Path(seen.path).name,
        bundles,
        deciding.policies,
        deciding.moment,
        deciding.supplies,
        deciding.memory,
    )
    found = verify_file_by_policies(request, ReplayedFile(seen.path, replay), deciding.trust)
    return PolicyResult(seen.path, found.digest, found.decision, ResultKind.FILE)
