"""The completion script, asked by a real bash."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
PATH="$1:$PATH"
source <(cosignpy completion bash)
COMP_WORDS=("${@:2}")
COMP_CWORD=$(($# - 2))
_cosignpy_completion cosignpy
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words: str) -> list[str]:
    folder = str(Path(sys.executable).parent)
    answer = subprocess.run(
        ["bash", "-c", SCRIPT, "bash", folder, *words], capture_output=True, text=True, check=True, timeout=60
    )
    return answer.stdout.split()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["cosignpy", "tri"], ["triangulate"]),
        (["cosignpy", "download", ""], ["signature", "attestation", "sbom"]),
        (["cosignpy", "clean", "--dry"], ["--dry-run"]),
        (["cosignpy", "triangulate", "--type", "at"], ["attestation"]),
        (["cosignpy", "nothing-like-it"], []),
    ],
)
def test_bash_completes(words: list[str], wanted: list[str]) -> None:
    assert complete(*words) == wanted
