"""What is read is recorded, and answered from the record: content, lists, errors, and what nobody asked for."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.errors import CosignError, DeadlineExceeded, DigestMismatch, LimitExceeded, NoSuchTag, RemoteError
from cosignpy.imagepolicy import evidence
from cosignpy.imagepolicy.evidence import Answer, Asked, Question
from cosignpy.operations import policy_evidence
from cosignpy.operations.policy_evidence import (
    Recorder,
    RecordingSource,
    RecordingTrust,
    Replay,
    ReplayedSource,
    ReplayedTrust,
)
from cosignpy.operations.ports import ManifestSource
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer
from tests.support.virtual_sigstore import ROOT

PLACE = "registry.test/app"


class Roots:
    """A trusted root, or why there is none."""

    def __init__(self, error: CosignError | None = None) -> None:
        self.error = error

    def trusted_root(self) -> TrustedRoot:
        if self.error is not None:
            raise self.error
        return ROOT


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def image(repository: MemoryRepository) -> Manifest:
    return push_image(repository, tag="v1")


def look(source: ManifestSource, image: Manifest) -> list[object]:
    """Look at everything, and at what is not there."""
    found: list[object] = [
        source.fetch_manifest(Tag("v1")),
        source.fetch_manifest(image.digest),
        source.fetch_blob(image.layers[0]),
        source.fetch_referrers(image.digest),
    ]
    for missing in (lambda: source.fetch_manifest(Tag("v2")), lambda: source.fetch_blob(absent())):
        with pytest.raises(NoSuchTag) as caught:
            missing()
        found.append(str(caught.value))
    return found


def absent() -> Descriptor:
    return Descriptor.of(b"absent", "text/plain")


def test_a_replay_answers_as_the_registry_did(repository: MemoryRepository, image: Manifest) -> None:
    push_referrer(repository, image.descriptor)
    recorder = Recorder()
    seen = look(RecordingSource(PLACE, repository, recorder), image)
    replay = Replay(recorder.answers, recorder.contents)
    assert look(ReplayedSource(PLACE, replay), image) == [
        tuple(each) if isinstance(each, list) else each for each in seen
    ]
    assert replay.missing == []


def test_what_a_tag_named_is_had_by_its_digest(repository: MemoryRepository, image: Manifest) -> None:
    recorder = Recorder()
    RecordingSource(PLACE, repository, recorder).fetch_manifest(Tag("v1"))
    assert ReplayedSource(PLACE, Replay(recorder.answers, recorder.contents)).fetch_manifest(image.digest) == image


def test_what_nobody_asked_for_is_not_told_to_be_absent(repository: MemoryRepository, image: Manifest) -> None:
    recorder = Recorder()
    look(RecordingSource(PLACE, repository, recorder), image)
    replay = Replay(recorder.answers, recorder.contents)
    with pytest.raises(RemoteError, match=r"the manifest v3 of registry\.test/app when"):
        ReplayedSource(PLACE, replay).fetch_manifest(Tag("v3"))
    with pytest.raises(RemoteError):
        ReplayedSource("registry.test/other", replay).fetch_referrers(image.digest)
    with pytest.raises(RemoteError):
        ReplayedTrust(replay).trusted_root()
    assert [each.question for each in replay.missing] == [
        Question.MANIFEST,
        Question.REFERRERS,
        Question.TRUSTED_ROOT,
    ]


@pytest.mark.parametrize("swapped", [b"other", b""])
def test_content_is_shown_to_be_what_is_asked_for(
    repository: MemoryRepository, image: Manifest, swapped: bytes
) -> None:
    recorder = Recorder()
    look(RecordingSource(PLACE, repository, recorder), image)
    source = ReplayedSource(PLACE, Replay(recorder.answers, dict.fromkeys(recorder.contents, swapped)))
    with pytest.raises(DigestMismatch):
        source.fetch_manifest(Tag("v1"))
    with pytest.raises(DigestMismatch):
        source.fetch_manifest(image.digest)
    with pytest.raises(DigestMismatch):
        source.fetch_blob(image.layers[0])


def test_an_answer_of_another_kind_holds_nothing(image: Manifest) -> None:
    asked = Asked(PLACE, Question.REFERRERS, str(image.digest))
    blob = Asked(PLACE, Question.MANIFEST, str(image.digest))
    source = ReplayedSource(PLACE, Replay({asked: Answer(image.digest), blob: Answer(descriptors=())}, {}))
    assert source.fetch_referrers(image.digest) == ()
    with pytest.raises(DigestMismatch):
        source.fetch_manifest(image.digest)


def test_the_first_answer_counts(repository: MemoryRepository, image: Manifest) -> None:
    recorder = Recorder()
    source = RecordingSource(PLACE, repository, recorder)
    repository.failing = {"fetch_manifest"}
    with pytest.raises(RemoteError):
        source.fetch_manifest(image.digest)
    repository.failing = set()
    source.fetch_manifest(image.digest)
    with pytest.raises(RemoteError, match="broken on purpose"):
        ReplayedSource(PLACE, Replay(recorder.answers, recorder.contents)).fetch_manifest(image.digest)


def test_that_there_was_no_time_is_no_answer() -> None:
    recorder = Recorder()
    with pytest.raises(DeadlineExceeded):
        RecordingTrust(Roots(DeadlineExceeded(1)), recorder).trusted_root()
    assert recorder.answers == {}


def test_a_trusted_root_and_the_lack_of_one() -> None:
    recorder = Recorder()
    assert RecordingTrust(Roots(), recorder).trusted_root() == ROOT
    with pytest.raises(NoSuchTag):
        RecordingTrust(Roots(NoSuchTag("root")), recorder, "elsewhere").trusted_root()
    replay = Replay(recorder.answers, recorder.contents)
    assert ReplayedTrust(replay).trusted_root() == ROOT
    with pytest.raises(NoSuchTag):
        ReplayedTrust(replay, "elsewhere").trusted_root()


def test_more_than_evidence_has_room_for_ends_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (evidence, policy_evidence):
        monkeypatch.setattr(module, "MAX_CONTENT", 10)
    recorder = Recorder()
    for number, content in enumerate((b"12345", b"12345", b"67890")):
        recorder.keep(Asked(PLACE, Question.TEXT, str(number)), Answer(Digest.of(content)), content)
    recorder.check()
    recorder.keep(Asked(PLACE, Question.TEXT, "3"), Answer(Digest.of(b"x")), b"x")
    assert sum(map(len, recorder.contents.values())) == 10
    with pytest.raises(LimitExceeded):
        recorder.check()
