"""Verdicts recorded from the real policy controller's tester: the same exit codes, and what it says of them.

The images are signed and attested in memory, by the keys that the real ones were signed with.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.policy_tester import PolicyTester
from cosignpy.core.oci.reference import parse_repository
from cosignpy.operations.ports import ManifestSource
from tests.support import policy_tester, vectors
from tests.support.policy_tester import CASES, FOLDER, REGISTRY
from tests.support.policy_verdicts import IN_CUE, Nobody

Capture = pytest.CaptureFixture[str]

NAMED_FIRST: Final = {"007-static-two-fails"}
"""Of several authorities that fail the tester names the one that was done first, and we the first."""
IN_OTHER_WORDS: Final = {"219-att-rego-v1-syntax"}
"""Texts of a library."""


def open_repository(name: str) -> ManifestSource:
    return policy_tester.open_repository(parse_repository(name))


def made_of(name: str, folder: Path) -> PolicyTester:
    """Return what is tested, with the files of a case in a folder."""
    case = FOLDER / "cases" / name
    for file in ("policy.yaml", "resource.yaml", "trustroot.yaml"):
        if (case / file).exists():
            (folder / file).write_bytes(policy_tester.read(case / file))
    resource, root = (folder / file for file in ("resource.yaml", "trustroot.yaml"))
    beside = str(resource) if resource.exists() else "", str(root) if root.exists() else ""
    image = policy_tester.fill((case / "image.txt").read_text().rstrip("\n"))
    return PolicyTester(str(folder / "policy.yaml"), image, *beside, open_repository, Nobody())


def recorded(name: str) -> dict[str, Any]:
    text = (FOLDER / "cases" / name / "expected.json").read_text()
    found: dict[str, Any] = json.loads(text.replace("@REGISTRY@", REGISTRY))
    return found


@vectors.NEEDED
@pytest.mark.parametrize("name", CASES)
def test_the_exit_code_is_the_recorded_one(name: str, tmp_path: Path, capsys: Capture) -> None:
    if name in IN_CUE and shutil.which("cue") is None:
        assert made_of(name, tmp_path).run() == 1  # nothing passes where there is no program
        assert "need the program cue" in capsys.readouterr().out
        return
    wanted = recorded(name)
    assert made_of(name, tmp_path).run() == wanted["exit"]
    said = capsys.readouterr()
    found: Any = json.loads(said.out) if said.out else None
    if name in IN_OTHER_WORDS | NAMED_FIRST:
        assert len(found["errors"]) == 1
    elif "@sha256:" not in str(wanted["stdout"]):
        assert (found, said.err.strip()) == (wanted["stdout"], wanted["stderr"].strip())
