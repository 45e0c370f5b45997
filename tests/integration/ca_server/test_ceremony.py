"""The ceremony on a real terminal, on a real disk that is full, and killed between any two of its writes."""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from ca_server.authority.ceremony import begin_data
from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.profile import Role
from ca_server.authority.rules import verify_chain, verify_key
from cosignpy.keystore.server_key import load_key_file
from tests.support import terminal
from tests.support.authorities import BEGIN, DAY, OPEN, PLAN, no_password

PATIENCE_SECONDS: Final = 60.0

UNMEASURED: Final = {name: text for name, text in os.environ.items() if not name.startswith(("COSIGN_", "COVERAGE_"))}
"""Without whatever counts the lines that run: its files would fill up as well."""
NO_PASSWORDS: Final = {name: text for name, text in os.environ.items() if not name.startswith("COSIGN_")}


def converse(arguments: Sequence[str], dialogue: Sequence[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    """Run a command on a terminal, and answer what it asks."""
    return terminal.converse([sys.executable, "-m", "ca_server", *arguments], dialogue, NO_PASSWORDS)


def test_passwords_are_asked_for_twice_and_never_shown(tmp_path: Path) -> None:
    dialogue = [
        (b"New password of the server's keys: ", b"hunter2"),
        (b"The same again: ", b"hunter2"),
        (b"New password of the root's key: ", b"swordfish"),
        (b"The same again: ", b"swordfish"),
    ]
    code, shown = converse(["init", "--dir", str(tmp_path)], dialogue)
    assert (code, b"hunter2" in shown, b"swordfish" in shown) == (0, False, False), shown
    directory = AuthorityDirectory(tmp_path / "authority")
    assert load_key_file(str(directory.root_key), lambda: b"swordfish")
    for role in Role:
        assert directory.folders(role)[0].load_signer(lambda: b"hunter2")


def test_a_password_that_was_mistyped_makes_nothing(tmp_path: Path) -> None:
    dialogue = [(b"keys: ", b"hunter2"), (b"again: ", b"hunter3")]
    code, shown = converse(["init", "--dir", str(tmp_path / "data")], dialogue)
    assert (code, b"error: the two passwords" in shown) == (2, True)
    assert list(tmp_path.iterdir()) == []


PLACES: Final[Mapping[str, str]] = {"read-only": "/proc/authority", "a file": "/dev/null/data", "too long": "n" * 300}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_place_that_cannot_be_written_is_named(place: str, tmp_path: Path) -> None:
    done = command("init", tmp_path / place)
    first, *_ = done.stderr.splitlines()
    assert (done.returncode, done.stdout, first.startswith(f"error: {tmp_path / place}")) == (1, "", True)
    assert list(tmp_path.iterdir()) == []


def command(verb: str, data: Path, *options: str, file_size: int = -1) -> "subprocess.CompletedProcess[str]":
    """Run a command whose files may have no more octets than that."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

    return subprocess.run(
        [sys.executable, "-m", "ca_server", verb, "--dir", str(data), *options],
        env=UNMEASURED | {"COSIGN_PASSWORD": "secret", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        preexec_fn=limit,
    )


@pytest.mark.parametrize("octets", [0, 700, 1500])
def test_a_full_disk_leaves_nothing_and_is_told(octets: int, tmp_path: Path) -> None:
    """Keys have 600 octets, chains 1,300, settings 3,000: each of them fails once."""
    done = command("init", tmp_path / "data", file_size=octets)
    first, *rest = done.stderr.splitlines()
    assert (done.returncode, done.stdout, rest) == (1, "", [])
    assert first.startswith(f"error: {tmp_path}/data/")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_pair_in_force(tmp_path: Path) -> None:
    command("init", tmp_path / "data")
    done = command("rotate", tmp_path / "data", file_size=700)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(AuthorityDirectory(tmp_path / "data" / "authority").folders(Role.ISSUING)) == 1


WRITES: Final = ("fsync", "rename", "replace", "mkdir")
MANY: Final = 31


def killed_before(write: int, data: Path) -> bool:
    """Begin an authority in a process that ends before one of its writes; tell whether it came so far."""
    child = os.fork()
    if child == 0:
        left = iter(range(write))
        for name in WRITES:
            real = getattr(os, name)

            def write_or_end(*given: Any, real: Any = real, **named: Any) -> Any:
                if next(left, None) is None:
                    os._exit(9)
                return real(*given, **named)

            setattr(os, name, write_or_end)
        try:
            begin_data(data, PLAN, OPEN, BEGIN)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("write", range(MANY + 1))
def test_whoever_is_killed_leaves_a_whole_authority_or_none(write: int, tmp_path: Path) -> None:
    assert killed_before(write, tmp_path) == (write < MANY)
    directory = AuthorityDirectory(tmp_path / "authority")
    if not directory.path.exists():
        begin_data(tmp_path, PLAN, OPEN, BEGIN)
    for role in Role:
        (folder,) = directory.folders(role)
        verify_chain(folder.read_chain(), role, BEGIN + DAY, what="chain")
        verify_key(folder.read_chain(), folder.load_signer(no_password), what="key")
