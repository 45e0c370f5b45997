import gc
from collections.abc import Iterator

import pytest

from cosignpy.serving.garbage import collect_rarely


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector of the test run is put back afterwards."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_a_server_started_with_is_never_looked_at_again_and_the_rest_seldom() -> None:
    before = gc.get_threshold()
    kept = [[number] for number in range(100)]
    collect_rarely()
    assert gc.get_freeze_count() >= len(kept)
    assert gc.get_threshold()[0] > before[0]
    assert gc.isenabled()
