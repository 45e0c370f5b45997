"""The API server itself, on an etcd of its own, both on free loopback ports."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.request import urlopen

from tests.interop import peers
from tests.interop.cluster.api_client import ApiClient, ApiRefusedError, Json
from tests.interop.cluster.audit import AuditLog
from tests.interop.cluster.program import START_SECONDS, Program
from tests.interop.cluster.site_files import ADMIN_TOKEN, CONTROLLERS_TOKEN, write_kubeconfig, write_site_files
from tests.support.registries import free_port

CONTROLLERS: Final = (
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "serviceaccount-controller",
    "statefulset-controller",
)
"""Those that make Pods, remove them, or prepare namespaces."""

_UNROUTED: Final = "192.0.2.1"
"""The API server wants to tell nodes an address, not a loopback one; there are no nodes (RFC 5737)."""
_SERVICES: Final = "10.0.0.0/24"


@dataclass
class Cluster:
    """One API server and what it keeps in its folder; `flags` are added to those of kube-apiserver."""

    folder: Path
    flags: Sequence[str] = ()
    etcd_port: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.files = write_site_files(self.folder / "site")
        self.audit = AuditLog(self.files.audit_log)
        self._etcd = Program(self._etcd_command(), self.folder / "etcd.log")
        self.api_server = Program(self._api_server_command(), self.folder / "kube-apiserver.log")
        self._controllers = Program(self._controllers_command(), self.folder / "kube-controller-manager.log")
        self._clients: list[ApiClient] = []
        self.admin = self.client(ADMIN_TOKEN)

    @property
    def url(self) -> str:
        """Return where clients reach the API server."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """Return the certificate of the authority that vouches for the API server."""
        return self.files.authority

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start etcd and the API server, and wait until it answers.

        Raises:
            ProgramError: One of them did not start.
        """
        self._etcd.start(lambda: _answers(f"http://127.0.0.1:{self.etcd_port}/health"))
        self.start_api_server()

    def start_api_server(self) -> None:
        """Start the API server on an etcd that runs; raises as `start`."""
        self.api_server.start(self._is_ready)

    def start_controllers(self) -> None:
        """Start the controllers, if they do not run; raises as `start`."""
        if not self._controllers.is_running:
            self._controllers.start(self._has_default_account)

    def stop(self) -> None:
        """Stop all: etcd last, as the API server would wait for it.

        Raises:
            ProgramError: One of them had to be killed.
        """
        for client in self._clients:
            client.close()
        try:
            self._controllers.stop()
            self.api_server.stop()
        finally:
            self.api_server.kill()
            self._etcd.kill()

    def restart_api_server(self) -> None:
        """Stop the API server and start it again, at the same address; raises as `start`."""
        self.api_server.stop()
        self.start_api_server()

    def forget_history(self) -> None:
        """Have etcd and the API server forget all versions but the current: whoever watches older ones gets a 410."""
        revision = self.admin.get("/api/v1/namespaces")["metadata"]["resourceVersion"]
        compaction = json.dumps({"revision": revision, "physical": True}).encode()
        with urlopen(f"http://127.0.0.1:{self.etcd_port}/v3/kv/compaction", compaction, START_SECONDS):
            self.restart_api_server()

    def client(self, token: str) -> ApiClient:
        """Return a client that is somebody; its connections are closed when all stops."""
        client = ApiClient(self.url, self.ca_file, token)
        self._clients.append(client)
        return client

    def kubeconfig(self, file: Path, token: str = ADMIN_TOKEN) -> Path:
        """Write a kubeconfig file for somebody, and return it."""
        return write_kubeconfig(file, self.url, self.ca_file, token)

    def make_namespace(self, name: str, **labels: str) -> str:
        """Make a namespace, and the service account that its Pods have, and return its name.

        The controllers make the account too, where they run.

        Raises:
            ApiRefusedError: There is one of that name, for instance.
        """
        self.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
        answer = self.admin.try_create(account)
        if answer.status not in {HTTPStatus.CREATED, HTTPStatus.CONFLICT}:
            raise ApiRefusedError(f"a service account in {name}", answer)
        return name

    def token_of(self, namespace: str, account: str) -> str:
        """Return a token of a service account."""
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        answer: Json = self.admin.expect("POST", path, request)
        token: Any = answer["status"]["token"]
        return str(token)

    def _is_ready(self) -> bool:
        try:
            return self.admin.call("GET", "/readyz").status == HTTPStatus.OK
        except OSError:
            return False

    def _has_default_account(self) -> bool:
        answer = self.admin.call("GET", "/api/v1/namespaces/default/serviceaccounts/default")
        return answer.status == HTTPStatus.OK

    def _etcd_command(self) -> Sequence[str]:
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{free_port()}"
        return [
            str(peers.path("etcd")),
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _api_server_command(self) -> Sequence[str]:
        files = self.files
        return [
            str(peers.path("kube-apiserver")),
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            "--bind-address=127.0.0.1",
            f"--advertise-address={_UNROUTED}",
            "--endpoint-reconciler-type=none",
            f"--secure-port={self.port}",
            f"--tls-cert-file={files.serving.certificate}",
            f"--tls-private-key-file={files.serving.key}",
            f"--service-cluster-ip-range={_SERVICES}",
            f"--service-account-issuer={self.url}",
            f"--service-account-key-file={files.accounts_key}",
            f"--service-account-signing-key-file={files.accounts_key}",
            "--authorization-mode=RBAC",
            f"--token-auth-file={files.tokens}",
            "--allow-privileged=true",
            "--shutdown-watch-termination-grace-period=2s",
            f"--audit-policy-file={files.audit_policy}",
            f"--audit-log-path={files.audit_log}",
            *self.flags,
        ]

    def _controllers_command(self) -> Sequence[str]:
        kubeconfig = self.kubeconfig(self.folder / "controllers.kubeconfig", CONTROLLERS_TOKEN)
        return [
            str(peers.path("kube-controller-manager")),
            f"--kubeconfig={kubeconfig}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={self.files.accounts_key}",
            f"--root-ca-file={self.ca_file}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
            f"--cert-dir={self.folder / 'controllers'}",
        ]


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1.0) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def environment(kubeconfig: Path) -> dict[str, str]:
    """Return the environment of a client program that reads a kubeconfig file."""
    return {**os.environ, "KUBECONFIG": str(kubeconfig)}
