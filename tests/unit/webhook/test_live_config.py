"""Settings that follow their ConfigMap, labels of namespaces, and whether everything is there."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.imagepolicy.decision import NoMatch
from cosignpy.webhook import readiness as module
from cosignpy.webhook.app import Draining
from cosignpy.webhook.kinds import CONFIG_MAP, NAMESPACE
from cosignpy.webhook.live_config import LiveConfig
from cosignpy.webhook.live_settings import CONFIG_MAP as NAME
from cosignpy.webhook.live_settings import Enforcement, LiveSettings
from cosignpy.webhook.namespaces import read_enforcement
from cosignpy.webhook.readiness import Background, Readiness
from tests.support.cluster_fakes import FakeCache, build_object


def config_map(namespace: str = "cosign-system", name: str = NAME, data: Any = None) -> Any:
    return build_object(CONFIG_MAP, namespace, name, data=data)


def test_settings_are_those_of_the_map_as_it_is_now() -> None:
    cache = FakeCache(config_map(data={"no-match-policy": "warn"}))
    config, told = LiveConfig(cache, "cosign-system"), list[LiveSettings]()
    config.on_change(told.append)
    assert config.current().no_match_policy is NoMatch.WARN
    cache.put(config_map(data={"enforcement": "warn"}))
    assert config.current() == LiveSettings(enforcement=Enforcement.WARN)
    cache.put(config_map(data={"enforcement": "warn"}))
    cache.put(config_map("other", data={"enforcement": "audit"}))
    cache.put(config_map(name="other", data={"enforcement": "audit"}))
    assert told == [LiveSettings(enforcement=Enforcement.WARN)]
    cache.remove("cosign-system", NAME)
    assert config.current() == LiveSettings()


@pytest.mark.parametrize("data", [None, "text", {"enforcement": 5}])
def test_a_map_without_texts_is_none(data: Any) -> None:
    assert LiveConfig(FakeCache(config_map(data=data)), "cosign-system").current() == LiveSettings()


def test_a_list_of_registries_that_was_never_read_allows_none() -> None:
    bad, good = {"allowed-registries": "registry.example, /shop"}, {"allowed-registries": "registry.example"}
    cache = FakeCache(config_map(data=bad))
    config = LiveConfig(cache, "cosign-system")
    assert config.current().allowed_registries == ("nowhere.invalid",)
    for data in (good, bad):
        cache.put(config_map(data=data))
        assert config.current().allowed_registries == ("registry.example",)


def test_what_is_wrong_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    cache = FakeCache()
    config = LiveConfig(cache, "cosign-system")
    with caplog.at_level(logging.WARNING):
        cache.put(config_map(data={"enforcement": "some"}))
        cache.put(config_map(data={"enforcement": "some", "verdicts": "cosignpy"}))
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("ConfigMap cosign-system/config-policy-controller: enforcement: 'some' is not")
    assert config.current().verdicts == "cosignpy"


@pytest.mark.parametrize(
    ("labels", "enforcement"),
    [
        ({"policy.cosignpy.dev/enforcement": "warn"}, "warn"),
        ({"other": "warn"}, ""),
        (None, ""),
        ("text", ""),
        ({"policy.cosignpy.dev/enforcement": 5}, ""),
    ],
)
def test_the_label_of_a_namespace_says_what_refusals_mean(labels: Any, enforcement: str) -> None:
    cache = FakeCache(build_object(NAMESPACE, "", "shop", metadata={"labels": labels}))
    assert read_enforcement(cache, "shop") == enforcement
    assert read_enforcement(cache, "other") == ""


def readiness(
    cache: FakeCache, holds: Callable[[], bool], draining: Draining | None = None
) -> tuple[Readiness, list[bool]]:
    told = list[bool]()
    return Readiness(draining or Draining(), {"namespaces": cache}, {"policies": holds}, told.append), told


def test_what_is_missing_is_named() -> None:
    cache, there = FakeCache(is_synced=False), [False]
    found, told = readiness(cache, lambda: there[0])
    assert asyncio.run(found.check()) == "it starts"
    found.look()
    assert asyncio.run(found.check()) == "waiting for namespaces, policies"
    cache.is_synced = True
    found.look()
    assert asyncio.run(found.check()) == "waiting for policies"
    there[0] = True
    found.look()
    assert (asyncio.run(found.check()), told) == ("", [False, False, True])


def test_who_is_about_to_end_is_not_ready() -> None:
    found, _ = readiness(FakeCache(), lambda: True, Draining(True))
    found.look()
    assert asyncio.run(found.check()) == "it ends"


def test_it_is_looked_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(module, "CALM_SECONDS", 0.001)
    there = [False]
    found, told = readiness(FakeCache(), lambda: there[0])

    async def watch() -> None:
        task = asyncio.create_task(found.run())
        while len(told) < 3:  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(0.001)
        there[0] = True
        while found.reason:  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(watch())
    assert told[-1]


def test_a_task_that_fails_ends_all() -> None:
    stopped = list[str]()

    async def fail() -> None:
        raise RuntimeError("a mistake")

    async def end() -> None:
        await asyncio.sleep(0)

    async def run(task: Callable[[], Any]) -> BaseException | None:
        background = Background(lambda: stopped.append("stopped"))
        background.start("waits", asyncio.Event().wait())  # type: ignore[arg-type]
        background.start("part", task())
        while background.failure is None:  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(0)
        await background.close()
        return background.failure

    assert str(asyncio.run(run(fail))) == "a mistake"
    assert str(asyncio.run(run(end))) == "part ended"
    assert stopped == ["stopped", "stopped"]


def test_tasks_that_are_ended_have_not_failed() -> None:
    async def run() -> BaseException | None:
        background = Background()
        background.start("waits", asyncio.Event().wait())  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await background.close()
        return background.failure

    assert asyncio.run(run()) is None
