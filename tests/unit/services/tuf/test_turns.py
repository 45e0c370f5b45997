"""Turns among processes."""

from pathlib import Path

import pytest

from cosignpy.errors import FileError
from cosignpy.net.clock import Clock
from cosignpy.services.tuf.turns import TURN_TIMEOUT, take_turn, try_turn


def test_a_turn_that_is_kept_for_too_long_is_an_error(tmp_path: Path) -> None:
    slept: list[float] = []
    clock = Clock(monotonic=lambda: sum(slept), sleep=lambda _: slept.append(30))
    with take_turn(tmp_path / "lock", clock), pytest.raises(FileError), take_turn(tmp_path / "lock", clock):
        pass
    assert sum(slept) == TURN_TIMEOUT


def test_a_turn_is_free_again_after_its_block(tmp_path: Path) -> None:
    for _ in range(2):
        with take_turn(tmp_path / "lock", Clock()), try_turn(tmp_path / "lock") as free:
            assert not free
    with try_turn(tmp_path / "lock") as free:
        assert free


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileError), try_turn(tmp_path / "lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()
