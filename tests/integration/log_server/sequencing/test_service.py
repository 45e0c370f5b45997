"""The sequencer's thread and its workers, over real sockets: nobody who misbehaves or dies disturbs another."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cosignpy.values import field, record
from log_server.sequencing.frames import (
    MAX_FRAME,
    FrameBuffer,
    Refused,
    Sequenced,
    Submission,
    decode_reply,
    encode_submissions,
    frame,
)
from log_server.sequencing.service import SequencerService
from log_server.storage.protocol import StorageError
from log_server.tlog.sequencer import MustRestart
from tests.support.gated_log import PATIENCE, GatedLog
from tests.support.whole_log import drafts


@record
class Worker:
    """A worker's end of the socket, without a worker."""

    connection: socket.socket
    buffer: FrameBuffer = field(default_factory=FrameBuffer)

    def submit(self, first: int, count: int) -> None:
        self.connection.sendall(frame(encode_submissions([submission(n, n) for n in range(first, first + count)])))

    def answers(self) -> Iterator[Sequenced | Refused]:
        while received := self.connection.recv(1 << 16):
            for content in self.buffer.feed(received):
                yield decode_reply(content)

    def answer(self) -> Sequenced | Refused:
        return next(self.answers())

    def indices(self, count: int) -> dict[int, int]:
        """Read answers until there are so many places; return the log index of each number."""
        found: dict[int, int] = {}
        for reply in self.answers():
            assert isinstance(reply, Sequenced)
            found |= {place.number: place.index for place in reply.places}
            if len(found) >= count:
                break
        return found


def submission(number: int, entry: int) -> Submission:
    (draft,) = drafts(entry, 1)
    return Submission(number, draft.content, draft.identity, draft.keys, draft.objects)


@record
class Setting:
    """A service, and what its log did to it."""

    log: GatedLog
    path: Path
    failures: list[Exception] = field(default_factory=list)
    failed: threading.Event = field(default_factory=threading.Event)

    def fail(self, error: Exception) -> None:
        self.failures.append(error)
        self.failed.set()

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.path))
            yield Worker(connection)


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    monkeypatch.chdir(tmp_path)  # the path of a socket has to be short
    made = Setting(GatedLog(), Path("log"))
    service = SequencerService(made.log, made.path, made.fail)
    service.start()
    yield made
    made.log.gate.set()
    service.stop()


def test_every_submission_gets_its_place(setting: Setting) -> None:
    with setting.worker() as one, setting.worker() as other:
        one.submit(0, 3)
        assert one.indices(3) == {0: 0, 1: 1, 2: 2}
        other.submit(3, 2)
        assert other.indices(2) == {3: 3, 4: 4}


def test_what_waits_while_a_batch_is_written_becomes_one_batch(setting: Setting) -> None:
    with setting.worker() as first, setting.worker() as second, setting.worker() as third:
        for number, worker in enumerate((first, second, third)):
            worker.submit(number, 1)
            worker.indices(1)
        setting.log.gate.clear()
        setting.log.taken.clear()
        first.submit(10, 1)
        assert setting.log.taken.wait(PATIENCE)
        second.submit(11, 2)
        third.submit(13, 2)
        setting.log.gate.set()
        assert second.indices(2).keys() | third.indices(2).keys() == {11, 12, 13, 14}
    assert setting.log.batches == [1, 1, 1, 1, 4]


@pytest.mark.parametrize("count", [1, 20], ids=["alone", "in a crowd"])
def test_a_worker_that_dies_while_it_waits_disturbs_nobody(setting: Setting, count: int) -> None:
    """In a crowd the sequencer gathers for a moment, and learns of the death before it answers."""
    setting.log.gate.clear()
    with setting.worker() as patient:
        with setting.worker() as doomed:
            patient.submit(100, 1)
            assert setting.log.taken.wait(PATIENCE)
            doomed.submit(0, count)
        patient.submit(101, 1)
        setting.log.gate.set()
        assert patient.indices(2).keys() == {100, 101}
        patient.submit(102, 1)
        assert patient.indices(1) == {102: count + 2}
    assert setting.failures == []


GARBAGE = {
    "no submissions": frame(b"\xc1 garbage"),
    "a key of another length": frame(encode_submissions([Submission(1, b"entry", b"short", (), ())])),
    "a frame over the limit": (MAX_FRAME + 1).to_bytes(4, "big"),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_a_worker_that_sends_garbage_is_cut_off_and_no_other(setting: Setting, garbage: bytes) -> None:
    with setting.worker() as sound, setting.worker() as confused:
        confused.connection.sendall(garbage)
        assert list(confused.answers()) == []
        sound.submit(0, 1)
        assert sound.indices(1) == {0: 0}
    assert setting.failures == []


def test_answers_that_nobody_reads_hold_up_nobody(setting: Setting) -> None:
    """A hundred thousand answers are more than the buffers of a socket hold."""
    same = submission(0, 0)
    many = [Submission(number, same.content, same.identity, (), ()) for number in range(100_000)]
    with setting.worker() as deaf, setting.worker() as other:
        deaf.connection.sendall(frame(encode_submissions(many)))
        assert setting.log.taken.wait(PATIENCE)
        for number in range(5):
            other.submit(number, 1)
            assert other.indices(1).keys() == {number}
        assert deaf.indices(len(many)).keys() == set(range(len(many)))


def test_a_refused_batch_is_told_to_all_who_wait_and_the_next_is_taken(setting: Setting) -> None:
    setting.log.refusal = StorageError("the disk", "it is full")
    with setting.worker() as worker:
        worker.submit(7, 2)
        reply = worker.answer()
        assert isinstance(reply, Refused)
        assert (reply.why, reply.numbers) == ("the log cannot take entries now: it is full", [7, 8])
        assert reply.retry_after > 0
        setting.log.refusal = None
        worker.submit(7, 2)
        assert worker.indices(2) == {7: 0, 8: 1}


@pytest.mark.parametrize("error", [MustRestart("the log"), ValueError("a defect")], ids=["must restart", "a defect"])
def test_a_log_that_cannot_go_on_ends_the_service_and_says_why(setting: Setting, error: Exception) -> None:
    setting.log.refusal = error
    with setting.worker() as worker:
        worker.submit(0, 1)
        assert list(worker.answers()) == []
    assert setting.failed.wait(PATIENCE)
    assert setting.failures == [error]


def test_what_is_in_hand_is_finished_before_the_service_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    setting = Setting(GatedLog(), Path("log"))
    service = SequencerService(setting.log, setting.path, setting.fail)
    service.start()
    setting.log.gate.clear()
    with setting.worker() as worker:
        worker.submit(0, 1)
        assert setting.log.taken.wait(PATIENCE)
        stopping = threading.Thread(target=service.stop)
        stopping.start()
        setting.log.gate.set()
        assert worker.indices(1) == {0: 0}
        stopping.join()
        assert list(worker.answers()) == []
