"""How long what a cloud issued is used."""

import threading

import pytest

from cosignpy.errors import RemoteError
from cosignpy.net.clock import Clock
from cosignpy.registry.cloud.issued import MARGIN, RETRY_AFTER, Issued, IssuedCredentials
from cosignpy.registry.credentials import BasicCredential
from tests.support.answers import ManualTime


class Cloud:
    """Issues credentials that live for a while, numbered."""

    def __init__(self, time: ManualTime, lifetime: float) -> None:
        self.time = time
        self.lifetime = lifetime
        self.asked = 0
        self.known = True

    def __call__(self) -> Issued | None:
        self.asked += 1
        if not self.known:
            return None
        return Issued(BasicCredential("user", str(self.asked)), self.time.now + self.lifetime)


def made(lifetime: float) -> tuple[IssuedCredentials, Cloud, ManualTime]:
    time = ManualTime()
    clock = Clock(lambda: time.now, lambda: time.now, time.sleep, lambda: 0.0)
    return IssuedCredentials(clock), Cloud(time, lifetime), time


@pytest.mark.parametrize(
    ("lifetime", "used"), [(43_200.0, 43_200.0 - MARGIN), (3600.0, 3600.0 - MARGIN), (600.0, 540.0), (10.0, 9.0)]
)
def test_a_credential_is_used_until_shortly_before_its_end(lifetime: float, used: float) -> None:
    issued, cloud, time = made(lifetime)
    start = time.now
    assert issued.get(("a",), cloud) == BasicCredential("user", "1")
    time.now = start + used - 0.5
    assert issued.get(("a",), cloud) == BasicCredential("user", "1")
    time.now = start + used
    assert issued.get(("a",), cloud) == BasicCredential("user", "2")


def test_what_ended_before_it_came_is_used_once() -> None:
    issued, cloud, _ = made(-5.0)
    assert issued.get(("a",), cloud) == BasicCredential("user", "1")
    assert issued.get(("a",), cloud) == BasicCredential("user", "2")


def test_each_key_has_its_own() -> None:
    issued, cloud, _ = made(3600.0)
    assert issued.get(("a",), cloud) != issued.get(("b",), cloud)
    assert cloud.asked == 2


def test_a_cloud_that_has_nothing_is_asked_again_after_a_while() -> None:
    issued, cloud, time = made(3600.0)
    cloud.known = False
    assert issued.get(("a",), cloud) is issued.get(("a",), cloud) is None
    assert cloud.asked == 1
    cloud.known = True
    time.now += RETRY_AFTER
    assert issued.get(("a",), cloud) == BasicCredential("user", "2")


def test_a_failure_is_not_remembered() -> None:
    issued, cloud, _ = made(3600.0)

    def fail() -> Issued | None:
        raise RemoteError("cloud", "here", 500, "no")

    with pytest.raises(RemoteError):
        issued.get(("a",), fail)
    assert issued.get(("a",), cloud) == BasicCredential("user", "1")


def test_threads_wait_for_one_answer() -> None:
    issued, cloud, _ = made(3600.0)
    entered, go_on = threading.Event(), threading.Event()

    def slowly() -> Issued | None:
        entered.set()
        go_on.wait(5)
        return cloud()

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(issued.get(("a",), slowly))) for _ in range(4)]
    for thread in threads:
        thread.start()
    entered.wait(5)
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert found == [BasicCredential("user", "1")] * 4


def test_no_secret_is_shown() -> None:
    issued, cloud, _ = made(3600.0)
    issued.get(("a",), cloud)
    assert "'1'" not in f"{issued!r} {Issued(BasicCredential('user', 'x'), 1.0)!r}"
