"""What the client of clusters has to stand, with an API server of ours and with the real one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol, Self

import pytest
import yaml

from cosignpy.errors import AlreadyThere, ClusterError, Conflict
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.connection import open_connection
from cosignpy.webhook.cluster.leadership import Candidate, LeaseElection, Timing
from cosignpy.webhook.kinds import CONFIG_MAP, LEASE, NAMESPACE

QUICK: Final = Timing(lease=3, give_up=2, retry=0.5)
_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.02


class ApiServer(Protocol):
    """An API server under test."""

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        ...

    def kubeconfig(self, file: Path) -> Path:
        """Write a file for somebody who may do everything."""
        ...

    def forget(self) -> None:
        """Forget all versions but the current."""
        ...

    def restart(self) -> None:
        """Stop, and start again."""
        ...


class Link:
    """A way to the API server that can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> Self:
        """Let connections through: from the first time on at the same port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def cut(self) -> None:
        """End all connections, and take no new ones."""
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection("127.0.0.1", self._target)
        self._ends |= {writer, there}
        await asyncio.gather(_pump(reader, there), _pump(there_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def client(server: ApiServer, folder: Path, port: int = 0) -> AsyncIterator[KubernetesApi]:
    """Ask the API server, by another port of a link to it."""
    file = server.kubeconfig(folder / f"{port}.kubeconfig")
    document = yaml.safe_load(file.read_text())
    document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port or server.port}"
    file.write_text(yaml.safe_dump(document))
    api = KubernetesApi(open_connection(str(file), {}))
    try:
        yield api
    finally:
        await api.close()


async def until(holds: Callable[[], bool], seconds: float = _SECONDS) -> float:
    """Wait for something; return how many seconds it took."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not holds():
        assert loop.time() - begun < seconds, "it did not happen"
        await asyncio.sleep(_LOOK_SECONDS)
    return loop.time() - begun


def config_map(name: str, **data: str) -> dict[str, Any]:
    """Return an object that costs nothing."""
    return {"metadata": {"name": name, "labels": {"flow": "yes"}}, "data": data}


async def make_namespace(api: KubernetesApi, name: str, **labels: str) -> None:
    """Make a namespace."""
    await api.create(NAMESPACE, "", {"metadata": {"name": name, "labels": labels}})


async def objects_are_followed(server: ApiServer, folder: Path) -> None:
    """Objects are written, with every kind of refusal, and the watch hears of each change."""
    async with client(server, folder) as api:
        await make_namespace(api, "flow-objects")
        objects = api.watch(CONFIG_MAP, "flow-objects", labels="flow=yes")
        told: list[str] = []
        objects.on_change(lambda _, name: told.append(name))
        created = await api.create(CONFIG_MAP, "flow-objects", config_map("a", text="one\x85two"))
        await until(lambda: told == ["a"])
        seen = objects.get("flow-objects", "a")
        assert seen is not None
        assert (seen["data"], seen["kind"], seen["apiVersion"]) == ({"text": "one\x85two"}, "ConfigMap", "v1")
        assert "managedFields" not in seen["metadata"]
        await refused(api.create(CONFIG_MAP, "flow-objects", config_map("a")), AlreadyThere)
        changed = await api.update(CONFIG_MAP, "flow-objects", {**created, "data": {"text": "three"}})
        await refused(api.update(CONFIG_MAP, "flow-objects", {**created, "data": {}}), Conflict)
        await api.apply(CONFIG_MAP, "flow-objects", config_map("b", more="four"))
        assert await api.get(CONFIG_MAP, "flow-objects", "c") is None
        assert await api.get(CONFIG_MAP, "flow-objects", "a") == changed
        await api.delete(CONFIG_MAP, "flow-objects", "a")
        await api.delete(CONFIG_MAP, "flow-objects", "a")
        await until(lambda: told == ["a", "a", "b", "a"])
        assert [found["metadata"]["name"] for found in objects.list()] == ["b"]
        assert api.problems() == ()


async def refused(doing: Awaitable[object], error: type[ClusterError]) -> None:
    """Expect an error of exactly this class."""
    with pytest.raises(ClusterError) as raised:
        await doing
    assert type(raised.value) is error


async def what_was_missed_is_found(server: ApiServer, folder: Path) -> None:
    """The way is cut while objects change, and the server forgets what they were: 410, and all is found by listing."""
    link = await Link(server.port).mend()
    async with client(server, folder) as admin, client(server, folder, link.port) as api:
        await make_namespace(admin, "flow-missed")
        for name in ("stays", "goes", "changes"):
            await admin.create(CONFIG_MAP, "flow-missed", config_map(name))
        objects = api.watch(CONFIG_MAP, "flow-missed", labels="flow=yes")
        told: list[str] = []
        await until(lambda: objects.is_synced)
        objects.on_change(lambda _, name: told.append(name))
        link.cut()
        await until(lambda: bool(api.problems()))
        await admin.delete(CONFIG_MAP, "flow-missed", "goes")
        await admin.apply(CONFIG_MAP, "flow-missed", config_map("changes", now="yes"))
        await admin.create(CONFIG_MAP, "flow-missed", config_map("comes"))
        await asyncio.to_thread(server.forget)
        await link.mend()
        await until(lambda: len(told) >= 3)
        await until(lambda: not api.problems())
        assert sorted(told) == ["changes", "comes", "goes"]
        assert [found["metadata"]["name"] for found in objects.list()] == ["changes", "comes", "stays"]
        await admin.create(CONFIG_MAP, "flow-missed", config_map("later"))
        await until(lambda: "later" in told)
    link.cut()


async def a_restart_is_survived(server: ApiServer, folder: Path) -> None:
    """The server restarts: the watch goes on, nothing is told twice, and requests work again."""
    async with client(server, folder) as api:
        await make_namespace(api, "flow-restart")
        await api.create(CONFIG_MAP, "flow-restart", config_map("before"))
        objects = api.watch(CONFIG_MAP, "flow-restart", labels="flow=yes")
        told: list[str] = []
        objects.on_change(lambda _, name: told.append(name))
        await until(lambda: told == ["before"])
        await asyncio.to_thread(server.restart)
        await api.apply(CONFIG_MAP, "flow-restart", config_map("after"))
        await until(lambda: told == ["before", "after"])
        assert api.problems() == ()


async def leadership_changes_hands(server: ApiServer, folder: Path) -> None:
    """A leader that lets go is succeeded at once, one that is killed after the duration of its lease."""
    async with client(server, folder) as api:
        await make_namespace(api, "flow-lease")
        names = ("first", "second", "third")
        first, second, third = [LeaseElection(api, Candidate("flow-lease", "webhook", name), QUICK) for name in names]
        first.start()
        await until(lambda: first.is_leader)
        second.start()
        await asyncio.sleep(QUICK.lease)
        assert (first.is_leader, second.is_leader) == (True, False)
        await first.close()
        assert await until(lambda: second.is_leader) < 1
        third.start()
        await asyncio.sleep(QUICK.retry)
        await second._tasks.close()  # killed: it says nothing
        took = await until(lambda: third.is_leader)
        assert QUICK.give_up < took < QUICK.lease + 2
        assert not second.is_leader
        lease = await api.get(LEASE, "flow-lease", "webhook")
        assert lease is not None
        assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]) == ("third", 2)
        await third.close()


FLOWS: Final = (
    objects_are_followed,
    what_was_missed_is_found,
    a_restart_is_survived,
    leadership_changes_hands,
)
