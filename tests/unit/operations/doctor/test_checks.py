"""The list of checks, and the page that says what to do about each of their findings."""

import re
from collections.abc import Iterator
from pathlib import Path

from cosignpy.operations.doctor.checks import CHECKS, diagnose
from cosignpy.operations.doctor.facts import Facts
from cosignpy.operations.doctor.findings import Check, Finding, State, ok, problem, warning
from tests.support.trust_repository import NOW

PAGE = Path(__file__).parents[4] / "docs" / "troubleshooting.md"
ROW = re.compile(r"^\| `(?P<name>[a-z0-9-]+)` \| (?P<state>\w+) \| [^|]+ \| (?P<remedy>.*?) ?\|$", re.MULTILINE)

FINE, DOUBTFUL, WRONG = ok("fine"), warning("doubtful", "look"), problem("wrong", "repair")


def find_three(_: Facts) -> Iterator[Finding]:
    yield FINE("as it should be")
    yield DOUBTFUL("perhaps")
    yield WRONG("not at all")
    yield WRONG("nor this")


def test_no_two_kinds_have_one_name() -> None:
    names = [kind.name for check in CHECKS for kind in check.kinds]
    assert len(names) == len(set(names))


def test_what_is_not_fine_says_what_to_do_and_nothing_else_does() -> None:
    for kind in (kind for check in CHECKS for kind in check.kinds):
        assert bool(kind.remedy) == (kind.state is not State.OK), kind.name


def test_the_page_has_every_finding_with_its_remedy_and_no_other() -> None:
    documented = [(row["name"], row["state"], row["remedy"]) for row in ROW.finditer(PAGE.read_text())]
    assert documented == [(kind.name, kind.state.value, kind.remedy) for check in CHECKS for kind in check.kinds]


def test_the_page_has_a_section_for_each_check() -> None:
    sections = re.findall(r"^### (.+)$", PAGE.read_text(), re.MULTILINE)
    assert sections == [check.title for check in CHECKS]


def test_without_any_facts_every_check_says_something_it_may_say() -> None:
    diagnosis = diagnose(Facts(NOW))
    assert [section.check for section in diagnosis.sections] == list(CHECKS)
    for section in diagnosis.sections:
        assert section.findings
        assert {finding.name for finding in section.findings} <= {kind.name for kind in section.check.kinds}


def test_findings_are_counted_by_how_bad_they_are() -> None:
    diagnosis = diagnose(Facts(NOW), [Check("three", "Three", (FINE, DOUBTFUL, WRONG), find_three)])
    assert [diagnosis.count(state) for state in State] == [1, 1, 2]
