"""Whom a log asks, how long it waits, and what it does without a quorum. The witnesses here are threads that wait."""

import logging
from collections.abc import Iterator
from itertools import takewhile
from threading import Event, Timer

import pytest

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.cosignature import sign_cosignature
from cosignpy.core.note.signed_note import Note, NoteSignature
from cosignpy.errors import RemoteError, UsageError
from log_server.storage.memory import MemoryObjects
from log_server.storage.protocol import StorageError
from log_server.tlog.publish import NotCosigned
from log_server.witness.ask import FIRST_PAUSE, AskedWitness
from log_server.witness.cosigner import Patience, WitnessCosigner, open_cosigner
from log_server.witness.growth import Growth
from log_server.witness.policy import WithoutQuorum, parse_policy
from tests.support.notes import signed_text
from tests.support.witnesses import LOG, NOW, new_key, witness_vkey

KEY = new_key()
WITNESS_KEYS = {name: new_key() for name in ("a", "b", "c")}
DOWN = RemoteError("witness", "http://w.example/add-checkpoint", 500, "down")


def note_of(size: int) -> Note:
    return signed_text(Checkpoint(LOG, size, bytes(32)).encode(), KEY, LOG)


class FakeWitness:
    """Cosigns anything, unless it is told to fail or to wait."""

    def __init__(self, name: str, key: PrivateKey) -> None:
        self.name = name
        self.key = key
        self.error: Exception | None = None
        self.hold: Event | None = None
        self.ended = Event()
        self.asked = 0

    def cosign(self, growth: Growth) -> NoteSignature:
        self.asked += 1
        try:
            return self._answer(growth)
        finally:
            self.ended.set()

    def _answer(self, growth: Growth) -> NoteSignature:
        if self.hold is not None:
            self.hold.wait()
        if self.error is not None:
            raise self.error
        return sign_cosignature(growth.text, self.name, NOW, self.key)


class Bench:
    """A policy over three witnesses, and a clock that stands still, so that nobody is too slow unless waiting."""

    def __init__(
        self, quorum: str, without_quorum: WithoutQuorum = WithoutQuorum.REFUSE, patience: Patience | None = None
    ) -> None:
        self.witnesses = {name: FakeWitness(name, key) for name, key in WITNESS_KEYS.items()}
        lines = [f"witness {name} {witness_vkey(key, name)}" for name, key in WITNESS_KEYS.items()]
        policy = parse_policy("\n".join([*lines, "group two 2 a b c", f"quorum {quorum}"]).encode())
        asked = [AskedWitness(name, fake) for name, fake in self.witnesses.items()]
        self.now = 1000.0
        self.patient = WitnessCosigner(
            policy, asked, MemoryObjects(), without_quorum, Patience(answer=60, straggler=60, now=lambda: self.now)
        )
        self.cosigner = (
            WitnessCosigner(policy, asked, MemoryObjects(), without_quorum, patience) if patience else self.patient
        )
        self.size = 0

    def cosign(self) -> set[str]:
        """Cosign the next checkpoint; return who did."""
        self.size += 1
        note = note_of(self.size)
        cosigned = self.cosigner.cosign(note)
        assert (cosigned.text, cosigned.signatures[:1]) == (note.text, note.signatures)
        return {signature.name for signature in cosigned.signatures[1:]}

    def fail(self, *names: str) -> None:
        for name, fake in self.witnesses.items():
            fake.error = DOWN if name in names else None

    def asked(self) -> dict[str, int]:
        return {name: fake.asked for name, fake in self.witnesses.items()}


@pytest.fixture
def hold() -> Iterator[Event]:
    """Something to wait for, which comes at the end of the test."""
    event = Event()
    yield event
    event.set()


@pytest.mark.parametrize("quorum", ["none", "a", "two"])
def test_all_witnesses_that_answer_cosign(quorum: str) -> None:
    assert Bench(quorum).cosign() == {"a", "b", "c"}


def test_the_empty_tree_needs_nobody() -> None:
    bench = Bench("two")
    bench.fail("a", "b", "c")
    assert bench.cosigner.cosign(note_of(0)) == note_of(0)
    assert bench.asked() == {"a": 0, "b": 0, "c": 0}


def test_a_dead_witness_is_left_alone_for_longer_and_longer_while_the_others_suffice() -> None:
    bench = Bench("two")
    bench.fail("c")
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        before = bench.asked()["c"]
        assert bench.cosign() == {"a", "b"}
        bench.now += pause - 0.1
        assert bench.cosign() == {"a", "b"}
        assert bench.asked()["c"] == before + 1
        bench.now += 0.2
    bench.fail()
    assert bench.cosign() == {"a", "b", "c"}
    bench.fail("c")
    bench.cosign()
    bench.now += FIRST_PAUSE  # it is forgiven: the next pause is the shortest again
    bench.fail()
    assert bench.cosign() == {"a", "b", "c"}


