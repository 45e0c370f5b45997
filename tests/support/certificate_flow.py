"""Replacing the webhook's authority while an API server asks the webhook, without one failure."""

import asyncio
import copy
import json
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cosignpy.errors import ClusterError
from cosignpy.webhook.certificates.bundles import Bundles
from cosignpy.webhook.certificates.keeper import CertificateKeeper, Place
from cosignpy.webhook.certificates.kept import Kept
from cosignpy.webhook.certificates.serving_file import ServingFile
from cosignpy.webhook.certificates.steps import FORMER_KEPT, SETTLING
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.leadership import Candidate, LeaseElection
from cosignpy.webhook.kinds import CONFIG_MAP, SECRET, VALIDATING_WEBHOOKS
from tests.support.cluster_flows import QUICK, ApiServer, client, config_map, make_namespace, until

_NAMESPACE: Final = "flow-certificates"
_BUNDLES: Final = Bundles(mutating=(), validating=("flow.cosignpy.example", "absent.cosignpy.example"), definitions=())
_PLACE: Final = Place(_NAMESPACE, names=("127.0.0.1",), bundles=_BUNDLES)
_LOOK_SECONDS: Final = 0.02


class Replica:
    """A replica that admits everything; its clock can be set ahead."""

    def __init__(self, api: KubernetesApi, folder: Path) -> None:
        self._api = api
        self._leader = LeaseElection(api, Candidate(_NAMESPACE, "webhook", "only"), QUICK)
        self.file = ServingFile(folder)
        self._ahead = timedelta(0)
        self.keeper = CertificateKeeper(api, self._leader, _PLACE, self.file, lambda: datetime.now(UTC) + self._ahead)

    async def start(self) -> None:
        """Serve."""
        self._leader.start()
        self.keeper.start()
        self._server = await asyncio.start_server(_admit, "127.0.0.1", 0, ssl=await self.keeper.context())
        port = self._server.sockets[0].getsockname()[1]
        await self._api.create(VALIDATING_WEBHOOKS, "", _configuration(port))

    async def close(self) -> None:
        """Stop."""
        await self._api.delete(VALIDATING_WEBHOOKS, "", "flow.cosignpy.example")
        await self.keeper.close()
        await self._leader.close()
        self._server.close()

    def pass_time(self, seconds: timedelta) -> None:
        """Let so much time have passed; somebody wrote a lease meanwhile, or whatever wakes the keeper."""
        self._ahead += seconds
        self.keeper._look()

    async def pass_settling(self, before: Kept) -> None:
        """Let minutes pass until another certificate is served; the first may be over before the bundles are filled."""
        for _ in range(20):
            self.pass_time(SETTLING)
            await asyncio.sleep(1)
            if self.file.served != before.server:
                return

    async def kept(self) -> Kept:
        """Return what the Secret has."""
        found = await self._api.get(SECRET, _NAMESPACE, "webhook-certs")
        parsed = Kept.parse(found) if found else None
        assert parsed is not None
        return parsed


async def certificates_are_replaced_unnoticed(server: ApiServer, folder: Path) -> None:
    """The Secret is deleted, and with that the authority replaced, while objects are admitted one after the other."""
    async with client(server, folder) as api:
        await make_namespace(api, _NAMESPACE, flow="certificates")
        replica = Replica(api, folder)
        await replica.start()
        admitted = _Admitted(api)
        await admitted.begin()
        before = await replica.kept()
        await api.delete(SECRET, _NAMESPACE, "webhook-certs")
        await admitted.some()
        prepared = await replica.kept()
        assert (prepared.server, prepared.following is None) == (before.server, False)
        await replica.pass_settling(before)
        await admitted.some()
        switched = await replica.kept()
        assert (switched.former, switched.server) == (before.authority, replica.file.served)
        replica.pass_time(FORMER_KEPT)
        await asyncio.sleep(1)
        await admitted.some()
        assert (await replica.kept()).former is None
        admitted.end()
        await replica.close()


async def a_bundle_is_repaired(server: ApiServer, folder: Path) -> None:
    """Somebody empties the bundle: what else the object has stays, and the webhook is believed again soon."""
    async with client(server, folder) as api:
        await make_namespace(api, f"{_NAMESPACE}-2", flow="nothing")
        replica = Replica(api, folder)
        await replica.start()
        admitted = _Admitted(api)
        await admitted.begin()
        admitted.end()
        found = await api.get(VALIDATING_WEBHOOKS, "", "flow.cosignpy.example")
        assert found is not None
        emptied = copy.deepcopy(dict(found))
        emptied["webhooks"][0] |= {"clientConfig": {"url": found["webhooks"][0]["clientConfig"]["url"]}}
        emptied["webhooks"][0]["timeoutSeconds"] = 3
        await api.update(VALIDATING_WEBHOOKS, "", emptied)
        admitted = _Admitted(api)
        await admitted.begin()
        admitted.end()
        repaired = await api.get(VALIDATING_WEBHOOKS, "", "flow.cosignpy.example")
        assert repaired is not None
        assert repaired["webhooks"] == [found["webhooks"][0] | {"timeoutSeconds": 3}]
        await replica.close()


class _Admitted:
    """Objects that are created one after the other, each seen by the webhook."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    async def _one(self) -> None:
        await self._api.apply(CONFIG_MAP, "flow-certificates", config_map(f"n{self._count % 5}", n=str(self._count)))
        self._count += 1

    async def begin(self) -> None:
        """Wait until the webhook is believed, and from then on expect that it is."""
        for _ in range(1000):
            try:
                await self._one()
                break
            except ClusterError:
                await asyncio.sleep(_LOOK_SECONDS)
        self._task = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        while True:
            await self._one()
            await asyncio.sleep(_LOOK_SECONDS)

    async def some(self) -> None:
        """Wait until a few dozen more were admitted."""
        wanted = self._count + 30
        await until(lambda: self._count > wanted or self._failed())
        self.check()

    def check(self) -> None:
        """Raise what one was refused for."""
        if self._task is not None and self._failed():
            self._task.result()

    def _failed(self) -> bool:
        return self._task is not None and self._task.done()

    def end(self) -> None:
        """Expect nothing any more."""
        self.check()
        assert self._task is not None
        self._task.cancel()


async def _admit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one review, on a connection of its own, so that each shows the certificate."""
    with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        review = json.loads(await reader.readexactly(length))
        answer = {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": review["request"]["uid"], "allowed": True},
        }
        body = json.dumps(answer).encode()
        start = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
        writer.write(f"{start}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
    writer.close()


def _configuration(port: int) -> dict[str, Any]:
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]}]
    webhook = {
        "name": "flow.cosignpy.example",
        "clientConfig": {"url": f"https://127.0.0.1:{port}/"},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 7,
        "namespaceSelector": {"matchLabels": {"flow": "certificates"}},
        "rules": rules,
    }
    return {"metadata": {"name": "flow.cosignpy.example"}, "webhooks": [webhook]}


CERTIFICATE_FLOWS: Final = (certificates_are_replaced_unnoticed, a_bundle_is_repaired)
