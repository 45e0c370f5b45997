"""`cosignpy login` and `logout`, against a registry with bearer tokens."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.cli.app import run
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.bearer import BearerAuth
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.localregistry.server import RegistryOptions as ServerOptions
from cosignpy.registry.credential_files import find_credential
from cosignpy.registry.credentials import BasicCredential


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


@pytest.fixture
def registry() -> Iterator[LocalRegistry]:
    with LocalRegistry(ServerOptions(auth=BearerAuth((Account("owner", "secret word"),)))) as running:
        yield running


def type_in(monkeypatch: pytest.MonkeyPatch, text: str, *, terminal: bool = False) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    monkeypatch.setattr(stdin, "isatty", lambda: terminal)
    monkeypatch.setattr("sys.stdin", stdin)


def stored(config: Path, registry: LocalRegistry) -> object:
    return find_credential({"DOCKER_CONFIG": str(config.parent)}, registry.address, "team/app")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_on_stdin_is_proved_and_kept(
    registry: LocalRegistry, config: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    type_in(monkeypatch, f"secret word{ending}")
    assert run(["login", registry.address, "-u", "owner", "--password-stdin"]) == 0
    assert stored(config, registry) == BasicCredential("owner", "secret word")
    assert config.stat().st_mode & 0o777 == 0o600


def test_a_password_as_flag_works_with_a_warning(
    registry: LocalRegistry, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["login", registry.address, "-u", "owner", "-p", "secret word"]) == 0
    assert stored(config, registry) == BasicCredential("owner", "secret word")
    said = capsys.readouterr().err
    assert "--password-stdin" in said
    assert "secret word" not in said


def test_a_person_is_asked(registry: LocalRegistry, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "owner\n", terminal=True)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "secret word")
    assert run(["login", registry.address]) == 0
    assert stored(config, registry) == BasicCredential("owner", "secret word")


def test_the_password_of_the_private_key_is_not_taken_for_the_registrys(
    registry: LocalRegistry, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "the password of the key")
    type_in(monkeypatch, "secret word")
    assert run(["login", registry.address, "-u", "owner", "--password-stdin"]) == 0
    assert stored(config, registry) == BasicCredential("owner", "secret word")


def test_a_wrong_password_is_not_kept(
    registry: LocalRegistry, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "wrong word")
    assert run(["login", registry.address, "-u", "owner", "--password-stdin"]) != 0
    assert not config.exists()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "wrong word" not in said


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (["--password-stdin"], "secret word"),
        (["-u", "owner"], ""),
        (["-u", "owner", "--password-stdin"], ""),
        (["-u", "owner", "--password-stdin", "-p", "x"], "x"),
        (["-u", "owner", "--password-stdin"], "x" * 70_000),
    ],
    ids=["no user", "no password", "an empty password", "two passwords", "far too long a password"],
)
def test_incomplete_credentials_are_refused_before_anything_is_asked(
    registry: LocalRegistry, config: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], typed: str
) -> None:
    type_in(monkeypatch, typed)
    assert run(["login", registry.address, *arguments]) != 0
    assert registry.requests == []
    assert not config.exists()


def test_what_is_no_registry_is_refused(config: Path) -> None:
    assert run(["login", "not a registry", "-u", "owner", "-p", "x"]) != 0
    assert not config.exists()


def test_a_registry_that_does_not_ask_gets_a_warning(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalRegistry() as open_registry:
        assert run(["login", open_registry.address, "-u", "owner", "-p", "secret word"]) == 0
    assert "without having been checked" in capsys.readouterr().err
    assert config.exists()


def test_logout_forgets(registry: LocalRegistry, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["login", registry.address, "-u", "owner", "-p", "secret word"])
    assert run(["logout", registry.address]) == 0
    assert json.loads(config.read_text()) == {"auths": {}}
    assert run(["logout", registry.address]) == 0
    assert "Not logged in" in capsys.readouterr().err
