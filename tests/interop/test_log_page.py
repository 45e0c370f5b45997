"""What docs/interop.md says of transparency logs is what is tested."""

from pathlib import Path

from tests.interop.log_page import LOG_CLIENTS, render_logs
from tests.interop.matrix_page import PAGE


def test_the_page_has_the_part_about_logs() -> None:
    assert "\n".join(render_logs()) in PAGE.read_text()


def test_every_test_that_the_page_names_is_there() -> None:
    assert [name for *_, name in LOG_CLIENTS if not Path(__file__).with_name(name).is_file()] == []
