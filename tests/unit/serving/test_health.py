import asyncio

import pytest

from cosignpy.serving import health
from cosignpy.serving.health import Alive, Ready
from tests.support.asgi_calls import ask


async def able() -> str:
    return ""


async def full() -> str:
    return "the disk is full"


async def stuck() -> str:
    await asyncio.Event().wait()
    return ""


def test_a_process_that_answers_is_alive() -> None:
    assert (ask(Alive()).status, ask(Alive()).json) == (200, {"status": "SERVING"})
    assert ask(Alive(b".")).body == b"."


def test_a_server_is_ready_when_its_check_has_nothing_against_it() -> None:
    found = ask(Ready(able))
    assert (found.status, found.json, found.headers[b"cache-control"]) == (200, {"status": "READY"}, b"no-store")


def test_a_server_that_cannot_work_says_why() -> None:
    found = ask(Ready(full))
    assert (found.status, found.json["detail"]) == (503, "not ready: the disk is full")


def test_a_check_that_does_not_answer_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.01)
    assert ask(Ready(stuck)).status == 503
