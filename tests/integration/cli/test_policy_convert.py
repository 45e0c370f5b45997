"""`policy convert`: policies on stdout, what is to be known on stderr, and only errors where something is weaker."""

from pathlib import Path

import pytest

from cosignpy.cli.app import run
from tests.support.foreign_policies import cluster_policy, connaisseur
from tests.support.image_policies import encode

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(*documents: dict[str, object], text: str) -> int:
    """Write documents, and return the last line that begins with a text."""
    content = encode(*documents)
    Path("theirs.yaml").write_bytes(content)
    return max(n for n, line in enumerate(content.decode().splitlines(), 1) if line.lstrip(" -").startswith(text))


def test_policies_are_printed_and_in_order(capsys: Capture) -> None:
    write(dict(cluster_policy()), dict(connaisseur({"pattern": "registry.example/*:*"})), text="kind")
    assert run(["policy", "convert", "theirs.yaml"]) == 0
    made = capsys.readouterr()
    (warning,) = made.err.splitlines()
    assert warning.startswith("warning: theirs.yaml:")
    assert "namespaces.mode=opt-out" in warning
    Path("ours.yaml").write_text(made.out)
    assert run(["policy", "lint", "ours.yaml"]) == 0
    assert capsys.readouterr().out == "no problems found\n"


def test_nothing_is_printed_where_something_would_be_weaker(capsys: Capture) -> None:
    line = write(dict(cluster_policy()), dict(cluster_policy({"type": "Notary"})), text="type: Notary")
    assert run(["policy", "convert", "theirs.yaml"]) == 1
    made = capsys.readouterr()
    assert made.out == ""
    assert made.err.splitlines()[0] == (
        f"error: theirs.yaml:{line}: spec.rules[0].verifyImages[0].type: cannot be converted "
        "(signatures of Notary are not read: sign with cosignpy)"
    )
