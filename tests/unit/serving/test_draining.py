"""How many connections a worker takes: no more than it has files for."""

import resource
from collections.abc import Iterator

import pytest

from cosignpy.serving.draining import MAX_FILES, raise_file_limit

HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@pytest.fixture(autouse=True)
def limit_as_before() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def allowed() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_a_low_limit_is_raised_as_far_as_it_may_be() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, HARD))
    assert raise_file_limit() == allowed() == (MAX_FILES if HARD == resource.RLIM_INFINITY else min(HARD, MAX_FILES))


def test_a_limit_that_suffices_stays() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FILES + 1, HARD))
    assert (raise_file_limit(), allowed()) == (MAX_FILES, MAX_FILES + 1)
