"""Files are recorded by their digests, with their bundles, and whole only where somebody asks for that."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.errors import LimitExceeded, MalformedError, RemoteError
from cosignpy.imagepolicy.evidence import Answer, Asked, Question
from cosignpy.operations.artifacts import HeldContent
from cosignpy.operations.policy_evidence import Recorder, Replay
from cosignpy.operations.policy_file_evidence import (
    RecordingFile,
    ReplayedFile,
    record_bundles,
    recorded_bundles,
    replay_bundles,
)
from cosignpy.operations.verify_file_by_policies import FileBundle

BOTH = frozenset({"sha256", "sha512"})
FILE = HeldContent(b"content")


class Large(HeldContent):
    def read_content(self) -> bytes:
        raise LimitExceeded("file", "too large")


def replayed(recorder: Recorder, path: str = "dist/app.whl") -> ReplayedFile:
    return ReplayedFile(path, Replay(recorder.answers, recorder.contents))


def test_a_file_is_replayed_as_it_was() -> None:
    recorder = Recorder()
    recording = RecordingFile("dist/app.whl", FILE, recorder)
    assert recording.read_digests(BOTH) == FILE.read_digests(BOTH) == replayed(recorder).read_digests(BOTH)
    assert b"content" not in recorder.contents.values()
    assert recording.read_content() == replayed(recorder).read_content() == b"content"


def test_what_was_not_read_is_not_there() -> None:
    recorder = Recorder()
    RecordingFile("dist/app.whl", FILE, recorder).read_digests(BOTH)
    for ask in (
        replayed(recorder).read_content,
        lambda: replayed(recorder).read_digests(frozenset({"sha256"})),
        lambda: replayed(recorder, "app.whl").read_digests(BOTH),
        lambda: replay_bundles("dist/app.whl", ["absent"], replayed(recorder).replay),
    ):
        with pytest.raises(RemoteError):
            ask()


def test_an_error_is_raised_again() -> None:
    recorder = Recorder()
    with pytest.raises(LimitExceeded):
        RecordingFile("dist/app.whl", Large(b""), recorder).read_content()
    with pytest.raises(LimitExceeded):
        replayed(recorder).read_content()


@pytest.mark.parametrize("raw", [b"{}", b'{"sha256":"00"}', b'{"sha256":1}', b'{"sha1":"00"}', b"[]"])
def test_digests_are_those_that_are_asked_for(raw: bytes) -> None:
    answers = {Asked("dist/app.whl", Question.FILE, "sha256"): Answer(Digest.of(raw))}
    file = ReplayedFile("dist/app.whl", Replay(answers, {Digest.of(raw): raw}))
    with pytest.raises(MalformedError):
        file.read_digests(frozenset({"sha256"}))


def test_bundles_keep_their_order() -> None:
    recorder = Recorder()
    bundles = tuple(FileBundle(name, name.encode()) for name in ("b", "a"))
    record_bundles("dist/app.whl", bundles, recorder)
    record_bundles("other", bundles[:1], recorder)
    assert recorded_bundles("dist/app.whl", recorder) == ("b", "a")
    assert replay_bundles("dist/app.whl", ("b", "a"), replayed(recorder).replay) == bundles
