"""Several processes share one witness: whatever they are shown, two roots of one size are never cosigned."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from cosignpy.core.merkle.proofs import ConsistencyProof, verify_consistency
from tests.support.naive_tree import consistency
from tests.support.witnesses import GrowingLog, log_vkey, make_witness, new_key

PASTS = ("truth", "fork", "truth", "fork")


@pytest.fixture
def log(tmp_path: Path) -> GrowingLog:
    log = GrowingLog(new_key())
    make_witness(tmp_path, "w.example", [log_vkey(log.key)])
    return log


def race(data: Path, log: GrowingLog) -> list[list[tuple[int, bytes]]]:
    """Let the processes begin at one moment; return what each saw cosigned, in its order."""
    key = log.key.encode_pkcs8().hex()
    with ExitStack() as stack:
        racers = []
        for past in PASTS:
            command = [sys.executable, "-m", "tests.support.witness_racer", str(data), key, past]
            racer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(racer)
            stack.callback(racer.kill)
            racers.append(racer)
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        return [list(cosigned(racer.communicate(timeout=60)[0])) for racer in racers]


def cosigned(output: str) -> Iterator[tuple[int, bytes]]:
    for line in output.splitlines():
        size, root = line.split()
        yield int(size), bytes.fromhex(root)


def test_processes_that_race_with_two_pasts_of_a_log_get_only_one_of_them_cosigned(
    tmp_path: Path, log: GrowingLog
) -> None:
    results = race(tmp_path, log)
    everything = [pair for result in results for pair in result]
    assert everything, "nobody got anything cosigned"
    assert len(dict(everything)) == len(set(everything)), "two roots of one size were cosigned"
    for result in results:
        assert [size for size, _ in result] == sorted(size for size, _ in result)
    truths = [result for result, past in zip(results, PASTS, strict=True) if past == "truth"]
    forks = [result for result, past in zip(results, PASTS, strict=True) if past == "fork"]
    assert not any(truths) or not any(forks)


def test_what_all_of_them_got_cosigned_is_one_growing_log(tmp_path: Path, log: GrowingLog) -> None:
    results = race(tmp_path, log)
    shown = log if any(results[0]) or any(results[2]) else log.forked(0)
    chain = sorted({pair for result in results for pair in result})
    for (old, old_root), (new, new_root) in pairwise(chain):
        proof = ConsistencyProof(old, new, tuple(consistency(old, shown.leaves[:new])))
        verify_consistency(proof, old_root, new_root)
