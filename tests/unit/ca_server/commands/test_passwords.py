"""Where passwords come from: the environment, then whoever sits at the terminal, then nowhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from ca_server.authority.ceremony import NewPasswords
from ca_server.commands.passwords import (
    PasswordPorts,
    new_passwords,
    new_server_password,
    on_terminal,
    root_password,
    server_password,
)
from cosignpy.errors import UsageError

SERVER: Final = {b"COSIGN_PASSWORD": b"server"}
ROOT: Final = {b"COSIGN_ROOT_PASSWORD": b"root"}


def typing(*lines: str, environment: Mapping[bytes, bytes] = SERVER | ROOT) -> PasswordPorts:
    """Have someone at a terminal who types these lines and goes."""
    left: Iterator[str] = iter(lines)

    def ask(_prompt: str) -> str:
        for line in left:
            return line
        raise EOFError

    return PasswordPorts(environment, lambda: True, ask)


def alone(environment: Mapping[bytes, bytes]) -> PasswordPorts:
    return PasswordPorts(environment, lambda: False, lambda _: "nobody")


def test_the_environment_is_enough() -> None:
    assert new_passwords(alone(SERVER)) == NewPasswords(b"server", b"server")
    assert new_passwords(alone(SERVER | ROOT)) == NewPasswords(b"root", b"server")
    assert root_password(alone(SERVER))() == b"server"
    assert root_password(alone(SERVER | ROOT))() == b"root"
    assert server_password(alone(SERVER | ROOT))() == b"server"


def test_at_a_terminal_new_passwords_are_typed_twice_and_the_root_has_its_own() -> None:
    assert new_passwords(typing("a", "a", "b", "b", environment={})) == NewPasswords(b"b", b"a")
    assert new_passwords(typing("a", "a", environment=ROOT)) == NewPasswords(b"root", b"a")
    assert new_server_password(typing("é\udcff", "é\udcff", environment={})) == "é".encode() + b"\xff"


def test_at_a_terminal_known_passwords_are_typed_once() -> None:
    assert root_password(typing("a", environment={}))() == b"a"
    assert server_password(typing("a", environment=ROOT))() == b"a"


WRONG: Final[Mapping[str, PasswordPorts]] = {
    "they differ": typing("a", "b", environment={}),
    "those of the root differ": typing("a", "a", "b", "c", environment={}),
    "empty": typing("", "", environment={}),
    "empty in the environment": alone({b"COSIGN_PASSWORD": b""}),
    "empty for the root": alone(SERVER | {b"COSIGN_ROOT_PASSWORD": b""}),
    "nothing typed": typing(environment={}),
    "nobody there": alone({}),
    "nobody there for the server": alone(ROOT),
}


@pytest.mark.parametrize("ports", WRONG.values(), ids=WRONG)
def test_no_key_is_made_without_a_password(ports: PasswordPorts) -> None:
    with pytest.raises(UsageError):
        new_passwords(ports)


@pytest.mark.parametrize(
    ("ask", "variable"), [(root_password, "COSIGN_ROOT_PASSWORD"), (server_password, "COSIGN_PASSWORD")]
)
def test_the_hint_names_the_variable(ask: object, variable: str) -> None:
    assert callable(ask)
    with pytest.raises(UsageError) as caught:
        ask(alone({}))()
    assert variable in (caught.value.hint or "")


def test_passwords_are_not_shown() -> None:
    assert "server" not in repr(alone(SERVER))


def test_a_file_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/null").open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert not on_terminal()
