"""Calls at once: results in order, failures kept apart, defects handed on."""

import threading

import pytest

from cosignpy.errors import DeadlineExceeded, UsageError
from cosignpy.operations.parallel import Outcome, run_parallel


@pytest.mark.parametrize("workers", [0, 1, 2, 8, 100])
def test_results_are_in_order_whatever_the_number_of_workers(workers: int) -> None:
    outcomes = run_parallel(lambda number: number * number, range(20), workers)
    assert [outcome.unwrap() for outcome in outcomes] == [number * number for number in range(20)]


def test_nothing_to_do_is_done() -> None:
    assert run_parallel(str, []) == []


def test_one_failure_stops_no_other_call() -> None:
    def invert(number: int) -> float:
        return 1 / number

    first, second, third = run_parallel(invert, [1, 0, 2], 2)
    assert (first.unwrap(), third.unwrap()) == (1, 0.5)
    with pytest.raises(ZeroDivisionError):
        second.unwrap()


def test_the_end_of_the_command_is_no_failure_of_one_call() -> None:
    def expire(_number: int) -> None:
        raise DeadlineExceeded(1)

    with pytest.raises(DeadlineExceeded):
        run_parallel(expire, [1, 2], 1)


def test_the_end_of_the_time_of_any_thread_is_the_end_of_all() -> None:
    here, both = threading.get_ident(), threading.Barrier(2)

    def expire_elsewhere(_number: int) -> None:
        both.wait(10)
        if threading.get_ident() != here:
            raise DeadlineExceeded(1)

    with pytest.raises(DeadlineExceeded):
        run_parallel(expire_elsewhere, [1, 2], 2)


def test_none_is_a_value() -> None:
    assert Outcome(None).unwrap() is None
    with pytest.raises(UsageError):
        Outcome(None, UsageError("x")).unwrap()


def test_at_most_so_many_run_at_once_and_a_single_one_in_the_calling_thread() -> None:
    barrier = threading.Barrier(3)
    threads = run_parallel(lambda _: (barrier.wait(10), threading.get_ident())[1], range(6), 3)
    assert len({outcome.unwrap() for outcome in threads}) == 3
    (alone,) = run_parallel(lambda _: threading.get_ident(), [1], 8)
    assert alone.unwrap() == threading.get_ident()
