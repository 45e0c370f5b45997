"""What became of the cases of `policy test`, as test runners say it: a line each, what differs, and a sum."""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.cli import exit_codes
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import error_to_json, one_line
from cosignpy.cli.render.proof import head_to_json
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.imagepolicy.case_results import CaseResult, Difference

TEST_SCHEMA: Final = "cosignpy/policy-test/v1"
"""Of what `policy test` found."""


def render_cases(results: Sequence[CaseResult]) -> int:
    """Print what became of all cases, and return the exit code: 1 where one is not as it was expected."""
    code = exit_codes.OK if all(each.passed for each in results) else exit_codes.FAILURE
    if CURRENT.output is Output.JSON:
        document = head_to_json(TEST_SCHEMA, code) | {"cases": [_case_to_json(each) for each in results]}
        CURRENT.print(encode_json(document).decode())
        return code
    for line in _lines(results):
        CURRENT.print(one_line(line))
    return code


def _lines(results: Sequence[CaseResult]) -> Iterator[str]:
    file = ""
    for result in results:
        if result.case.place.file != file:
            file = result.case.place.file
            yield file
        yield f"  {'ok' if result.passed else 'FAILED':<7} line {result.case.place.line}: {_name(result)}"
        for each in result.differences:
            yield f"    - {each.what}: {each.expected}"
            yield from _found_lines(each)
    failed = sum(not each.passed for each in results)
    yield f"{len(results)} case{'s' * (len(results) != 1)}: {len(results) - failed} passed, {failed} failed"


def _found_lines(difference: Difference) -> Iterator[str]:
    first, *others = difference.found
    yield f"    + {difference.what}: {first}"
    yield from (f"    +   {other}" for other in others)


def _name(result: CaseResult) -> str:
    case = result.case
    expected = [case.verdict.value] if case.verdict is not None else []
    if case.matches is not None:
        expected.append(f"matches {', '.join(case.matches) or 'nothing'}")
    return f"{case.subject} {' and '.join(expected)}"


def _case_to_json(result: CaseResult) -> dict[str, JsonValue]:
    case = result.case
    found: dict[str, JsonValue] = {
        "test": case.place.file,
        "line": case.place.line,
        "file" if case.file else "image": case.subject,
        "passed": result.passed,
        "verdict": result.verdict.value if result.verdict is not None else None,
        "digest": str(result.digest) if result.digest is not None else None,
        "matches": list(result.matches),
        "clauses": list(result.clauses),
        "reasons": list(result.reasons),
        "differences": [
            {"what": each.what, "expected": each.expected, "found": list(each.found)} for each in result.differences
        ],
    }
    return found if result.undecided is None else found | {"error": error_to_json(result.undecided)}
