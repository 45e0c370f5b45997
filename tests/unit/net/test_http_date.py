"""Dates in headers: those that are, and whatever else may stand there."""

import pytest

from cosignpy.net.http_date import parse_http_date


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Tue, 14 Nov 2023 22:13:20 -0000",
        "Tue, 14 Nov 2023 23:13:20 +0100",
        "Tuesday, 14-Nov-23 22:13:20 GMT",
    ],
)
def test_dates(text: str) -> None:
    assert parse_http_date(text) == 1_700_000_000.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "Tue, 32 Nov 2023 22:13:20 GMT",
        f"Tue, 14 Nov {'9' * 20} 22:13:20 GMT",
        f"Tue, {'9' * 20} Nov 2023 22:13:20 GMT",
        f"Tue, 14 Nov 2023 {'9' * 20}:13:20 GMT",
        f"Tue, 14 Nov 2023 22:13:20 +{'9' * 20}",
        f"Tue, 14 Nov {'9' * 5000} 22:13:20 GMT",
    ],
)
def test_what_is_none(text: str) -> None:
    assert parse_http_date(text) is None


@pytest.mark.parametrize("zone", ["+2359", "-2359"])
def test_the_first_and_the_last_day_there_is(zone: str) -> None:
    assert parse_http_date(f"Mon, 01 Jan 0001 00:00:00 {zone}") is not None
    assert parse_http_date(f"Fri, 31 Dec 9999 23:59:59 {zone}") is not None
