"""The commands that tell about the program itself."""

import json

import pytest

from cosignpy.cli.app import run
from cosignpy.version import VERSION

Capture = pytest.CaptureFixture[str]
KEYS = ["gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"]


@pytest.mark.parametrize("flag", [["--json"], ["--output", "json"]])
def test_version_as_json_has_cosigns_keys(capsys: Capture, flag: list[str]) -> None:
    assert run(["version", *flag]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (list(found), found["gitVersion"]) == (KEYS, f"v{VERSION}")


def test_version_as_text(capsys: Capture) -> None:
    assert run(["version"]) == 0
    assert f"GitVersion:    v{VERSION}\n" in capsys.readouterr().out


def test_env_shows_values_and_hides_secrets(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "hunter2")
    monkeypatch.setenv("COSIGN_REPOSITORY", "r.test/signatures")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert run(["env"]) == 0
    text = capsys.readouterr().out
    assert "hunter2" not in text
    for line in ("# COSIGN_PASSWORD is", "# Expects: ", "COSIGN_PASSWORD=******\n", "DOCKER_HOST=\n"):
        assert line in text
    assert run(["env", "--show-sensitive-values", "--show-descriptions=false"]) == 0
    text = capsys.readouterr().out
    assert "COSIGN_PASSWORD=hunter2\n" in text
    assert "#" not in text
    assert run(["env", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["COSIGN_REPOSITORY"], found["DOCKER_HOST"]) == ("r.test/signatures", None)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(capsys: Capture, shell: str) -> None:
    assert run(["completion", shell]) == 0
    assert f"_COSIGNPY_COMPLETE=complete_{shell}" in capsys.readouterr().out


def test_completion_refuses_other_shells() -> None:
    assert run(["completion", "tcsh"]) == 2
