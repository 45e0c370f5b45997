"""Spans of time: both ends are in, and times are read as RFC 3339 and protobuf JSON have them."""

from datetime import UTC, datetime, timedelta

import pytest

from cosignpy.core.encoding import JsonObject
from cosignpy.core.trust.validity import Validity, encode_time, encode_validity, parse_time, parse_validity
from cosignpy.errors import MalformedError

START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2025, 1, 2, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("validity", "moment", "covered"),
    [
        (Validity(START, END), START, True),
        (Validity(START, END), END, True),
        (Validity(START, END), START - TICK, False),
        (Validity(START, END), END + TICK, False),
        (Validity(START), datetime.max.replace(tzinfo=UTC), True),
        (Validity(None), START, False),
        (Validity(None, END), START, False),
    ],
)
def test_both_ends_are_in_and_nothing_is_without_a_start(validity: Validity, moment: datetime, covered: bool) -> None:
    assert validity.covers(moment) is covered


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-31T12:00:00Z", datetime(2025, 1, 31, 12, tzinfo=UTC)),
        ("2025-01-31T12:00:00.5Z", datetime(2025, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2025-01-31T12:00:00.123456789Z", datetime(2025, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2025-01-31T12:00:00+02:00", datetime(2025, 1, 31, 10, tzinfo=UTC)),
        ("2025-01-31T12:00:00-02:30", datetime(2025, 1, 31, 14, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read(text: str, moment: datetime) -> None:
    assert parse_time(text, what="test") == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-01-31",
        "2025-01-31T12:00:00",
        "2025-01-31 12:00:00Z",
        "2025-01-31T12:00Z",
        "2025-01-31T12:00:00z",
        "2025-01-31T12:00:00.Z",
        "2025-01-31T12:00:00.1234567890Z",
        "2025-02-30T12:00:00Z",
        "2025-01-31T12:00:60Z",
        "2025-01-31T12:00:00+25:00",
        "0001-01-01T00:00:00+01:00",
        "\uff12025-01-31T12:00:00Z",
        "2025-01-31T12:00:00Z\n",
    ],
)
def test_other_spellings_and_times_that_never_were_are_refused(text: str) -> None:
    with pytest.raises(MalformedError) as raised:
        parse_time(text, what="test")
    assert raised.value.what == "test"


@pytest.mark.parametrize(
    ("micro", "written"), [(0, "00Z"), (500_000, "00.500Z"), (1, "00.000001Z"), (999_000, "00.999Z")]
)
def test_a_fraction_is_written_in_groups_of_three(micro: int, written: str) -> None:
    assert encode_time(START.replace(microsecond=micro)) == f"2025-01-01T00:00:{written}"


def test_a_span_is_read_and_written() -> None:
    found = {"start": "2025-01-01T00:00:00Z", "end": "2025-01-02T00:00:00Z"}
    validity = parse_validity(JsonObject(found, "test"))
    assert validity == Validity(START, END)
    assert encode_validity(validity) == found
    assert encode_validity(parse_validity(None)) == {}


@pytest.mark.parametrize("found", [{"begin": "2025-01-01T00:00:00Z"}, {"start": 1}, {"end": "tomorrow"}])
def test_a_broken_span_is_refused(found: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        parse_validity(JsonObject(found, "test"))
