"""What service flags take: pairs of a key and a text, all that are needed and none that is not known."""

import pytest

from cosignpy.cli.service_specs import ServiceSpec, parse_time_flag
from cosignpy.core.trust.validity import Validity, parse_time
from cosignpy.errors import UsageError

REQUIRED, OPTIONAL = ("url", "public-key"), ("start-time", "end-time", "origin")


def parse(text: str) -> ServiceSpec:
    return ServiceSpec.parse("--log", text, REQUIRED, OPTIONAL)


def test_pairs_are_read_and_what_is_not_given_is_empty() -> None:
    found = parse("url=https://log.example/?a=b, public-key=log.pub,start-time=2025-01-01T00:00:00Z")
    assert (found["url"], found["public-key"], found["origin"]) == ("https://log.example/?a=b", "log.pub", "")
    assert found.validity == Validity(parse_time("2025-01-01T00:00:00Z", what="test"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "url=https://log.example",
        "url=,public-key=log.pub",
        "url=https://log.example,public-key=log.pub,",
        "url=https://log.example,public-key=log.pub,operator=me",
        "url=https://log.example,public-key=log.pub,url=https://other.example",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert raised.value.hint == "it takes url=...,public-key=...; and, if wanted, start-time, end-time, origin"


@pytest.mark.parametrize(
    "times", ["start-time=yesterday", "start-time=2025-01-02T00:00:00Z,end-time=2025-01-01T00:00:00Z"]
)
def test_times_that_are_none_or_the_wrong_way_round_are_refused(times: str) -> None:
    spec = parse(f"url=https://log.example,public-key=log.pub,{times}")
    with pytest.raises(UsageError):
        _ = spec.validity


def test_a_time_that_was_typed_wrong_is_the_persons_mistake() -> None:
    with pytest.raises(UsageError):
        parse_time_flag("--at", "now")
