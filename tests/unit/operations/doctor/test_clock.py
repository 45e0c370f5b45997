"""Whose clock is wrong, and by how much."""

import pytest

from cosignpy.operations.doctor.clock import BEHIND, LIFETIME, TOLERANCE, check_clock
from cosignpy.operations.doctor.facts import Asked, Facts, NoReply, Obstacle, Reply, ServiceAddress, ServiceRole
from cosignpy.operations.doctor.findings import Finding, tell_duration
from tests.support.trust_repository import NOW

HOUR = 3600.0


def asked(ahead: float | None, host: str = "ca.example") -> Asked:
    return Asked(ServiceAddress.of(ServiceRole.AUTHORITY, f"https://{host}"), Reply(200, b"", 0.0, ahead))


def check(*services: Asked) -> list[Finding]:
    return list(check_clock(Facts(NOW, services=services)))


def names(*ahead: float | None) -> list[str]:
    return [finding.name for finding in check(*map(asked, ahead))]


@pytest.mark.parametrize(
    ("ahead", "wanted"),
    [
        (0.0, "clock-agrees"),
        (TOLERANCE - 0.1, "clock-agrees"),
        (0.1 - TOLERANCE, "clock-agrees"),
        (TOLERANCE, "clock-off"),
        (-TOLERANCE, "clock-off"),
        (0.1 - BEHIND, "clock-off"),
        (-BEHIND, "clock-wrong"),
        (LIFETIME - 0.1, "clock-off"),
        (LIFETIME, "clock-wrong"),
    ],
)
def test_where_only_one_says_the_time_it_is_ours_that_differs(ahead: float, wanted: str) -> None:
    assert names(ahead) == [wanted]


def test_it_is_said_by_how_much_and_from_which() -> None:
    (ahead,) = check(asked(HOUR))
    assert ahead.text == (
        "the clock of this machine is 60 minutes ahead of that of the certificate authority https://ca.example"
    )
    (behind,) = check(asked(-45.0))
    assert "45 seconds behind that of" in behind.text


def test_of_several_the_most_count() -> None:
    assert names(HOUR, HOUR, 0.0) == ["clock-wrong"]
    assert names(HOUR, 0.0, 0.0) == ["clock-agrees", "service-clock-wrong"]
    assert names(HOUR, 0.0) == ["clock-agrees", "service-clock-wrong"]
    assert names(40.0, 0.0) == ["clock-agrees", "service-clock-off"]


def test_the_service_that_is_off_is_named() -> None:
    _, found = check(asked(0.0), asked(-HOUR, "log.example"), asked(1.0, "tsa.example"))
    assert found.text == (
        "the clock of the certificate authority https://log.example is 60 minutes ahead of this machine's"
    )


def test_of_those_that_differ_the_middle_one_is_told() -> None:
    (found,) = check(asked(HOUR), asked(HOUR + 2, "log.example"), asked(3 * HOUR, "tsa.example"))
    assert "60 minutes ahead of that of the certificate authority https://log.example" in found.text
    assert found.text.endswith("and 2 more of 3 say so")


def test_nobody_says_the_time() -> None:
    away = Asked(ServiceAddress.of(ServiceRole.AUTHORITY, "https://ca.example"), NoReply(Obstacle.REFUSED, ""))
    assert [finding.name for finding in check(away, asked(None))] == ["clock-unknown"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(45, "45 seconds"), (119, "119 seconds"), (120, "2 minutes"), (7200, "2 hours"), (172_800, "2 days")],
)
def test_durations_are_told_in_the_largest_unit_of_which_there_are_several(seconds: float, told: str) -> None:
    assert tell_duration(seconds) == told
