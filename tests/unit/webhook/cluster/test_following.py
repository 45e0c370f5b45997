"""Objects that are followed: nothing is missed whatever happens to a watch, and nobody is kept from the event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import httpx2
import pytest

from cosignpy.webhook.cluster import conversation
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.backoff import LONGEST_SECONDS
from cosignpy.webhook.cluster.conversation import SILENCE_SECONDS
from cosignpy.webhook.cluster.following import PAGE, SLICE_SECONDS
from cosignpy.webhook.cluster.objects import FollowedObjects
from cosignpy.webhook.kinds import CONFIG_MAP, NAMESPACE, POD, SERVICE_ACCOUNT
from cosignpy.webhook.ports import ResourceType
from tests.support.scripted_api import Reply, ScriptedApi
from tests.support.virtual_time import run

OPEN: Final = 1e9
"""Seconds: a watch on which nothing more comes."""


def item(name: str, version: int, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"metadata": metadata, **more}


def page(version: int, *items: dict[str, Any], proceed: str = "") -> Reply:
    return Reply.of({"metadata": {"resourceVersion": str(version), "continue": proceed}, "items": items})


def event(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "object": found}


def bookmark(version: int) -> dict[str, Any]:
    return event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": str(version)}})


def expired() -> dict[str, Any]:
    return event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})


def follow(
    api: ScriptedApi,
    check: Callable[[KubernetesApi, FollowedObjects, list[tuple[str, str]]], Coroutine[Any, Any, None]],
    **selection: Any,
) -> None:
    """Follow pods of a namespace, and close when the check is done."""

    async def main() -> None:
        cluster = KubernetesApi(api.connection)
        objects = cluster.watch(POD, "shop", **selection)
        told: list[tuple[str, str]] = []
        objects.on_change(lambda namespace, name: told.append((namespace, name)))
        try:
            await check(cluster, objects, told)
        finally:
            await cluster.close()

    run(main())


def names(objects: FollowedObjects) -> list[str]:
    return [found["metadata"]["name"] for found in objects.list()]


def watches(api: ScriptedApi) -> list[str]:
    """From which version each watch went on."""
    return [r.url.params["resourceVersion"] for r in api.requests if "watch" in r.url.params]


def lists(api: ScriptedApi) -> list[dict[str, str]]:
    return [dict(r.url.params) for r in api.requests if "watch" not in r.url.params]


def test_all_objects_are_seen_and_then_every_change() -> None:
    api = ScriptedApi(
        page(10, item("a", 3), item("b", 4)),
        Reply.events(
            event("ADDED", item("c", 11)),
            event("MODIFIED", item("a", 12, spec={"x": 1})),
            event("DELETED", item("b", 13)),
            OPEN,
        ),
    )

    async def check(_: KubernetesApi, objects: FollowedObjects, told: list[tuple[str, str]]) -> None:
        assert not objects.is_synced
        await objects.wait_synced()
        await asyncio.sleep(1)
        assert names(objects) == ["a", "c"]
        assert objects.get("shop", "a") == {"apiVersion": "v1", "kind": "Pod", **item("a", 12, spec={"x": 1})}
        assert objects.get("shop", "b") is None
        assert told == [("shop", name) for name in ("a", "b", "c", "a", "b")]

    follow(api, check)
    assert api.asked == ["GET /api/v1/namespaces/shop/pods"] * 2
    params = dict(api.requests[1].url.params)
    assert 300 <= int(params.pop("timeoutSeconds")) <= 600
    assert params == {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": "10"}


def test_a_list_comes_in_pages() -> None:
    api = ScriptedApi(page(10, item("b", 3), proceed="more"), page(10, item("a", 4)), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await objects.wait_synced()
        assert names(objects) == ["a", "b"]

    follow(api, check)
    assert lists(api) == [{"limit": str(PAGE)}, {"limit": str(PAGE), "continue": "more"}]


def test_a_page_that_is_too_large_is_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_ANSWER", 300)
    large = Reply(200, (b"x" * 301,))
    api = ScriptedApi(large, large, page(10, item("a", 3)), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await objects.wait_synced()

    follow(api, check)
    assert [params["limit"] for params in lists(api)] == ["250", "31", "3"]


def test_an_object_that_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_ANSWER", 300)
    api = ScriptedApi(Reply(200, (b"x" * 301,)))

    async def check(cluster: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await asyncio.sleep(1)
        assert not objects.is_synced
        (problem,) = cluster.problems()
        assert problem.startswith("cannot list pods in shop at https://cluster.example:6443: more than 300 octets")

    follow(api, check)


def test_a_selection_is_passed_on() -> None:
    api = ScriptedApi(page(10), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await objects.wait_synced()
        await asyncio.sleep(1)

    follow(api, check, labels="app=shop", fields="metadata.name=a")
    for request in api.requests:
        assert request.url.params["labelSelector"] == "app=shop"
        assert request.url.params["fieldSelector"] == "metadata.name=a"


def test_who_asks_for_the_same_gets_the_same() -> None:
    async def check(cluster: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        assert cluster.watch(POD, "shop") is objects
        assert cluster.watch(POD, "shop", labels="a=b") is not objects
        assert cluster.watch(CONFIG_MAP, "shop") is not objects

    follow(ScriptedApi(page(10), Reply.events(OPEN)), check)


def test_only_what_is_of_use_is_kept() -> None:
    found = item("a", 3)
    found["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    api = ScriptedApi(page(10, found), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await objects.wait_synced()
        assert objects.list() == ({"apiVersion": "v1", "kind": "Pod", **item("a", 3)},)

    follow(api, check)


@pytest.mark.parametrize("kind", [NAMESPACE, SERVICE_ACCOUNT])
def test_of_what_tenants_fill_only_what_is_read_is_kept(kind: ResourceType) -> None:
    found = item("a", 3, imagePullSecrets=[{"name": "pull"}], secrets=[{"name": "other"}], spec={"finalizers": ["a"]})
    found["metadata"] |= {"labels": {"a": "b"}, "annotations": {"large": "x" * 1000}}
    kept = item("a", 3, imagePullSecrets=[{"name": "pull"}])
    kept["metadata"]["labels"] = {"a": "b"}

    async def main() -> None:
        cluster = KubernetesApi(ScriptedApi(page(10, found), Reply.events(OPEN)).connection)
        objects = cluster.watch(kind)
        await objects.wait_synced()
        assert objects.list() == ({"apiVersion": "v1", "kind": kind.kind, **kept},)
        await cluster.close()

    run(main())


def test_a_caller_says_what_is_of_use() -> None:
    api = ScriptedApi(page(10, item("a", 3, status={"phase": "Running"})), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await objects.wait_synced()
        assert objects.list() == ({"metadata": item("a", 3)["metadata"]},)

    follow(api, check, keep=lambda found: {"metadata": found["metadata"]})


@pytest.mark.parametrize(
    "end", [(), (httpx2.ReadError(""),), (httpx2.RemoteProtocolError("peer closed connection"),), (SILENCE_SECONDS,)]
)
def test_a_watch_goes_on_where_the_last_one_ended(end: tuple[Any, ...]) -> None:
    """Whether the server ended it, the connection broke, or nothing came for long; objects are not listed again."""
    api = ScriptedApi(
        page(10, item("a", 3)),
        Reply.events(event("MODIFIED", item("a", 11)), bookmark(25), *end),
        Reply.events(event("ADDED", item("b", 26)), OPEN),
    )

    async def check(_: KubernetesApi, objects: FollowedObjects, told: list[tuple[str, str]]) -> None:
        await objects.wait_synced()
        await asyncio.sleep(SILENCE_SECONDS + 1)
        assert names(objects) == ["a", "b"]
        assert told == [("shop", "a"), ("shop", "a"), ("shop", "b")]

    follow(api, check)
    assert watches(api)[:2] == ["10", "25"]
    assert len(lists(api)) == 1


@pytest.mark.parametrize(
    "gone",
    [
        Reply.events(expired()),
        Reply.of({"kind": "Status", "code": 410, "message": "too old resource version: 10"}, 410),
        Reply.of({"kind": "Status", "code": 504, "message": "Too large resource version: 10, current: 7"}, 504),
    ],
)
def test_what_was_missed_is_found_by_listing_again(gone: Reply) -> None:
    """The server forgot (410), or it was restored from a backup: handlers hear of deletions, and of nothing else."""
    api = ScriptedApi(
        page(10, item("a", 3), item("b", 4), item("c", 5)),
        gone,
        page(50, item("a", 3), item("c", 40), item("d", 41)),
        Reply.events(OPEN),
    )

    async def check(cluster: KubernetesApi, objects: FollowedObjects, told: list[tuple[str, str]]) -> None:
        await objects.wait_synced()
        told.clear()
        await asyncio.sleep(5)
        assert names(objects) == ["a", "c", "d"]
        assert sorted(told) == [("shop", "b"), ("shop", "c"), ("shop", "d")]
        assert cluster.problems() == ()

    follow(api, check)
    assert watches(api) == ["10", "50"]


def test_a_page_that_expired_begins_the_list_anew() -> None:
    api = ScriptedApi(
        page(10, item("a", 3), proceed="old"),
        Reply.of({"kind": "Status", "code": 410, "message": "The provided continue parameter is too old"}, 410),
        page(20, item("b", 4)),
        Reply.events(OPEN),
    )

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await objects.wait_synced()
        assert names(objects) == ["b"]

    follow(api, check)


def test_an_object_that_was_replaced_by_one_of_the_same_name_is_a_change() -> None:
    fresh = item("a", 3)
    fresh["metadata"]["uid"] = "another"
    api = ScriptedApi(page(10, item("a", 3)), Reply.events(expired()), page(20, fresh), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, told: list[tuple[str, str]]) -> None:
        await asyncio.sleep(5)
        assert told == [("shop", "a"), ("shop", "a")]
        assert objects.get("shop", "a") == {"apiVersion": "v1", "kind": "Pod", **fresh}

    follow(api, check)


def test_what_was_seen_stays_while_the_server_is_away() -> None:
    away = httpx2.ConnectError("All connection attempts failed")
    api = ScriptedApi(page(10, item("a", 3)), Reply.events(OPEN))

    async def check(cluster: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await objects.wait_synced()
        api.script[:] = [Reply.events(1.0, httpx2.ReadError("")), away]
        await asyncio.sleep(SILENCE_SECONDS + 60)
        (problem,) = cluster.problems()
        assert problem == "cannot watch pods in shop at https://cluster.example:6443: All connection attempts failed"
        assert (names(objects), objects.is_synced) == (["a"], True)
        api.script[:] = [Reply.events(event("ADDED", item("b", 11)), OPEN)]
        await asyncio.sleep(10)
        assert (names(objects), cluster.problems()) == (["a", "b"], ())

    follow(api, check)


def test_a_server_that_is_away_is_asked_less_and_less_often() -> None:
    api = ScriptedApi(httpx2.ConnectError("refused"))

    async def check(_: KubernetesApi, __: FollowedObjects, ___: object) -> None:
        await asyncio.sleep(120)

    follow(api, check)
    pauses = [later - earlier for earlier, later in zip(api.times, api.times[1:], strict=False)]
    assert 0.1 <= pauses[0] <= 0.2
    assert all(LONGEST_SECONDS / 2 <= pause <= LONGEST_SECONDS + 0.1 for pause in pauses[6:])
    assert len(set(pauses)) == len(pauses)


def test_a_watch_that_ends_at_once_again_and_again_is_no_busy_loop() -> None:
    api = ScriptedApi(page(10), Reply.events())

    async def check(cluster: KubernetesApi, __: FollowedObjects, ___: object) -> None:
        await asyncio.sleep(60)
        assert cluster.problems()[0].endswith("the watch ended at once")

    follow(api, check)
    assert len(api.requests) < 60 / (LONGEST_SECONDS / 2) + 10


@pytest.mark.parametrize(
    "line",
    [
        b"{\n",
        b"no JSON\n",
        b'{"type": "ADDED"}\n',
        b'{"type": "ADDED", "object": {"metadata": {}}}\n',
        b'{"type": "ADDED", "object": []}\n',
        b"\xff\xfe\n",
        b'{"type": "ERROR", "object": {"code": "x"}}\n',
    ],
)
def test_what_cannot_be_read_is_listed_again(line: bytes) -> None:
    api = ScriptedApi(page(10, item("a", 3)), Reply.events(line), page(20, item("b", 4)), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await asyncio.sleep(5)
        assert names(objects) == ["b"]

    follow(api, check)


def test_an_error_in_a_watch_is_told_and_the_watch_goes_on() -> None:
    failure = event("ERROR", {"kind": "Status", "code": 500, "message": "unable to decode an event"})
    api = ScriptedApi(page(10), Reply.events(failure), Reply.events(event("ADDED", item("a", 11)), OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await asyncio.sleep(5)
        assert names(objects) == ["a"]

    follow(api, check)
    assert watches(api) == ["10", "10"]


def test_a_right_that_is_missing_is_told() -> None:
    message = 'pods is forbidden: User "u" cannot list resource "pods" in API group ""'
    api = ScriptedApi(Reply.of({"kind": "Status", "code": 403, "message": message}, 403))

    async def check(cluster: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await asyncio.sleep(1)
        assert cluster.problems() == (f"cannot list pods in shop at https://cluster.example:6443: {message} (403)",)
        assert not objects.is_synced

    follow(api, check)


def test_characters_that_python_takes_for_ends_of_lines_are_none() -> None:
    found = item("a", 11, data={"text": "one\x85two\u2028three\u2029\x1c\x0b"})
    raw = Reply.events(event("ADDED", found)).pieces[0]
    assert isinstance(raw, bytes)
    unescaped = raw.decode().encode().replace(b"\\u0085", "\x85".encode()).replace(b"\\u2028", "\u2028".encode())
    api = ScriptedApi(page(10), Reply(200, (unescaped, OPEN)))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await asyncio.sleep(1)
        assert objects.get("shop", "a") == {"apiVersion": "v1", "kind": "Pod", **found}

    follow(api, check)


def test_blank_lines_and_deletions_of_what_was_never_seen_are_nothing() -> None:
    deletion = Reply.events(event("DELETED", item("b", 12))).pieces[0]
    api = ScriptedApi(page(10, item("a", 3)), Reply(200, (b"\n  \n", deletion, OPEN)))

    async def check(_: KubernetesApi, objects: FollowedObjects, told: list[tuple[str, str]]) -> None:
        await asyncio.sleep(1)
        assert (names(objects), told) == (["a"], [("shop", "a")])

    follow(api, check)


def test_events_come_in_pieces_of_any_size() -> None:
    raw = b"".join(p for n in range(20) for p in Reply.events(event("ADDED", item(f"n{n:02}", n))).pieces)  # type: ignore[misc]
    api = ScriptedApi(page(10), Reply(200, (*[raw[i : i + 7] for i in range(0, len(raw), 7)], OPEN)))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await asyncio.sleep(1)
        assert len(objects.list()) == 20

    follow(api, check)


def test_an_event_that_never_ends_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_ANSWER", 300)
    api = ScriptedApi(page(10), Reply(200, tuple([b"x" * 100] * 5)), page(20, item("a", 3)), Reply.events(OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, __: object) -> None:
        await asyncio.sleep(5)
        assert names(objects) == ["a"]

    follow(api, check)


def test_a_listener_that_fails_stops_nothing() -> None:
    api = ScriptedApi(page(10, item("a", 3)), Reply.events(event("ADDED", item("b", 11)), OPEN))

    async def check(_: KubernetesApi, objects: FollowedObjects, told: list[tuple[str, str]]) -> None:
        failures: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        objects.on_change(lambda _, name: told[name])  # type: ignore[call-overload]
        await asyncio.sleep(1)
        assert names(objects) == ["a", "b"]
        assert len(failures) == 2

    follow(api, check)


def test_a_watch_that_ended_by_a_mistake_of_ours_is_told() -> None:
    def keep(_: dict[str, Any]) -> dict[str, Any]:
        raise LookupError("a mistake")

    async def check(cluster: KubernetesApi, _: FollowedObjects, __: object) -> None:
        await asyncio.sleep(1)
        assert cluster.problems() == ("watch pods ended: LookupError('a mistake')",)
        with pytest.raises(LookupError):
            await cluster.watch_over()

    follow(ScriptedApi(page(10, item("a", 3)), Reply.events(OPEN)), check, keep=keep)


def test_watches_that_are_closed_have_not_failed() -> None:
    async def main() -> None:
        cluster = KubernetesApi(ScriptedApi(page(10), Reply.events(OPEN)).connection)
        cluster.watch(POD, "shop")
        over = asyncio.create_task(cluster.watch_over())
        await asyncio.sleep(1)
        await cluster.close()
        await asyncio.sleep(1)
        assert not over.done()
        over.cancel()

    run(main())


def test_thousands_of_events_leave_the_event_loop_to_others() -> None:
    """By the true clock: what others wait for is worked at between, and not after, 5,000 events and as many objects."""
    spec = {"images": [{"glob": "registry.example/**"}], "authorities": [{"key": {"data": "x" * 200}}] * 5}
    items = [item(f"n{n}", n, spec=spec) for n in range(2500)]
    more = [event("ADDED", item(f"m{n}", n, spec=spec)) for n in range(5000)]
    api = ScriptedApi(page(10, *items), Reply.events(*more, OPEN))
    late: list[float] = []

    async def main() -> None:
        cluster = KubernetesApi(api.connection)
        objects = cluster.watch(POD, "shop")
        loop = asyncio.get_running_loop()
        while len(objects.list()) < 7500:
            before = loop.time()
            await asyncio.sleep(0)
            late.append(loop.time() - before)
        await cluster.close()

    asyncio.run(main())
    late.sort()
    assert len(late) > 7500 * 5e-6 / SLICE_SECONDS
    assert late[len(late) // 2] < 10 * SLICE_SECONDS