def test_without_a_quorum_nothing_is_published_and_everybody_is_asked_each_time() -> None:
    bench = Bench("two")
    bench.fail("b", "c")
    for asked in (1, 2, 3):
        with pytest.raises(NotCosigned) as caught:
            bench.cosign()
        assert caught.value.why.endswith("b, c")
        assert bench.asked() == {"a": asked, "b": asked, "c": asked}
    bench.fail("b")
    assert bench.cosign() == {"a", "c"}


def test_a_log_may_be_told_to_publish_without_a_quorum_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench("two", WithoutQuorum.PUBLISH_UNSAFE)
    bench.fail("b", "c")
    with caplog.at_level(logging.ERROR):
        assert bench.cosign() == {"a"}
        assert bench.cosign() == {"a"}
    assert bench.asked() == {"a": 2, "b": 1, "c": 1}
    assert len(caplog.records) == 1
    bench.now += FIRST_PAUSE
    bench.fail()
    assert bench.cosign() == {"a", "b", "c"}
    bench.fail("b", "c")
    with caplog.at_level(logging.ERROR):
        bench.cosign()
    assert len(caplog.records) == 2


def test_a_slow_witness_holds_nobody_up_and_is_asked_again_when_it_has_answered(
    hold: Event, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench("two", patience=Patience(answer=60, straggler=0.05))
    bench.witnesses["c"].hold = hold
    assert bench.cosign() == {"a", "b"}
    assert bench.cosign() == {"a", "b"}
    assert bench.asked() == {"a": 2, "b": 2, "c": 1}
    hold.set()
    bench.witnesses["c"].ended.wait()
    attempts = sum(1 for _ in takewhile(lambda _: bench.asked()["c"] == 1, (bench.cosign() for _ in range(1000))))
    assert attempts < 1000
    assert caplog.records == []  # being slow is no failure


def test_what_a_slow_witness_ends_with_counts_the_next_time(hold: Event) -> None:
    bench = Bench("two", patience=Patience(answer=60, straggler=0.05))
    slow = bench.witnesses["c"]
    slow.hold, slow.error = hold, DOWN
    bench.cosign()
    hold.set()
    slow.ended.wait()
    bench.cosign()
    bench.cosign()
    assert bench.asked() == {"a": 3, "b": 3, "c": 1}  # it failed, if late, and is left alone


def test_a_witness_that_is_needed_and_does_not_answer_in_time_ends_the_wait(hold: Event) -> None:
    bench = Bench("a", patience=Patience(answer=0.05))
    bench.witnesses["a"].hold = hold
    for _ in range(3):
        with pytest.raises(NotCosigned):
            bench.cosign()
    hold.set()
    bench.cosigner = bench.patient
    assert "a" in bench.cosign()
    assert bench.asked()["a"] == 2  # the requests behind the one under way were withdrawn


def test_without_a_quorum_to_reach_all_are_waited_for(hold: Event) -> None:
    bench = Bench("none", patience=Patience(answer=60, straggler=0))
    bench.witnesses["c"].hold = hold
    Timer(0.05, hold.set).start()
    assert bench.cosign() == {"a", "b", "c"}


def test_without_a_quorum_to_reach_slow_witnesses_are_waited_for_only_once(hold: Event) -> None:
    bench = Bench("none", patience=Patience(answer=0.05))
    bench.witnesses["a"].hold = hold
    assert bench.cosign() <= {"b", "c"}
    bench.cosign()
    assert bench.asked()["a"] == 1


def test_a_tile_that_is_missing_counts_as_no_cosignature() -> None:
    bench = Bench("two")
    bench.witnesses["a"].error = StorageError("tile/0/000.p/1", "it is not there")
    assert bench.cosign() == {"b", "c"}
    bench.witnesses["b"].error = StorageError("tile/0/000.p/1", "it is not there")
    with pytest.raises(NotCosigned):
        bench.cosign()


def test_a_mistake_of_ours_is_not_taken_for_a_witness_that_is_down() -> None:
    bench = Bench("two")
    bench.witnesses["a"].error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        bench.cosign()


def test_a_witness_without_url_cannot_be_asked() -> None:
    policy = parse_policy(f"witness a {witness_vkey(KEY, 'a')}\nquorum a\n".encode())
    with pytest.raises(UsageError), open_cosigner(policy, MemoryObjects(), WithoutQuorum.REFUSE):
        pass
