"""Sigstore's policy-controller on an API server: from its own manifests, but as a process beside it.

It wants to be reached by a Service. Without a network of Pods that is an ExternalName Service for `localhost`, with the
port in the webhook configurations. That is always 8443, whatever `--secure-port` says: one at a time on a machine.
"""

import fcntl
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Final, Self

import yaml

from tests.interop import peers
from tests.interop.cluster.api_client import Json
from tests.interop.cluster.program import Program, await_true
from tests.interop.cluster.server import Cluster, environment
from tests.support.registries import free_port

INCLUDE: Final = {"policy.sigstore.dev/include": "true"}
"""The label of namespaces that it looks after."""

_MODULE: Final = "github.com/sigstore/policy-controller"
_PORT: Final = 8443
_SYSTEM: Final = "cosign-system"
_HOOKS: Final = "/apis/admissionregistration.k8s.io/v1"
_CONFIGURATIONS: Final = tuple(
    f"{_HOOKS}/{kind}webhookconfigurations/{name}"
    for kind, name in (
        ("mutating", "policy.sigstore.dev"),
        ("validating", "policy.sigstore.dev"),
        ("mutating", "defaulting.clusterimagepolicy.sigstore.dev"),
        ("validating", "validating.clusterimagepolicy.sigstore.dev"),
    )
)
_LEFT_OUT: Final = frozenset({"Deployment", "Service", "Kustomization"})


@dataclass
class PolicyController:
    """One process, and its objects in the cluster; `folder` is for what it says, and its home."""

    cluster: Cluster
    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (peers.cache_folder() / "policy-controller.lock").open("w")
        kubeconfig = self.cluster.kubeconfig(self.folder / "kubeconfig")
        self._program = Program(
            [str(peers.path("policy-controller")), "--disable-tuf"],
            self.folder / "policy-controller.log",
            {
                **environment(kubeconfig),
                "HOME": str(self.folder),
                "SYSTEM_NAMESPACE": _SYSTEM,
                "CONFIG_LOGGING_NAME": "config-logging",
                "METRICS_DOMAIN": "sigstore.dev/policy",
                "METRICS_PROMETHEUS_PORT": str(free_port()),
                "WEBHOOK_NAME": "webhook",
                "KUBERNETES_MIN_VERSION": "1.21.0",
            },
        )

    def __enter__(self) -> Self:
        """Apply its manifests, start it, and wait until the API server asks it.

        Raises:
            ProgramError: It does not start.
        """
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        for manifest in self._manifests():
            self.cluster.admin.apply(manifest)
        try:
            self._program.start(self._is_ready)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill it, since it takes 45 seconds to end, and remove its configurations: nobody would answer for them."""
        self._program.kill()
        self._lock.close()
        for path in _CONFIGURATIONS:
            self.cluster.admin.delete(path)

    @property
    def pid(self) -> int:
        """The process."""
        assert self._program.process is not None
        return self._program.process.pid

    def apply_policy(self, policy: Json) -> None:
        """Apply a ClusterImagePolicy and wait until it is in force.

        Raises:
            ProgramError: It was not in time.
        """
        admin = self.cluster.admin
        name, uid = policy["metadata"]["name"], admin.apply(policy)["metadata"]["uid"]
        compiled = f"/api/v1/namespaces/{_SYSTEM}/configmaps/config-image-policies"
        await_true(lambda: uid in admin.get(compiled).get("data", {}).get(name, ""), f"the policy {name}")

    def delete_policy(self, name: str) -> None:
        """Delete a ClusterImagePolicy."""
        self.cluster.admin.delete(f"/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/{name}")

    def _is_ready(self) -> bool:
        with socket() as probe:
            is_listening = probe.connect_ex(("127.0.0.1", _PORT)) == 0
        return is_listening and self._is_filled()

    def _is_filled(self) -> bool:
        return all(
            "rules" in hook and "caBundle" in hook["clientConfig"]
            for path in _CONFIGURATIONS
            for hook in self.cluster.admin.get(path)["webhooks"]
        )

    def _manifests(self) -> Iterator[Json]:
        for file in sorted(_manifest_folder().glob("*.yaml")):
            for document in yaml.safe_load_all(file.read_text()):
                if document and document["kind"] not in _LEFT_OUT:
                    yield self._adapted(document)
        service = {"type": "ExternalName", "externalName": "localhost"}
        head = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "webhook", "namespace": _SYSTEM}}
        yield {**head, "spec": service}

    @staticmethod
    def _adapted(manifest: Json) -> Json:
        for hook in manifest.get("webhooks", ()):
            hook["clientConfig"]["service"]["port"] = _PORT
        manifest.get("spec", {}).pop("conversion", None)
        return manifest


def _manifest_folder() -> Path:
    """Return the folder of its manifests: the module is there, since it was built."""
    (source,) = (peer.source for key, peer in peers.PEERS.items() if key == "policy-controller")
    assert isinstance(source, peers.GoTool)
    command = ["go", "mod", "download", "-json", _MODULE]
    found = json.loads(subprocess.check_output(command, cwd=source.folder, text=True))
    return Path(found["Dir"]) / "config"
