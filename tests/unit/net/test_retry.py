from email.utils import formatdate

import pytest

from cosignpy.errors import Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.message import Headers, OneShotBody, Request
from cosignpy.net.retry import Attempts, RetryPolicy, parse_retry_after
from cosignpy.net.url import Url
from tests.support.answers import ManualTime

URL = Url.parse("https://registry.example/")
POLICY = RetryPolicy(attempts=4, first_wait=1.0, longest_wait=3.0, total=100.0, longest_demand=20.0)


def clock(time: ManualTime, chance: float = 1.0) -> Clock:
    return Clock(lambda: time.now, lambda: time.now, time.sleep, lambda: chance)


def failure(*, retryable: bool = True) -> Unreachable:
    return Unreachable("registry.example", str(URL), None, "reset", retryable=retryable)


def attempts(policy: RetryPolicy = POLICY, method: str = "GET", chance: float = 1.0) -> tuple[Attempts, ManualTime]:
    time = ManualTime()
    return Attempts(policy, clock(time, chance), Request(method, URL)), time


def test_waits_double_up_to_a_bound_and_then_end() -> None:
    tries, time = attempts()
    for _ in range(3):
        tries.wait_after_failure(failure(), arrived=True)
    with pytest.raises(Unreachable):
        tries.wait_after_failure(failure(), arrived=True)
    assert time.slept == [1.0, 2.0, 3.0]


def test_waits_are_spread_over_their_whole_range() -> None:
    tries, time = attempts(chance=0.0)
    tries.wait_after_failure(failure(), arrived=True)
    assert time.slept == [0.0]


def test_no_attempt_starts_after_the_total() -> None:
    tries, time = attempts(RetryPolicy(attempts=9, total=2.0))
    time.now += 2.0
    with pytest.raises(Unreachable):
        tries.wait_after_failure(failure(), arrived=True)
    assert time.slept == []


def test_what_does_not_pass_by_itself_is_not_waited_for() -> None:
    tries, time = attempts()
    with pytest.raises(Unreachable):
        tries.wait_after_failure(failure(retryable=False), arrived=False)
    assert time.slept == []


@pytest.mark.parametrize(("arrived", "again"), [(True, False), (False, True)])
def test_a_post_is_repeated_only_when_it_never_arrived(arrived: bool, again: bool) -> None:
    tries, time = attempts(method="POST")
    if again:
        tries.wait_after_failure(failure(), arrived=arrived)
    else:
        with pytest.raises(Unreachable):
            tries.wait_after_failure(failure(), arrived=arrived)
    assert len(time.slept) == again


@pytest.mark.parametrize(
    ("status", "method", "headers", "pause"),
    [
        (200, "GET", [], None), (404, "GET", [], None), (401, "GET", [], None), (501, "GET", [], None),
        (500, "GET", [], 1.0), (503, "PUT", [], 1.0), (503, "POST", [], None),
        (500, "POST", [("Retry-After", "2")], None),
        (503, "POST", [("Retry-After", "2")], 2.0), (429, "POST", [], 1.0), (429, "PATCH", [("Retry-After", "0")], 1.0),
        (429, "GET", [("Retry-After", "20")], 20.0), (429, "GET", [("Retry-After", "21")], None),
        (429, "GET", [("Retry-After", "soon")], 1.0), (503, "GET", [("Retry-After", "-1")], 1.0),
    ],
)  # fmt: skip
def test_which_answers_are_asked_for_again(
    status: int, method: str, headers: list[tuple[str, str]], pause: float | None
) -> None:
    tries, _ = attempts(method=method)
    assert tries.pause_after(status, Headers(headers)) == pause


@pytest.mark.parametrize(("left", "pause"), [(5.0, 5.0), (4.9, None), (0.5, None)])
def test_nothing_is_waited_for_beyond_the_deadline(left: float, pause: float | None) -> None:
    time = ManualTime()
    tries = Attempts(POLICY, clock(time), Request("GET", URL, deadline=time.now + left))
    assert tries.pause_after(429, Headers([("Retry-After", "5")])) == pause


def test_a_body_that_exists_once_is_never_sent_again() -> None:
    tries = Attempts(POLICY, clock(ManualTime()), Request("PUT", URL, body=OneShotBody(1, [b"x"])))
    assert tries.pause_after(429, Headers()) is None


@pytest.mark.parametrize(("seconds", "wanted"), [(30, 30.0), (-30, 0.0)])
def test_a_date_is_a_demand_relative_to_the_calendar(seconds: int, wanted: float) -> None:
    time = ManualTime(now=1_700_000_000.0)
    headers = Headers([("Retry-After", formatdate(time.now + seconds, usegmt=True))])
    assert parse_retry_after(headers, clock(time)) == wanted


def test_no_demand_is_none() -> None:
    assert parse_retry_after(Headers(), clock(ManualTime())) is None


def test_a_date_of_more_digits_than_dates_have_is_no_demand() -> None:
    headers = Headers([("Retry-After", f"Tue, 14 Nov {'9' * 20} 22:13:20 GMT")])
    assert parse_retry_after(headers, clock(ManualTime())) is None
