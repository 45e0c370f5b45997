"""The prompts on a real terminal: a pseudo-terminal, and the program as a process of its own."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cosignpy.core.keys.private import PrivateKey
from tests.support import terminal

Dialogue = Sequence[tuple[bytes, bytes]]


def converse(folder: Path, arguments: Sequence[str], dialogue: Dialogue) -> tuple[int, bytes]:
    """Run the program on a terminal, and answer what it asks."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COSIGN_")}
    command = [sys.executable, "-c", "from cosignpy.cli.app import main; main()", *arguments]
    return terminal.converse(command, dialogue, environment, folder)


@pytest.mark.parametrize(
    "dialogue",
    [
        [(b"private key: ", b"hunter2"), (b"again: ", b"hunter2")],
        [(b"key: ", b"typo"), (b"again: ", b"hunter2"), (b"private key: ", b"hunter2"), (b"again: ", b"hunter2")],
    ],
    ids=["typed twice", "typed wrongly once"],
)
def test_a_password_is_asked_for_twice_and_never_shown(tmp_path: Path, dialogue: Dialogue) -> None:
    code, shown = converse(tmp_path, ["generate-key-pair"], dialogue)
    assert code == 0, shown
    assert b"hunter2" not in shown
    assert PrivateKey.parse((tmp_path / "cosign.key").read_bytes(), b"hunter2")


@pytest.mark.parametrize(("answer", "code"), [(b"y", 0), (b"n", 3), (b"", 3)])
def test_an_existing_key_is_overwritten_only_after_a_yes(tmp_path: Path, answer: bytes, code: int) -> None:
    (tmp_path / "cosign.pub").write_bytes(b"old")
    dialogue = [(b"cosign.pub exists already. Overwrite it? [y/N] ", answer)]
    if code == 0:
        dialogue += [(b"private key: ", b"hunter2"), (b"again: ", b"hunter2")]
    assert converse(tmp_path, ["generate-key-pair"], dialogue)[0] == code
    assert ((tmp_path / "cosign.pub").read_bytes() == b"old") == (code == 3)
    assert (tmp_path / "cosign.key").exists() == (code == 0)
