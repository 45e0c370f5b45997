"""`kill -9` under load: nothing acknowledged is lost, no index is given twice, the log never forks."""

from pathlib import Path

from tests.support.log_kills import kill_often


def test_a_server_that_is_killed_under_load_loses_nothing(tmp_path: Path) -> None:
    sizes = kill_often(tmp_path / "data", 20, seed=1)
    assert min(sizes) > 20
