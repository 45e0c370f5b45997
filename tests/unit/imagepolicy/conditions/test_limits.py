"""Limits of the processes that evaluate, as they are given to the kernel."""

import json
import os
import resource
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from cosignpy.imagepolicy.conditions import limited, worker

Given = dict[int, tuple[int, int]]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Take down what would be set."""
    found: Given = {}
    monkeypatch.setattr(resource, "setrlimit", found.__setitem__)
    return found


def test_a_program_gets_limits_before_it_begins(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr(os, "execv", lambda *command: ran.append(command))
    limited.main((5, 1 << 30, 4096), ["/bin/cue", "vet"])
    assert ran == [("/bin/cue", ["/bin/cue", "vet"])]
    assert given == {
        resource.RLIMIT_CPU: (5, 5),
        resource.RLIMIT_AS: (1 << 30, 1 << 30),
        resource.RLIMIT_FSIZE: (4096, 4096),
        resource.RLIMIT_CORE: (0, 0),
    }


def test_each_evaluation_may_take_so_much_more(given: Given) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    worker.limit_further(7, 1 << 20, statm)
    os.close(statm)
    assert given[resource.RLIMIT_CPU][0] >= used.ru_utime + used.ru_stime + 7
    assert given[resource.RLIMIT_AS][0] > 8 << 20
    given.clear()
    worker.limit_further(7, 1 << 20, None)
    assert resource.RLIMIT_AS not in given


@pytest.mark.parametrize("has_statm", [True, False])
def test_the_worker_shuts_itself_off_before_it_serves(
    *, given: Given, has_statm: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = json.dumps({"number": 1, "language": "cel", "text": "true", "seconds": 5, "bytes": 1 << 20}).encode()
    frames = [len(each).to_bytes(8) + each for each in (asked, b"", b"")]
    answers = tmp_path / "answers"
    shut: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "dup", lambda _: os.open(answers, os.O_WRONLY | os.O_CREAT))
    monkeypatch.setattr(os, "dup2", lambda *ends: shut.append(ends))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"".join(frames))))
    monkeypatch.setattr(worker, "_STATM", "/proc/self/statm" if has_statm else str(tmp_path / "absent"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    worker.main("cel", str(tmp_path))
    assert answers.read_bytes() == (2).to_bytes(8) + b"{}"
    assert [end for _, end in shut] == [1, 2]
    assert given[resource.RLIMIT_NOFILE] == (0, 0)
    assert (resource.RLIMIT_AS in given) is has_statm
