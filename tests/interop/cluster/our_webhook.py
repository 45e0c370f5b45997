"""`cosignpy webhook` on an API server: its chart from `deploy/helm`, its processes beside the API server.

Nothing runs Pods here, so its Service leads to `localhost`, where a balancer spreads connections over the processes.
They are who the chart says: they have a token of its service account, and may do what its roles allow.
"""

import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

import yaml

from tests.interop import peers
from tests.interop.cluster.api_client import Json
from tests.interop.cluster.balancer import Balancer
from tests.interop.cluster.program import Program, await_true
from tests.interop.cluster.server import Cluster, environment
from tests.support.registries import free_port

SYSTEM: Final = "cosign-system"
INCLUDE: Final = {"policy.sigstore.dev/include": "true"}
"""The label of namespaces that it looks after."""

_CHART: Final = Path(__file__).resolve().parents[3] / "deploy" / "helm" / "cosignpy-webhook"
_HOOKS: Final = "/apis/admissionregistration.k8s.io/v1"
CONFIGURATIONS: Final = tuple(
    f"{_HOOKS}/{kind}webhookconfigurations/{name}"
    for kind, name in (
        ("mutating", "policy.sigstore.dev"),
        ("validating", "policy.sigstore.dev"),
        ("mutating", "defaulting.clusterimagepolicy.sigstore.dev"),
        ("validating", "validating.clusterimagepolicy.sigstore.dev"),
    )
)


@dataclass
class Replica:
    """One process of the webhook."""

    program: Program
    port: int

    @property
    def pid(self) -> int:
        """Return its process, while it runs."""
        assert self.program.process is not None
        return self.program.process.pid

    def is_ready(self) -> bool:
        """Tell whether its probe says so; whoever it is, since kubelets do not look at certificates either."""
        anybody = ssl._create_unverified_context()
        with closing(HTTPSConnection("127.0.0.1", self.port, timeout=5.0, context=anybody)) as connection:
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == HTTPStatus.OK
            except (OSError, HTTPException):
                return False

    def terminate(self) -> None:
        """Ask it to end, without waiting."""
        assert self.program.process is not None
        self.program.process.send_signal(signal.SIGTERM)


