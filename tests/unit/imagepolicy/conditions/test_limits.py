"""Limits of the processes that evaluate, as they are given to the kernel."""

import os
import resource

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
