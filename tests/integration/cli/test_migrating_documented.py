"""What docs/migrating-to-webhook.md shows of `policy convert` is what it prints."""

import re
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.app import run
from tests.support.deployment import values

PAGE: Final = (Path(__file__).parents[3] / "docs" / "migrating-to-webhook.md").read_text()
FILES: Final = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
SHOWN: Final = re.findall(r"```console\n\$ cosignpy (policy convert \S+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), SHOWN)
def test_what_is_shown_is_printed(
    command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(name).write_text(f"# {name}\n{content}")
    failed = run(command.split())
    printed = capsys.readouterr()
    assert printed.err + printed.out == shown
    assert failed == ("error: " in shown)


def test_all_is_shown() -> None:
    assert [command.split()[-1] for command, _ in SHOWN] == list(FILES)


def test_values_that_are_named_are_there() -> None:
    named = set(re.findall(r"`((?:namespaces|belt|webhook)\.[a-zA-Z]+)(?:=[a-z-]+)?`", PAGE))
    assert named
    for path in named:
        parent, name = path.split(".")
        assert name in values()[parent]
