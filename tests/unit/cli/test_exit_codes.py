import inspect
import re
from pathlib import Path

import pytest

from cosignpy import errors
from cosignpy.cli import exit_codes
from cosignpy.cli.exit_codes import EXIT_CODES, combined_exit_code, exit_code
from cosignpy.errors import CosignError, KeyUnusable, LimitExceeded, NoMatchingSignatures, RateLimited, WrongPassword

PAGE = Path(__file__).parents[3] / "docs" / "exit-codes.md"
FOR_CERTIFICATES = 13


def test_the_page_lists_the_codes_of_the_table_and_no_others() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)}
    used = {*EXIT_CODES.values(), exit_codes.OK, exit_codes.FAILURE, exit_codes.INTERRUPTED}
    assert documented == used | {FOR_CERTIFICATES}


@pytest.mark.parametrize(
    "kind",
    [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, CosignError)],
    ids=lambda kind: kind.__name__,
)
def test_every_error_but_the_abstract_ones_has_a_code_of_its_own(kind: type[CosignError]) -> None:
    abstract = {errors.CosignError, errors.NotFoundError}
    assert (kind in abstract) == (not any(issubclass(kind, known) for known in EXIT_CODES))


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (WrongPassword("key", "wrong"), 6),
        (KeyUnusable("key", "why"), 5),
        (LimitExceeded("body", "too long"), 4),
        (NoMatchingSignatures("image", ()), 12),
        (RateLimited("registry", "url", 429, "slow down"), 22),
    ],
)
def test_the_most_specific_class_counts(error: CosignError, wanted: int) -> None:
    assert exit_code(error) == wanted


def test_an_unknown_error_is_a_failure() -> None:
    assert exit_code(CosignError()) == exit_codes.FAILURE


@pytest.mark.parametrize(("codes", "wanted"), [([], 0), ([0, 0], 0), ([0, 10], 10), ([10, 10], 10), ([10, 12], 1)])
def test_several_results_share_the_code_that_their_failures_share(codes: list[int], wanted: int) -> None:
    assert combined_exit_code(codes) == wanted