@dataclass
class OurWebhook:
    """The webhook's objects in a cluster, and its processes, which a balancer hides; `registry` speaks plain HTTP."""

    cluster: Cluster
    folder: Path
    registry: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    balancer: Balancer = field(default_factory=Balancer)
    replicas: list[Replica] = field(default_factory=list)

    def install(self) -> None:
        """Apply the chart, as `helm install` would."""
        self.folder.mkdir(parents=True, exist_ok=True)
        admin = self.cluster.admin
        admin.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
        for manifest in self.manifests():
            admin.apply(manifest)
        for name in ("clusterimagepolicies.policy.sigstore.dev", "trustroots.policy.sigstore.dev"):
            await_true(lambda name=name: self._is_established(name), f"the type {name}")  # type: ignore[misc]

    def manifests(self) -> Sequence[Json]:
        """Render the chart: types first, what asks the webhook last; its Service leads to the balancer."""
        settings = [f"--set={name}={value}" for name, value in self.values.items()]
        command = [str(peers.path("helm")), "template", "webhook", str(_CHART), f"--namespace={SYSTEM}"]
        version = peers.PEERS["kube-apiserver"].version
        rendered = subprocess.run(
            [*command, f"--kube-version={version}", *settings], check=True, capture_output=True, text=True
        )
        found = [self._adapted(document) for document in yaml.safe_load_all(rendered.stdout) if document]
        return sorted(found, key=_order)

    def start_replica(self, *flags: str) -> Replica:
        """Start one more process and wait until it is ready; without the balancer, the only one is in its place.

        Raises:
            ProgramError: It ended, or was not ready in time.
        """
        number, port = len(self.replicas), free_port() if self.balancer.is_listening else self.balancer.port
        folder = self.folder / f"replica-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        token = self.cluster.token_of(SYSTEM, "webhook")
        command = [
            *(str(Path(sys.executable).with_name("cosignpy")), "webhook", "serve", f"--secure-port={port}"),
            f"--metrics-port={free_port()}",
            *("--host=127.0.0.1", "--disable-tuf", "--workers=1", "--allow-local-registries"),
            f"--plain-http-registry={self.registry}",
            *flags,
        ]
        env = {
            **environment(self.cluster.kubeconfig(folder / "kubeconfig", token)),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "TUF_ROOT": str(folder / "tuf"),
            "SYSTEM_NAMESPACE": SYSTEM,
            "POD_NAME": f"webhook-{number}",
        }
        replica = Replica(Program(command, folder / "messages", env), port)
        self.replicas.append(replica)
        replica.program.start(replica.is_ready)
        self._balance()
        return replica

    def stop_replica(self, replica: Replica) -> None:
        """Stop a process as a cluster does; raises as `Program.stop`."""
        self.replicas.remove(replica)
        replica.program.stop()
        self._balance()

    def stop(self) -> None:
        """Kill all processes."""
        for replica in self.replicas:
            replica.program.kill()
        self.replicas.clear()

    def await_filled(self) -> None:
        """Wait until the API server knows the webhook's certificate everywhere.

        Raises:
            ProgramError: It was not in time.
        """
        await_true(lambda: all(self._is_filled(path) for path in CONFIGURATIONS), "the authority is known everywhere")

    def apply_policy(self, policy: Json) -> None:
        """Apply a policy and wait until its status says that it is in force.

        Raises:
            ApiRefusedError: It was refused.
            ProgramError: It was not in time.
        """
        admin = self.cluster.admin
        generation = admin.apply(policy)["metadata"]["generation"]
        path = admin.path(policy)

        def is_ready() -> bool:
            status = admin.get(path).get("status", {})
            ready = {condition["type"]: condition["status"] for condition in status.get("conditions", ())}
            return status.get("observedGeneration") == generation and ready.get("Ready") == "True"

        await_true(is_ready, f"the policy {policy['metadata']['name']} is in force")

    def _balance(self) -> None:
        self.balancer.ports = tuple(replica.port for replica in self.replicas)

    def _is_established(self, name: str) -> bool:
        found = self.cluster.admin.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")
        conditions = {each["type"]: each["status"] for each in found.get("status", {}).get("conditions", ())}
        return conditions.get("Established") == "True"

    def _is_filled(self, path: str) -> bool:
        return all("caBundle" in hook["clientConfig"] for hook in self.cluster.admin.get(path)["webhooks"])

    def _adapted(self, manifest: Json) -> Json:
        for hook in manifest.get("webhooks", ()):
            hook["clientConfig"]["service"]["port"] = self.balancer.port
        if manifest["kind"] == "Service":
            manifest["spec"] = {"type": "ExternalName", "externalName": "localhost"}
        if manifest["kind"] == "CustomResourceDefinition" and "webhook" in manifest["spec"].get("conversion", {}):
            manifest["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["port"] = self.balancer.port
        return manifest


def _order(manifest: Json) -> int:
    if manifest["kind"] in {"CustomResourceDefinition", "ServiceAccount", "Secret", "ConfigMap"}:
        return 0
    return 2 if manifest["kind"].endswith(("WebhookConfiguration", "Binding")) else 1


@contextmanager
def run_our_webhook(
    cluster: Cluster, folder: Path, registry: str, *, balanced: bool = True, **values: str
) -> Iterator[OurWebhook]:
    """Install the chart, start one process, and stop it in the end."""
    balancer = Balancer()
    with balancer if balanced else nullcontext():
        webhook = OurWebhook(cluster, folder, registry, values, balancer)
        try:
            webhook.install()
            webhook.start_replica()
            webhook.await_filled()
            yield webhook
        finally:
            webhook.stop()
