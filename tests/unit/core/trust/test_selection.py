"""Which services are asked: what protobuf-specs says of operators, versions, times and selectors."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from cosignpy.core.trust.selection import (
    CERTIFICATE_AUTHORITY,
    LOG,
    NoSuitableService,
    select_service,
    select_services,
    suitable_services,
)
from cosignpy.core.trust.signing_config import Selection, Selector, Service, parse_signing_config
from cosignpy.core.trust.validity import Validity
from cosignpy.values import replace
from tests.support import vectors

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANY, ALL = Selection(Selector.ANY), Selection(Selector.ALL)


def year(first: int | None, last: int | None = None) -> Validity:
    return Validity(*(None if each is None else datetime(each, 1, 1, tzinfo=UTC) for each in (first, last)))


SINCE_2025 = year(2025)


def service(name: str, version: int = 1, validity: Validity = SINCE_2025, operator: str = "") -> Service:
    return Service(name, version, validity, operator or name)


def asked(services: Sequence[Service], selection: Selection = ALL) -> list[str]:
    return [each.url for each in select_services(services, selection, LOG, NOW)]


OLD, NEW = service("old", validity=year(2024), operator="one"), service("new", validity=year(2026), operator="one")
OTHER = service("other", validity=year(2025))


def test_of_each_operator_the_newest_is_asked_and_the_newest_first() -> None:
    assert asked([OLD, OTHER, NEW]) == ["new", "other"]


def test_the_highest_version_that_is_spoken_wins_over_all_others() -> None:
    second = service("second", 2, year(2020), "one")
    assert asked([NEW, OTHER, second]) == ["second"]
    assert asked([NEW, OTHER, replace(second, major_api_version=3)]) == ["new", "other"]
    old = replace(LOG, versions=(1,))
    assert select_service([NEW, second], old, NOW) == NEW


@pytest.mark.parametrize(
    ("validity", "suitable"),
    [
        (year(2025), True),
        (year(2025, 2027), True),
        (Validity(NOW), True),
        (Validity(None, NOW), True),
        (Validity(None), True),
        (year(2027), False),
        (year(2024, 2026), False),
        (year(None, 2026), False),
    ],
)
def test_only_what_may_be_asked_at_the_moment_is_asked(validity: Validity, suitable: bool) -> None:
    only = service("only", validity=validity)
    if suitable:
        assert select_service([only], CERTIFICATE_AUTHORITY, NOW) == only
    else:
        with pytest.raises(NoSuitableService):
            select_service([only], CERTIFICATE_AUTHORITY, NOW)


def test_a_service_without_a_start_is_the_oldest() -> None:
    unknown = service("unknown", validity=year(None), operator="one")
    assert [each.url for each in suitable_services([unknown, OLD], LOG, NOW)] == ["old"]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (ALL, ["new", "other"]),
        (ANY, ["new"]),
        (Selection(Selector.EXACT, 1), ["new"]),
        (Selection(Selector.EXACT, 2), ["new", "other"]),
    ],
)
def test_the_selector_says_how_many(selection: Selection, found: list[str]) -> None:
    assert asked([OLD, NEW, OTHER], selection) == found


@pytest.mark.parametrize(
    "selection",
    [Selection(Selector.EXACT, 3), Selection(Selector.EXACT), Selection(), Selection(Selector.UNDEFINED, 1)],
)
def test_too_few_operators_or_no_rule_is_an_error(selection: Selection) -> None:
    """Two services of one operator are one."""
    with pytest.raises(NoSuitableService):
        asked([OLD, NEW, OTHER], selection)


@pytest.mark.parametrize("services", [[], [service("third", 3)]])
@pytest.mark.parametrize("selection", [ALL, ANY, Selection(Selector.EXACT, 1)])
def test_nobody_to_ask_is_an_error(services: list[Service], selection: Selection) -> None:
    with pytest.raises(NoSuitableService) as raised:
        asked(services, selection)
    assert str(raised.value) == (
        "the signing config has no transparency log of version 1 or 2 for 2026-06-01T00:00:00+00:00"
    )


def test_who_draws_decides_among_enough() -> None:
    drawn = select_services([OLD, NEW, OTHER], ANY, LOG, NOW, lambda services, count: services[-count:])
    assert list(drawn) == [OTHER]


@vectors.NEEDED
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("signingconfig.v2.json", ["https://rekor-v2.example.com"]),
        ("signingconfig-only-v1-rekor.v2.json", ["https://rekor.example.com"]),
    ],
)
def test_pythons_examples(name: str, found: list[str]) -> None:
    config = parse_signing_config(vectors.path(f"sigstore-python/signing_config/{name}").read_bytes())
    assert asked(config.logs, config.log_selection) == found
    assert select_service(config.certificate_authorities, CERTIFICATE_AUTHORITY, NOW).url == (
        "https://fulcio.example.com"
    )
