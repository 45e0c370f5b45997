"""`kill -9` under load, as in `make test`, ten times as often."""

import faulthandler
import secrets
from pathlib import Path

from tests.support.log_kills import kill_often


def test_a_server_that_is_killed_200_times_loses_nothing(tmp_path: Path) -> None:
    """The moments differ from run to run; the seed stands in the directory's name when it fails."""
    faulthandler.cancel_dump_traceback_later()  # it takes minutes, and is not stuck
    seed = secrets.randbelow(1 << 32)
    sizes = kill_often(tmp_path / f"seed-{seed}", 200, seed)
    assert min(sizes) > 200
