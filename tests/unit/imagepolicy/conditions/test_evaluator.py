"""Processes that evaluate: what runs away is stopped, and the next question is answered all the same."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.errors import UsageError
from cosignpy.imagepolicy.conditions import evaluator
from cosignpy.imagepolicy.conditions.evaluator import EvaluationFailed, Evaluator, Limits, Program
from cosignpy.imagepolicy.languages import Language

GOOD = Program(Language.REGO, "package p\nx := input.a", "answer := data.p.x")
CEL = Program(Language.CEL, "statement.a == 1")


@pytest.fixture
def rego() -> Iterator[Evaluator]:
    running = Evaluator(Language.REGO, Limits(cpu_seconds=1, memory=64 << 20))
    yield running
    running.close()


@pytest.fixture
def cel() -> Iterator[Evaluator]:
    running = Evaluator(Language.CEL, Limits(cpu_seconds=1, memory=64 << 20))
    yield running
    running.close()


def stuck(body: str) -> Program:
    return Program(Language.REGO, f"package p\nx if {{ {body} }}", "answer := data.p.x")


ROUNDS = "some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); some c in [1, 2, 3]; a + b + c < 0"


@pytest.mark.parametrize("body", [ROUNDS, "count(numbers.range(1, 100000000)) == 0"], ids=["loops", "allocates"])
def test_what_runs_away_is_stopped_and_others_are_answered(rego: Evaluator, body: str) -> None:
    rego.load(GOOD)
    with pytest.raises(EvaluationFailed, match="stopped: it takes more than it may"):
        rego.evaluate(stuck(body), b"{}", None)
    assert rego.evaluate(GOOD, b'{"a": 1}', None) == {"value": 1}


def test_what_takes_its_time_is_stopped() -> None:
    slow = Evaluator(Language.CEL, Limits(cpu_seconds=60, wall_seconds=0.02))
    program = Program(Language.CEL, "statement.l.all(a, statement.l.all(b, statement.l.all(c, a + b + c >= 0)))")
    document = b'{"l": [%s]}' % b",".join(b"%d" % number for number in range(2000))
    with pytest.raises(EvaluationFailed, match=r"stopped: it takes more than it may \(0.24 s\)"):
        slow.evaluate(program, document, None)
    slow.close()


def test_nothing_can_be_opened_and_nothing_is_printed(rego: Evaluator, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EvaluationFailed):
        rego.load(Program(Language.REGO, "package p\nx if {", "answer := data.p.x"))
    assert rego.evaluate(stuck("opa.runtime().env == {}"), b"{}", None) in ({"value": True}, {})
    assert capfd.readouterr() == ("", "")
    process = rego._process
    assert process is not None
    assert "Max open files            0 " in Path(f"/proc/{process.pid}/limits").read_text()


def test_one_process_answers_all(cel: Evaluator) -> None:
    cel.begin()
    assert cel.evaluate(CEL, b'{"a": 1}', None) == {"value": True}
    first = cel._process
    cel.begin()
    assert cel.evaluate(Program(Language.CEL, "statement.a == 2"), b'{"a": 1}', b"{}") == {"value": False}
    assert cel._process is first


def test_a_process_that_was_ended_is_replaced(cel: Evaluator) -> None:
    cel.load(CEL)
    assert cel._process is not None
    cel._process.kill()
    cel._process.wait()
    assert cel.evaluate(CEL, b'{"a": 1}', None) == {"value": True}


def test_the_process_of_another_is_left_alone(cel: Evaluator) -> None:
    """After a fork both would write to one pipe."""
    cel.load(CEL)
    first = cel._process
    assert first is not None
    cel._owner = os.getppid()
    assert cel.evaluate(CEL, b'{"a": 1}', None) == {"value": True}
    assert cel._process is not first
    assert first.wait(20) == 0  # nobody has its pipe any more


@pytest.mark.parametrize(
    "answer",
    [b"", b"\0" * 7, (5).to_bytes(8) + b"{}", (2).to_bytes(8) + b"}{", (1 << 40).to_bytes(8) + b"{}"],
    ids=["nothing", "half a length", "half an answer", "no JSON", "too much"],
)
def test_half_an_answer_is_none(cel: Evaluator, answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "worker.py"
    file.write_text(f"import os\nos.write(1, {answer!r})\n")
    monkeypatch.setattr(evaluator, "_WORKER", str(file))
    with pytest.raises(EvaluationFailed, match="stopped"):
        cel.load(CEL)


def test_a_process_that_does_not_read_is_none(cel: Evaluator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "worker.py"
    file.write_text("import os\nos.close(0)\n")
    monkeypatch.setattr(evaluator, "_WORKER", str(file))
    with pytest.raises(EvaluationFailed, match="stopped"):
        cel.load(Program(Language.CEL, "true" + " " * (1 << 20)))


def test_an_answer_that_nobody_waited_for_is_not_that_to_the_next_question(cel: Evaluator) -> None:
    class Interrupted:
        def read(self, size: int) -> bytes:
            raise KeyboardInterrupt(size)

        def close(self) -> None:
            answers.close()

    cel.load(CEL)
    assert cel._process is not None
    assert cel._process.stdout is not None
    answers = cel._process.stdout
    cel._process.stdout = Interrupted()  # type: ignore[assignment] # what it has of a pipe is asked for
    with pytest.raises(KeyboardInterrupt):
        cel.evaluate(CEL, b'{"a": 1}', None)
    assert cel.evaluate(CEL, b'{"a": 2}', None) == {"value": False}


def test_a_pipe_that_leads_nowhere_is_closed_all_the_same() -> None:
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    pipe.write(b"x")
    os.close(reading)
    evaluator._close(pipe)
    assert pipe.closed


def test_texts_that_are_gone_do_not_stay(cel: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "MAX_PROGRAMS", 1)
    cel.load(CEL)
    first = cel._process
    cel.load(Program(Language.CEL, "true"))
    assert cel._process is not first


def test_a_document_has_a_limit(cel: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "MAX_DOCUMENT", 6)
    with pytest.raises(EvaluationFailed, match="7 bytes, at most 6"):
        cel.evaluate(CEL, b'{"a":1}', None)


@pytest.mark.parametrize("language", [Language.REGO, Language.CEL])
def test_an_interpreter_that_is_not_installed_is_named(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "find_spec", lambda _: None)
    with pytest.raises(UsageError) as caught:
        Evaluator(language).begin()
    assert caught.value.hint == "pip install 'cosignpy[policy]'"
