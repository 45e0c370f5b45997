"""`provenance generate`: the variables of a job become a predicate, on stdout or in a file."""

import json
import os
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.app import run
from cosignpy.operations.validate_predicate import validate_predicate

Capture = pytest.CaptureFixture[str]
MARKERS: Final = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE")
JOB: Final = {
    "GITLAB_CI": "true",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_SHA": "c2" * 20,
    "CI_JOB_ID": "412",
    "CI_JOB_NAME": "build-job",
    "CI_PIPELINE_SOURCE": "push",
    "CI_PROJECT_URL": "https://gitlab.example/team/app",
    "CI_RUNNER_ID": "33",
}


@pytest.fixture(autouse=True)
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name in MARKERS or name.startswith("CI_")]:
        monkeypatch.delenv(name)
    for name, value in JOB.items():
        monkeypatch.setenv(name, value)


def test_provenance_goes_to_stdout(capsys: Capture) -> None:
    assert run(["provenance", "generate"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["runDetails"]["builder"]["id"] == "https://gitlab.example/team/app/-/runners/33"


@pytest.mark.parametrize("flag", ["-o", "--out"])
def test_provenance_goes_to_a_file_that_attest_takes(flag: str, capsys: Capture) -> None:
    assert run(["provenance", "generate", flag, "p.json", "--builder-id", "https://builder.example/v1"]) == 0
    assert not capsys.readouterr().out
    found = validate_predicate("slsaprovenance1", Path("p.json").read_bytes())
    assert found.content["runDetails"]["builder"] == {"id": "https://builder.example/v1"}


def test_outside_of_ci_there_is_nothing_to_say(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("GITLAB_CI")
    assert run(["provenance", "generate", "-o", "p.json"]) == 2
    assert "this is no job of GitHub Actions, GitLab CI or Buildkite" in capsys.readouterr().err
    assert not Path("p.json").exists()
