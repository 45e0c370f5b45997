"""Whether services answer, and as what they are configured as."""

import threading

import pytest

from cosignpy.errors import FileError
from cosignpy.operations.doctor.facts import (
    Asked,
    Document,
    Facts,
    NoReply,
    Obstacle,
    Reply,
    ServiceAddress,
    ServiceRole,
)
from cosignpy.operations.doctor.findings import Finding
from cosignpy.operations.doctor.services import ask_services, check_services
from cosignpy.values import replace
from tests.support.trust_repository import NOW

BODIES = {
    ServiceRole.AUTHORITY: b'{"chains":[]}',
    ServiceRole.LOG_V1: b'{"treeID":"1"}',
    ServiceRole.LOG_V2: "log.example\n1\nAAAA\n\n— log.example AAAA\n".encode(),
    ServiceRole.STAMPER: b"",
    ServiceRole.ISSUER: b'{"issuer":"https://service.example/x"}',
    ServiceRole.MIRROR: b'{"signed":{}}',
}


def address(role: ServiceRole, url: str = "https://service.example/x") -> ServiceAddress:
    return ServiceAddress.of(role, url)


def good(role: ServiceRole) -> Asked:
    status = 405 if role is ServiceRole.STAMPER else 200
    return Asked(address(role), Reply(status, BODIES[role], 0.012))


def check(*asked: Asked, offline: bool = False) -> list[Finding]:
    return list(check_services(Facts(NOW, services=asked, offline=offline)))


def names(*asked: Asked) -> list[str]:
    return [finding.name for finding in check(*asked)]


@pytest.mark.parametrize("role", ServiceRole)
def test_a_service_of_each_kind_that_answers(role: ServiceRole) -> None:
    (found,) = check(good(role))
    assert (found.name, found.text) == ("service-answers", f"{role} https://service.example/x answers in 12 ms")


@pytest.mark.parametrize("role", [role for role in ServiceRole if role is not ServiceRole.STAMPER])
@pytest.mark.parametrize("body", [b"<html>", b"{}", b""])
def test_something_else_that_answers(role: ServiceRole, body: bytes) -> None:
    assert names(Asked(address(role), Reply(200, body, 0.0))) == ["service-unexpected"]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b'{"code":12,"message":"method GetCheckpoint not implemented","details":[]}', "service-answers"),
        (b"<html>", "service-unexpected"),
        (b"{}", "service-unexpected"),
    ],
)
def test_a_log_that_has_its_files_elsewhere(body: bytes, wanted: str) -> None:
    """What rekor-tiles 2.3.0 answers by itself."""
    assert names(Asked(address(ServiceRole.LOG_V2), Reply(501, body, 0.0))) == [wanted]


def test_the_issuer_of_another_name() -> None:
    other = Asked(address(ServiceRole.ISSUER, "https://service.example/y"), good(ServiceRole.ISSUER).result)
    assert names(other) == ["service-unexpected"]


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (404, "service-unexpected"),
        (301, "service-unexpected"),
        (401, "service-denies"),
        (403, "service-denies"),
        (407, "service-denies"),
        (429, "service-fails"),
        (500, "service-fails"),
        (503, "service-fails"),
    ],
)
@pytest.mark.parametrize("role", ServiceRole)
def test_statuses_that_are_no_answers(role: ServiceRole, status: int, wanted: str) -> None:
    assert names(Asked(address(role), Reply(status, BODIES[role], 0.0))) == [wanted]


@pytest.mark.parametrize("obstacle", Obstacle)
def test_each_obstacle_is_a_finding_of_its_own(obstacle: Obstacle) -> None:
    (found,) = check(Asked(address(ServiceRole.AUTHORITY), NoReply(obstacle, "why"), "http://proxy.example:3128"))
    wanted = "certificate authority https://service.example/x, through the proxy http://proxy.example:3128: why"
    assert found.text == wanted
    assert found.remedy


def test_obstacles_are_told_apart() -> None:
    found = names(*(Asked(address(ServiceRole.AUTHORITY), NoReply(obstacle, "")) for obstacle in Obstacle))
    assert len(set(found)) == len(Obstacle)


def test_a_proxy_is_named_where_it_works() -> None:
    (found,) = check(replace(good(ServiceRole.AUTHORITY), proxy="http://proxy.example:3128"))
    assert found.text.endswith("answers in 12 ms, through the proxy http://proxy.example:3128")


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("http://service.example", True),
        ("https://service.example", False),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
        ("http://localhost:8080", False),
        ("http://localhost.service.example", True),
        ("http://10.0.0.1", True),
    ],
)
def test_plain_http_to_another_machine_is_told(url: str, exposed: bool) -> None:
    told = names(Asked(address(ServiceRole.AUTHORITY, url), good(ServiceRole.AUTHORITY).result))
    assert told == ["service-answers", *(["service-without-tls"] if exposed else [])]


def test_plain_http_to_a_log_tells_nobody_a_secret() -> None:
    asked = Asked(address(ServiceRole.LOG_V1, "http://service.example"), good(ServiceRole.LOG_V1).result)
    assert names(asked) == ["service-answers"]


@pytest.mark.parametrize(
    ("role", "root", "wanted"),
    [
        (ServiceRole.MIRROR, Document("cached", b"root"), "mirror-away"),
        (ServiceRole.MIRROR, Document("cached", error=FileError("cached", "why")), "service-refused"),
        (ServiceRole.MIRROR, None, "service-refused"),
        (ServiceRole.LOG_V1, Document("cached", b"root"), "service-refused"),
    ],
)
def test_a_mirror_may_be_away_while_what_is_cached_is_valid(
    role: ServiceRole, root: Document | None, wanted: str
) -> None:
    asked = Asked(address(role), NoReply(Obstacle.REFUSED, "connection refused"))
    (found,) = check_services(Facts(NOW, services=(asked,), trusted_root=root))
    assert (found.name, found.text) == (wanted, f"{role} https://service.example/x: connection refused")


def test_nobody_to_ask() -> None:
    assert [found.name for found in check()] == ["services-none"]
    assert [found.name for found in check(offline=True)] == ["services-not-asked"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@service.example/x?token=secret#secret", "https://service.example/x"),
        ("https://[::1/x?secret", "(not an address)"),
    ],
)
def test_an_address_is_shown_without_secrets(url: str, shown: str) -> None:
    found = address(ServiceRole.AUTHORITY, url)
    assert (found.shown, str(found)) == (shown, f"certificate authority {shown}")
    assert "secret" not in repr(found)


class Recorder:
    """Keeps what it was asked, and answers when all have been."""

    def __init__(self, number: int) -> None:
        self.urls: set[str] = set()
        self._barrier = threading.Barrier(number)

    def ask(self, service: ServiceAddress, url: str) -> Asked:
        self.urls.add(url)
        self._barrier.wait(10)
        return Asked(service, NoReply(Obstacle.OTHER, ""))


def test_all_are_asked_at_once_each_for_what_its_kind_has() -> None:
    services = [address(role, "https://service.example/") for role in ServiceRole]
    recorder = Recorder(len(services))
    assert [asked.service for asked in ask_services(recorder, services)] == services
    assert recorder.urls == {
        "https://service.example/api/v2/trustBundle",
        "https://service.example/api/v1/log",
        "https://service.example/api/v2/checkpoint",
        "https://service.example/",
        "https://service.example/.well-known/openid-configuration",
        "https://service.example/timestamp.json",
    }


def test_nobody_is_asked_where_nobody_is_named() -> None:
    assert ask_services(Recorder(1), []) == ()
