"""The API server as tests start it.

with KubeApi(folder) as api:
    api.admin.create("v1", "ConfigMap", {...})
    process(kubeconfig=api.write_kubeconfig(folder / "kubeconfig", api.service_account_token("ns", "name")))
"""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.support.kube_api.admission.asking import Asking
from tests.support.kube_api.admission.chain import Chain
from tests.support.kube_api.admission.matching import Matching
from tests.support.kube_api.builtin import STRATEGY
from tests.support.kube_api.calls import ADMIN, Audited, service_account
from tests.support.kube_api.client import KubeClient
from tests.support.kube_api.controllers import Controllers
from tests.support.kube_api.conversion import Conversion
from tests.support.kube_api.custom import CustomKinds
from tests.support.kube_api.http import Server
from tests.support.kube_api.kinds import Kind, Kinds
from tests.support.kube_api.namespaces import add_first_namespaces
from tests.support.kube_api.plugins import Plugins, add_accounts
from tests.support.kube_api.requests import Requests
from tests.support.kube_api.rest import Rest
from tests.support.kube_api.rights import Rights, Tokens, user_of
from tests.support.kube_api.store import Store
from tests.support.kube_api.strategies import Strategy
from tests.support.kube_api.subresources import Subresources
from tests.support.kube_api.watching import Watch
from tests.support.tls_files import Authority, server_context


class KubeApi:
    """An API server whose objects outlive `stop` and `start`; `bookmark_seconds` may be set before watches begin.

    Attributes:
        admin: A client of somebody who may do everything.
        audited: The audit log: who did what, with what result and annotations.
        bookmark_seconds: How often watches get bookmarks.
        services: Where services of webhooks listen: the port on loopback by namespace and name.
    """

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder, "kube-api")
        self.authority = authority.certificate
        self._context = server_context(authority.issue("127.0.0.1", "localhost", "kubernetes.default.svc"))
        self.store, self.kinds, self.tokens = Store(), Kinds(), Tokens()
        self.bookmark_seconds = 60.0
        self.audited: list[Audited] = []
        self.bugs: list[Exception] = []
        self.port = 0
        self.controllers: Controllers | None = None
        self._server: Server | None = None
        self._over = threading.Event()
        self.services: dict[tuple[str, str], int] = {}
        self._custom = CustomKinds(self.store, self.kinds)
        add_accounts(self.store)
        add_first_namespaces(self.store)
        rights, asking = Rights(self.store), Asking(self.store, self.services)
        conversion = Conversion(self._custom, asking)
        self._chain = Chain(Matching(self.store, self.kinds, rights), asking, conversion.convert)
        admission = Plugins(self.store, self._chain)
        self.rest = Rest(self.store, self.kinds, admission, self._strategy, conversion.convert)
        subresources = Subresources(self.rest, self.tokens)
        self._requests = Requests(
            self.rest, self.kinds, self.tokens, rights, subresources, self._watch, self.audited, self.bugs
        )
        self.admin_token = self.tokens.add(ADMIN)

    def _strategy(self, kind: Kind) -> Strategy:
        return self._custom.strategy(kind) if kind.is_custom else STRATEGY

    def _watch(self, target: Any, query: Any) -> Any:
        over = self._over
        return Watch(self.rest, target, query, over.is_set, self.bookmark_seconds).events()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.controllers is not None:
            self.controllers.stop()
            self.bugs += filter(None, [self.controllers.bug])
        self.stop()
        self._chain.close()
        if self.bugs and error is None:
            raise self.bugs[0]

    def start(self) -> None:
        """Listen: on a free port, later on the one it had."""
        self._server = Server(self.port, self._context, self._requests.answer)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening, and cut all connections."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        self._cut(server)

    def start_controllers(self) -> Controllers:
        """Start what makes Pods of workloads, collects garbage and empties namespaces; it ends with the server."""
        if self.controllers is None:
            self.controllers = Controllers(self.rest)
            self.controllers.start()
        return self.controllers

    def end_watches(self) -> None:
        """Cut all connections; clients come again."""
        assert self._server is not None
        self._cut(self._server)

    def _cut(self, server: Server) -> None:
        over, self._over = self._over, threading.Event()
        over.set()
        with self.store.changed:
            self.store.changed.notify_all()
        server.close_all()

    def compact(self) -> None:
        """Forget all that was: who watches from an older version gets 410."""
        self.store.compact()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def admin(self) -> KubeClient:
        """A client that may do everything."""
        return self.client(self.admin_token)

    def client(self, token: str) -> KubeClient:
        """Return a client of whoever has the token."""
        return KubeClient(self.url, self.authority, token)

    def token(self, user: str, *groups: str) -> str:
        """Return a token of a user."""
        return self.tokens.add(user_of(user, groups))

    def service_account_token(self, namespace: str, name: str) -> str:
        """Return a token of a service account, whether there is such an object or not."""
        return self.tokens.add(service_account(namespace, name))

    def write_kubeconfig(self, path: Path, token: str, namespace: str = "default") -> Path:
        """Write a configuration for clients."""
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
            "current-context": "test",
        }
        path.write_text(yaml.safe_dump(document))
        return path
