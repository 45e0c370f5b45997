"""The webhook as a cluster has it: the manifests of `deploy/`, its process under its own rights, its API server."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.kube_api.client import Answered, KubeClient
from tests.support.kube_api.server import KubeApi

ROOT: Final = Path(__file__).resolve().parents[3]
MANIFEST: Final = ROOT / "deploy" / "kubernetes" / "webhook.yaml"
DEFINITIONS: Final = ROOT / "deploy" / "crds"
NAMESPACE: Final = "cosign-system"
SERVICE: Final = "webhook"
PATIENCE_SECONDS: Final = 40.0
_POLL_SECONDS: Final = 0.02
_PROGRAM: Final = "from cosignpy.cli.app import main; main()"
_ANNOUNCED: Final = re.compile(r"^(?:https://)?127\.0\.0\.1:([0-9]+)$", re.MULTILINE)


class NotInTimeError(AssertionError):
    """Something did not come about in time."""


def await_that(test: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until something is so, and return what the test returns then.

    Raises:
        NotInTimeError: It never was.
    """
    ends = time.monotonic() + seconds
    while not (found := test()):
        if time.monotonic() > ends:
            raise NotInTimeError(what)
        time.sleep(_POLL_SECONDS)
    return found


class Replica:
    """One process of the webhook."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        with log.open("wb") as messages:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                start_new_session=True,
                env=dict(environment),
            )
        self.port = 0

    def wait(self) -> None:
        """Wait until it is ready.

        Raises:
            NotInTimeError: It is not; with all it said.
        """
        try:
            await_that(self._is_ready, "ready")
        except NotInTimeError as error:
            self.kill()
            raise NotInTimeError(self.log.read_text()) from error

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise NotInTimeError("it ended")
        announced = _ANNOUNCED.search(self.log.read_text())
        if announced is None:
            return False
        self.port = int(announced[1])
        anyone = ssl.create_default_context()
        anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
        try:
            with urlopen(f"https://127.0.0.1:{self.port}/readyz", timeout=5, context=anyone) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def stop(self) -> int:
        """Tell it to stop, wait, and return its exit code."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE_SECONDS)
        if self.process.returncode is None:
            self.kill()
        return self.process.returncode

    def kill(self) -> None:
        """Kill it and its workers."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class WebhookSite:
    """An API server with the manifests applied; replicas are started into it."""

    def __init__(self, api: KubeApi, folder: Path) -> None:
        self.api, self.folder = api, folder
        self.admin: KubeClient = api.admin
        self.replicas: list[Replica] = []
        for file in sorted(DEFINITIONS.glob("*.yaml")):
            self.admin.apply_manifests(file.read_text())
        self.admin.apply_manifests(MANIFEST.read_text())
        token = api.service_account_token(NAMESPACE, SERVICE)
        self.kubeconfig = api.write_kubeconfig(folder / "kubeconfig", token, NAMESPACE)

    def start(self, *flags: str) -> Replica:
        """Start a replica, wait until it is ready, and let the Service lead to it."""
        command = [sys.executable, "-c", _PROGRAM, "webhook", "serve", "--secure-port=0", "--metrics-port=-1"]
        fixed = ["--host=127.0.0.1", f"--kubeconfig={self.kubeconfig}", "--disable-tuf", "--allow-local-registries"]
        home = {"HOME": str(self.folder), "SYSTEM_NAMESPACE": NAMESPACE}
        log = self.folder / f"webhook-{len(self.replicas)}.log"
        replica = Replica([*command, *fixed, "--workers=1", *flags], log, os.environ | home)
        self.replicas.append(replica)
        replica.wait()
        self.lead_to(replica)
        await_that(self._is_trusted, "the configurations have the webhook's authority")
        return replica

    def lead_to(self, replica: Replica) -> None:
        """Let the Service lead to a replica."""
        self.api.services[NAMESPACE, SERVICE] = replica.port

    def _is_trusted(self) -> bool:
        listed = [
            each
            for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
            for each in self.admin.list("admissionregistration.k8s.io/v1", kind)["items"]
        ]
        return all(hook["clientConfig"].get("caBundle") for each in listed for hook in each["webhooks"])

    def make_namespace(self, name: str, **labels: str) -> str:
        """Make a namespace where images have to be proven."""
        self.admin.create(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": {"policy.sigstore.dev/include": "true", **labels}},
            }
        )
        return name

    def set_settings(self, **data: str) -> None:
        """Set keys of the ConfigMap; underscores are hyphens."""
        changed = {name.replace("_", "-"): text for name, text in data.items()}
        place = {"name": "config-policy-controller", "namespace": NAMESPACE}
        self.admin.merge({"apiVersion": "v1", "kind": "ConfigMap", "metadata": place}, {"data": changed})

    def apply_policy(self, name: str, **spec: Any) -> Any:
        """Apply a ClusterImagePolicy, and wait until the webhook says that it is in force."""
        document = {"apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy"}
        made = self.admin.apply({**document, "metadata": {"name": name}, "spec": spec})
        return await_that(lambda: self._in_force(name, made["metadata"]["generation"]), f"{name} is in force")

    def _in_force(self, name: str, generation: int) -> Any:
        found = self.admin.get("policy.sigstore.dev/v1beta1", "ClusterImagePolicy", "", name)
        status = found.get("status") or {}
        ready = [each for each in status.get("conditions") or [] if each["type"] == "Ready"]
        is_new = status.get("observedGeneration") == generation
        return found if is_new and ready and ready[0]["status"] != "Unknown" else None

    def delete_policy(self, name: str) -> None:
        """Delete a ClusterImagePolicy."""
        self.admin.delete("policy.sigstore.dev/v1beta1", "ClusterImagePolicy", "", name)

    def close(self) -> None:
        """End what still runs."""
        for replica in self.replicas:
            if replica.process.poll() is None:
                replica.stop()

    def logs(self) -> str:
        """Return what all replicas said."""
        return "\n".join(replica.log.read_text() for replica in self.replicas)


@contextmanager
def webhook_site(folder: Path) -> Iterator[WebhookSite]:
    """Yield a site; replicas end with it."""
    with KubeApi(folder) as api:
        site = WebhookSite(api, folder)
        try:
            yield site
        finally:
            site.close()


def key_policy(public_key: str, glob: str = "**", **more: Any) -> dict[str, Any]:
    """Return the specification of a policy that wants signatures of a key."""
    return {"images": [{"glob": glob}], "authorities": [{"name": "team", "key": {"data": public_key}}], **more}


def image_of(found: Answered) -> str:
    """Return the image of the first container of a Pod."""
    return str(found.document["spec"]["containers"][0]["image"])
