"""The record of the last update."""

from dataclasses import replace
from typing import Any

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json, parse_json
from cosignpy.errors import MalformedError
from cosignpy.services.tuf.record import Record

DAY = 24 * 60 * 60
RECORD = Record("https://tuf.example", "", 1000, 1000 + 8 * DAY, {"a.json": Digest.of(b"a"), "b.json": None})


def test_a_record_survives_its_encoding() -> None:
    assert Record.parse(RECORD.encode()) == RECORD


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"mirror": None},
        {"anchor": None},
        {"asked": -1},
        {"expires": "tomorrow"},
        {"expires": True},
        {"targets": []},
        {"targets": {"a.json": "sha256:00"}},
        {"targets": {"a.json": 1}},
    ],
    ids=str,
)
def test_a_record_changed_in_one_way_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        Record.parse(encode_json(parse_json(RECORD.encode(), what="record") | change))


@pytest.mark.parametrize(("after", "holds"), [(0, True), (8 * DAY - 1, True), (8 * DAY, False)])
def test_it_holds_until_the_second_before_it_expires(after: int, holds: bool) -> None:
    assert RECORD.holds_at(1000 + after) is holds


@pytest.mark.parametrize(
    ("life", "due_after"),
    [(8 * DAY, 7 * DAY), (4 * DAY, 3 * DAY), (400, 300), (0, 0)],
)
def test_it_is_due_in_its_last_day_or_its_last_quarter(life: int, due_after: int) -> None:
    record = replace(RECORD, expires=1000 + life)
    assert [record.is_due(1000 + due_after - 1), record.is_due(1000 + due_after)] == [False, True]
