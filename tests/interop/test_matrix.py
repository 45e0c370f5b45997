"""Every signer against every verifier, on every registry; the result is also the page docs/interop.md."""

import faulthandler
from collections.abc import Mapping

import pytest

from tests.interop.expectations import exit_code_of_no_match, exit_code_of_unsigned, peer_limit
from tests.interop.matrix import Cell, Outcome, cells, measure
from tests.interop.matrix_page import PAGE, REWRITE, render
from tests.interop.programs import Tool, Workshop


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Cell, Outcome]:
    faulthandler.cancel_dump_traceback_later()  # pytest's, for tests that hang: this takes its minutes
    return measure(Workshop(tmp_path_factory.mktemp("matrix")).prepare())


@pytest.mark.parametrize("cell", [cell for cell in cells() if not peer_limit(cell)], ids=str)
def test_a_signature_verifies(cell: Cell, measured: Mapping[Cell, Outcome]) -> None:
    outcome = measured[cell]
    assert outcome.signed.exit_code == 0, outcome.signed
    assert outcome.other_key.exit_code == exit_code_of_no_match(cell), outcome.other_key
    assert outcome.other_image.exit_code == exit_code_of_unsigned(cell), outcome.other_image


@pytest.mark.parametrize("cell", [cell for cell in cells() if peer_limit(cell)], ids=str)
def test_a_peer_refuses_what_it_is_known_not_to_understand(cell: Cell, measured: Mapping[Cell, Outcome]) -> None:
    """When this fails a peer has learned something: the table of its limits, and the page, must follow."""
    assert cell.verifier is not Tool.OURS
    assert measured[cell].signed.exit_code == exit_code_of_no_match(cell), measured[cell].signed


def test_the_page_says_what_was_measured(measured: Mapping[Cell, Outcome]) -> None:
    assert PAGE.read_text() == render(measured), f"rewrite it with: {REWRITE}"
