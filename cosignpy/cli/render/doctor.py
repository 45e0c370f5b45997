"""What `doctor` found, for people and for programs: what is fine in few words, what is not with what to do about it."""

from collections.abc import Iterator
from typing import Final

from cosignpy.cli.exit_codes import FAILURE, OK
from cosignpy.cli.render.errors import one_line
from cosignpy.core.encoding import JsonValue
from cosignpy.operations.doctor.checks import Diagnosis
from cosignpy.operations.doctor.facts import Setting
from cosignpy.operations.doctor.findings import Finding, State

_STATE_WIDTH: Final = max(len(state) for state in State)


def diagnosis_exit_code(diagnosis: Diagnosis) -> int:
    """Return what `doctor` exits with: a failure where anything is a problem."""
    return FAILURE if diagnosis.count(State.PROBLEM) else OK


def diagnosis_to_json(diagnosis: Diagnosis) -> dict[str, JsonValue]:
    """Return a diagnosis as docs/troubleshooting.md describes it."""
    return {
        "exitCode": diagnosis_exit_code(diagnosis),
        "counts": {state.value: diagnosis.count(state) for state in State},
        "settings": [
            {"name": each.name, "value": each.value, "origin": each.origin} for each in diagnosis.facts.settings
        ],
        "findings": [
            {
                "check": section.check.name,
                "name": finding.name,
                "state": finding.state.value,
                "text": finding.text,
                "remedy": finding.remedy or None,
            }
            for section in diagnosis.sections
            for finding in section.findings
        ],
    }


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Write the same for a person."""
    yield "Configured"
    yield from _setting_lines(diagnosis.facts.settings)
    for section in diagnosis.sections:
        yield section.check.title
        for finding in section.findings:
            yield from _finding_lines(finding)
    problems, warnings = diagnosis.count(State.PROBLEM), diagnosis.count(State.WARNING)
    yield f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}"


def _setting_lines(settings: tuple[Setting, ...]) -> Iterator[str]:
    told = [setting for setting in settings if setting.value]
    name_width = max((len(setting.name) for setting in told), default=0)
    for setting in told:
        yield f"  {setting.name:<{name_width}}  {one_line(setting.value)}  ({one_line(setting.origin)})"
    silent = [setting.name for setting in settings if not setting.value]
    if silent:
        yield f"  not set: {', '.join(silent)}"


def _finding_lines(finding: Finding) -> Iterator[str]:
    yield f"  {finding.state:<{_STATE_WIDTH}}  {one_line(finding.text)}"
    if finding.remedy:
        yield f"  {'':<{_STATE_WIDTH}}  → {finding.remedy}"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
