"""A diagnosis for people and for programs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.cli.render.doctor import diagnosis_exit_code, diagnosis_lines, diagnosis_to_json
from cosignpy.operations.doctor.checks import Diagnosis, diagnose
from cosignpy.operations.doctor.facts import Facts, Setting
from cosignpy.operations.doctor.findings import Check, Finding, Kind, ok, problem, warning
from tests.support.trust_repository import NOW

PAGE = Path(__file__).parents[4] / "docs" / "troubleshooting.md"
FINE, DOUBTFUL, WRONG = ok("fine"), warning("doubtful", "look"), problem("wrong", "repair")
SETTINGS = (
    Setting("trusted-root", "root.json", "--trusted-root"),
    Setting("key", "x", "default"),
    Setting("a", "", ""),
)


def diagnosis(*kinds: Kind, text: str = "what was found", settings: tuple[Setting, ...] = SETTINGS) -> Diagnosis:
    def run(_: Facts) -> Iterator[Finding]:
        return (kind(text) for kind in kinds)

    return diagnose(Facts(NOW, settings=settings), [Check("check", "Title", kinds, run)])


def test_for_people() -> None:
    assert list(diagnosis_lines(diagnosis(FINE, DOUBTFUL, WRONG))) == [
        "Configured",
        "  trusted-root  root.json  (--trusted-root)",
        "  key           x  (default)",
        "  not set: a",
        "Title",
        "  ok       what was found",
        "  warning  what was found",
        "           → look",
        "  problem  what was found",
        "           → repair",
        "1 problem, 1 warning",
    ]


def test_nothing_is_wrong() -> None:
    lines = list(diagnosis_lines(diagnosis(FINE, settings=())))
    assert lines == ["Configured", "Title", "  ok       what was found", "no problems, no warnings"]


def test_for_programs() -> None:
    assert diagnosis_to_json(diagnosis(FINE, WRONG, settings=SETTINGS[:1])) == {
        "exitCode": 1,
        "counts": {"ok": 1, "warning": 0, "problem": 1},
        "settings": [{"name": "trusted-root", "value": "root.json", "origin": "--trusted-root"}],
        "findings": [
            {"check": "check", "name": "fine", "state": "ok", "text": "what was found", "remedy": None},
            {"check": "check", "name": "wrong", "state": "problem", "text": "what was found", "remedy": "repair"},
        ],
    }


def test_the_page_has_every_member() -> None:
    documented = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE)
    assert documented == list(diagnosis_to_json(diagnosis(FINE)))


@pytest.mark.parametrize(("kinds", "code"), [((FINE,), 0), ((DOUBTFUL,), 0), ((DOUBTFUL, WRONG), 1)])
def test_only_problems_are_a_failure(kinds: tuple[Kind, ...], code: int) -> None:
    assert diagnosis_exit_code(diagnosis(*kinds)) == code


def test_what_others_wrote_is_escaped() -> None:
    hostile = "\x1b[31mred\nnext"
    lines = list(diagnosis_lines(diagnosis(WRONG, text=hostile, settings=(Setting("key", hostile, hostile),))))
    assert not any(char in line for line in lines for char in "\x1b\n")
