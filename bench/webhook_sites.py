"""Two clusters of an API server each: one with our webhook, one with policy-controller, and a registry for both."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Final, Protocol

from bench.log_load import ApiServer, create_pods
from bench.log_report import Measured
from bench.log_servers import cpu_of, descendants, memory_of
from bench.machine import verifications_a_second
from tests.interop.cluster import manifests
from tests.interop.cluster.api_client import Json
from tests.interop.cluster.our_webhook import INCLUDE, OurWebhook, run_our_webhook
from tests.interop.cluster.policy_controller import PolicyController
from tests.interop.cluster.server import Cluster
from tests.interop.cluster.site_files import ADMIN_TOKEN

PAUSE_SECONDS: Final = 0.09
"""Between two Pods of a client that is in no hurry: an idle machine has to wake up for each."""

_NUMBERS: Final = count()


class Webhook(Protocol):
    """Either of the two."""

    def apply_policy(self, policy: Json) -> None:
        """Apply a policy, and wait until it is in force."""


@dataclass
class Site:
    """A cluster with a webhook in it; `open` is a namespace that it is not asked about, `guarded` one that it is."""

    name: str
    cluster: Cluster
    webhook: Webhook
    pid: int
    folder: Path
    open: str = field(init=False)
    guarded: str = field(init=False)

    def __post_init__(self) -> None:
        self.open = self.cluster.make_namespace("open")
        self.guarded = self.cluster.make_namespace("guarded", **INCLUDE)

    def create(self, image: str, clients: int, seconds: int, *, guarded: bool = True) -> Measured:
        """Have so many clients create Pods of an image, one after the other, and remove them."""
        namespace = self.guarded if guarded else self.open
        machine = verifications_a_second()
        path = f"/api/v1/namespaces/{namespace}/pods"
        pod = self.folder / f"pod-{next(_NUMBERS)}.json"
        pod.write_text(json.dumps(build_pod(namespace, image)))
        before = self._cpu()
        load = create_pods(ApiServer(self.cluster.url, ADMIN_TOKEN), path, pod, clients, seconds)
        worked = self._cpu() - before
        found = Measured(load, worked / max(1, load.requests) * 1e6, self.memory(), machine)
        self.clean(namespace)
        return found

    def pace(self, image: str, number: int, *, guarded: bool = True) -> Sequence[float]:
        """Create Pods of an image with pauses in between; return how many milliseconds each took."""
        namespace = self.guarded if guarded else self.open
        path, pod = f"/api/v1/namespaces/{namespace}/pods", build_pod(namespace, image)
        found = []
        for _ in range(number):
            sleep(PAUSE_SECONDS)
            began = perf_counter()
            self.cluster.admin.expect("POST", path, pod)
            found.append((perf_counter() - began) * 1000)
        self.clean(namespace)
        return found

    def clean(self, namespace: str) -> None:
        """Remove all Pods at once."""
        self.cluster.admin.delete(f"/api/v1/namespaces/{namespace}/pods", {"gracePeriodSeconds": 0})

    def memory(self) -> float:
        """Return the memory of the webhook's processes, MB."""
        return memory_of(descendants(self.pid))

    def _cpu(self) -> float:
        return sum(cpu_of(pid) for pid in descendants(self.pid))


def build_pod(namespace: str, image: str) -> Json:
    """Build a Pod that gets its name from the API server."""
    pod = manifests.pod(namespace, "", image)
    pod["metadata"] = {"generateName": "bench-", "namespace": namespace}
    return pod


@contextmanager
def our_site(folder: Path, registry: str) -> Iterator[tuple[Site, OurWebhook]]:
    """Serve a cluster with our webhook: one process with one worker."""
    folder.mkdir()
    with (
        Cluster(folder / "cluster") as cluster,
        run_our_webhook(cluster, folder / "webhook", registry, balanced=False) as webhook,
    ):
        yield Site("ours", cluster, webhook, webhook.replicas[0].pid, folder), webhook


@contextmanager
def their_site(folder: Path) -> Iterator[Site]:
    """Serve a cluster with policy-controller."""
    folder.mkdir()
    with Cluster(folder / "cluster") as cluster:
        cluster.make_namespace("cosign-system")
        with PolicyController(cluster, folder / "controller") as controller:
            yield Site("policy-controller", cluster, controller, controller.pid, folder)


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return median, least and most."""
    return median(values), min(values), max(values)
