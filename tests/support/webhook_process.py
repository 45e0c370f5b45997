"""`cosignpy webhook serve` as a process in front of an API server in memory, with its types and configurations."""

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final

import yaml

from cosignpy.values import field, record
from tests.support.kube_api.server import KubeApi
from tests.support.registries import free_port

SYSTEM: Final = "cosign-system"
NAMESPACE: Final = "shop"
LABELS: Final = {"policy.sigstore.dev/include": "true"}
PATIENCE_SECONDS: Final = 60.0
_CRDS: Final = Path(__file__).resolve().parents[2] / "deploy" / "crds"
_POLL_SECONDS: Final = 0.02
_RESOURCES: Final = (
    ("", ["v1"], ["pods", "pods/ephemeralcontainers", "replicationcontrollers", "podtemplates"]),
    ("apps", ["v1"], ["deployments", "replicasets", "statefulsets", "daemonsets"]),
    ("batch", ["v1"], ["jobs", "cronjobs"]),
)


class WebhookProcessError(Exception):
    """The webhook did not start, or did not end as it should."""


@record
class WebhookProcess:
    """One replica."""

    api: KubeApi
    folder: Path
    flags: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.folder / f"webhook-{self.port}.log"

    def launch(self) -> None:
        """Start it."""
        token = self.api.service_account_token(SYSTEM, "webhook")
        kubeconfig = self.api.write_kubeconfig(self.folder / f"kubeconfig-{self.port}", token, SYSTEM)
        command = [
            *(str(Path(sys.executable).with_name("cosignpy")), "webhook", "serve", f"--kubeconfig={kubeconfig}"),
            *(f"--secure-port={self.port}", f"--metrics-port={self.metrics_port}", "--host=127.0.0.1", "--workers=1"),
            *self.flags,
        ]
        environment = {**os.environ, "HOME": str(self.folder), "TUF_ROOT": str(self.folder / "tuf")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def start(self) -> None:
        """Start it, and wait until it is ready.

        Raises:
            WebhookProcessError: It ended, or was not ready in time; with all it said.
        """
        self.launch()
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.probe("/readyz") != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise WebhookProcessError(self.log.read_text())
            time.sleep(_POLL_SECONDS)

    def probe(self, path: str) -> int:
        """Ask as a kubelet does, who looks at no certificate; 0 where nobody answers."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            suppress(OSError, HTTPException),
            closing(HTTPSConnection("127.0.0.1", self.port, timeout=5.0, context=context)) as connection,
        ):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        return 0

    def terminate(self) -> None:
        """Ask it to end, without waiting."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> float:
        """Wait for its end, and return how many seconds that took.

        Raises:
            WebhookProcessError: Its exit code is not 0, or it did not end.
        """
        assert self.process is not None
        started = time.monotonic()
        if self.process.wait(PATIENCE_SECONDS) != 0:
            raise WebhookProcessError(self.log.read_text())
        return time.monotonic() - started

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self.process is not None and self.runs:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)


def install(api: KubeApi) -> None:
    """Put into a cluster what a webhook needs: its namespace, rights, types, and configurations."""
    admin = api.admin
    admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
    admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": LABELS}})
    for file in sorted(_CRDS.glob("*.yaml")):
        for definition in yaml.safe_load_all(file.read_text()):
            admin.create(_without_conversion(definition))
    admin.create(_rights("ClusterRole", rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]))
    subject = {"kind": "ServiceAccount", "name": "webhook", "namespace": SYSTEM}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "webhook"}
    admin.create(_rights("ClusterRoleBinding", subjects=[subject], roleRef=role))
    for kind, path in (("Mutating", "/mutations"), ("Validating", "/validations")):
        admin.create(_configuration(kind, path))


def _without_conversion(definition: dict[str, Any]) -> dict[str, Any]:
    definition["spec"].pop("conversion", None)
    return definition


def _rights(kind: str, **members: Any) -> dict[str, Any]:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "webhook"}, **members}


def _configuration(kind: str, path: str) -> dict[str, Any]:
    rules = [
        {"apiGroups": [group], "apiVersions": versions, "resources": resources, "operations": ["CREATE", "UPDATE"]}
        for group, versions, resources in _RESOURCES
    ]
    webhook: dict[str, Any] = {
        "name": "policy.sigstore.dev",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 10,
        "clientConfig": {"service": {"namespace": SYSTEM, "name": "webhook", "path": path}},
        "namespaceSelector": {"matchLabels": LABELS},
        "rules": rules,
    }
    if kind == "Mutating":
        webhook["reinvocationPolicy"] = "IfNeeded"
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": "policy.sigstore.dev"},
        "webhooks": [webhook],
    }


@contextmanager
def running(api: KubeApi, folder: Path, *flags: str) -> Iterator[WebhookProcess]:
    """Run a replica that the Service leads to, and end it as a kubelet does."""
    webhook = WebhookProcess(api, folder, ("--quiet-seconds=0.2", *flags))
    api.services[SYSTEM, "webhook"] = webhook.port
    webhook.start()
    try:
        yield webhook
        if webhook.runs:
            webhook.terminate()
            webhook.wait()
    finally:
        webhook.kill()


def policy(name: str, glob: str, *authorities: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Describe a policy of the cluster."""
    return {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": name},
        "spec": {"images": [{"glob": glob}], "authorities": list(authorities), **spec},
    }
