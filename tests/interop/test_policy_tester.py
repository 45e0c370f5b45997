"""All verdicts recorded of the policy controller's tester, over images that the real cosign signed in a real registry.

The program that compares is the one that lies beside the vectors, and it runs ours as it would run the tester.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.interop import peers
from tests.support import vectors
from tests.support.policy_tester import CASES, FOLDER
from tests.support.registries import run_program

COMPARE: Final = vectors.VECTORS.parent / "tools" / "check_policy_cases.py"
TESTER: Final = shlex.join([sys.executable, "-c", "from cosignpy.cli.app import main; main()", "policy-tester"])
PARTS: Final = 8
"""Runs of some ten seconds each, and more where others work too."""
SECONDS: Final = 300


def environment() -> Mapping[str, str]:
    """Return the environment in which `cue` is found, and this project."""
    path = os.pathsep.join([str(Path(peers.path("cue")).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("distribution-3") as running:
        programs = [str(peers.path(name)) for name in ("cosign-v3", "crane")]
        making = ["bash", str(FOLDER / "make_images.sh"), running.address, *programs]
        subprocess.run(making, check=True, timeout=SECONDS, env=environment(), capture_output=True)
        yield running.address


@vectors.NEEDED
@pytest.mark.parametrize("part", range(PARTS))
def test_every_verdict_is_the_recorded_one(registry: str, part: int, tmp_path: Path) -> None:
    names = CASES[part::PARTS]
    for name in names:
        (tmp_path / name).symlink_to(FOLDER / "cases" / name)
    comparing = [sys.executable, str(COMPARE), str(tmp_path), registry, TESTER, str(peers.path("crane"))]
    found = subprocess.run(comparing, check=False, timeout=SECONDS, env=environment(), capture_output=True, text=True)
    assert found.stdout.splitlines()[-1:] == [f"{len(names)}/{len(names)} agree"], found.stdout + found.stderr
