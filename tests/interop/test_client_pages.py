"""What docs/interop.md says of servers is what is tested."""

from pathlib import Path

import pytest

from tests.interop.client_pages import PARTS, Part
from tests.interop.matrix_page import PAGE


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.clients[0][0])
def test_the_page_has_the_part(part: Part) -> None:
    assert "\n".join(part.render()) in PAGE.read_text()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.clients[0][0])
def test_every_test_that_the_page_names_is_there(part: Part) -> None:
    assert [name for *_, name in part.clients if not Path(__file__).with_name(name).is_file()] == []
