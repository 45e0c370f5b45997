"""Requests at once, and deadlines that are put off."""

import threading
import time

import pytest

from cosignpy.errors import DeadlineExceeded
from cosignpy.webhook.engine import limits
from cosignpy.webhook.engine.limits import Deadline, Limits


def soon(seconds: float = 0.05) -> Deadline:
    return Deadline.at(time.monotonic() + seconds)


def later() -> Deadline:
    return soon(30)


def test_one_registry_does_not_have_all_turns() -> None:
    turns = Limits.of(2, 1)
    with turns.turn("slow.example", later()):
        with pytest.raises(DeadlineExceeded), turns.turn("slow.example", soon()):
            pass
        with turns.turn("other.example", later()), pytest.raises(DeadlineExceeded), turns.turn("third.example", soon()):
            pass
    with turns.turn("slow.example", later()):
        pass


def test_whoever_waits_gets_the_turn_of_another() -> None:
    turns, order = Limits.of(1, 1), list[str]()

    def wait() -> None:
        with turns.turn("a.example", later()):
            order.append("waited")

    with turns.turn("a.example", later()):
        thread = threading.Thread(target=wait)
        thread.start()
        order.append("first")
    thread.join(10)
    assert order == ["first", "waited"]


def test_there_is_no_turn_after_the_deadline() -> None:
    with pytest.raises(DeadlineExceeded) as caught, Limits.of(1, 1).turn("a.example", soon(-1)):
        pass
    assert caught.value.hint == "the registry, or this webhook, is slow"


def test_a_deadline_is_put_off_and_never_brought_forward() -> None:
    deadline = Deadline.at(10.0)
    deadline.put_off(20.0)
    deadline.put_off(15.0)
    assert deadline.get() == 20.0


def test_registries_that_nobody_waits_for_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_REGISTRIES", 1)
    turns = Limits.of(2, 1)
    for name in ("a.example", "b.example", "c.example"):
        with turns.turn(name, later()):
            pass
    assert len(turns._each) <= 1
