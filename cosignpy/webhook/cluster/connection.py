"""Where the API server is, and how we log in: lightkube reads what describes it, and knows the ways to do so.

Its requests are not used. Its watch asks for no bookmarks and splits lines at every character that Python takes for the
end of one, U+0085 as well: whoever may write an annotation could stop it. It has no limits, and an answer that is no
JSON leaves it as another error than one that is.
"""

import logging
import os
import socket
from collections.abc import Mapping
from typing import Final, cast

import httpx2
import msgspec
import yaml
from lightkube import ConfigError, KubeConfig, SingleConfig
from lightkube.config.client_adapter import user_auth, verify_cluster
from lightkube.config.kubeconfig import DEFAULT_KUBECONFIG, SERVICE_ACCOUNT
from lightkube.config.models import User

from cosignpy.errors import UsageError
from cosignpy.values import field, value

TIMEOUT: Final = 10.0
"""Seconds for connecting, and for each part of an answer; API servers give up after 60."""
VARIABLE: Final = "KUBECONFIG"

_KEEP_ALIVE: Final = 60.0
"""Seconds for which an idle connection is kept."""
_SOCKET_OPTIONS: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
"""A server that went away without a word is noticed after 30 seconds, on a connection where we only listen as well."""
_HINT: Final = "give the file of a cluster with --kubeconfig or KUBECONFIG, or run in a pod that has a service account"


@value
class Connection:
    """A way to the API server: `where` is its address, `namespace` the one that we are in."""

    client: httpx2.AsyncClient = field(repr=False)
    where: str
    namespace: str


def open_connection(
    kubeconfig: str = "", environment: Mapping[str, str] = os.environ, *, service_account: str = SERVICE_ACCOUNT
) -> Connection:
    """Prepare to ask the API server: that of a file, of the one in KUBECONFIG, of the pod that we are, or of ~/.kube.

    No proxy is used for it, whatever the environment says.

    Raises:
        UsageError: There is no description of a cluster, or one that cannot be used.
    """
    found = _find_configuration(kubeconfig or environment.get(VARIABLE, ""), service_account)
    source = str(found.fname or service_account)
    user = found.user or User()
    try:
        address = httpx2.URL(found.cluster.server)
        if address.scheme not in {"http", "https"} or not address.host:
            raise UsageError(f"cannot use the cluster in {source}: {found.cluster.server!r} is no address", _HINT)
        verify = verify_cluster(found.cluster, user, found.abs_file, trust_env=False)
        transport = httpx2.AsyncHTTPTransport(
            verify=verify,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_ALIVE),
            socket_options=_SOCKET_OPTIONS,
        )
        client = httpx2.AsyncClient(
            transport=transport,
            auth=user_auth(user),
            base_url=address,
            timeout=TIMEOUT,
            headers={"user-agent": "cosignpy-webhook", "accept": "application/json"},
            follow_redirects=False,
            trust_env=False,
        )
    except (ConfigError, OSError, ValueError, TypeError, httpx2.InvalidURL) as error:
        raise UsageError(f"cannot use the cluster in {source}: {_one_line(error)}", _HINT) from error
    logging.getLogger(httpx2.__name__).setLevel(logging.WARNING)  # it tells of each request, and leases have many
    return Connection(client, found.cluster.server, found.namespace)


_UNUSABLE: Final = (
    *(ConfigError, OSError, msgspec.MsgspecError, yaml.YAMLError),
    *(AttributeError, LookupError, TypeError, ValueError),
)
"""What lightkube raises of a file that has another form than it should."""


def _find_configuration(file: str, service_account: str) -> SingleConfig:
    """Read which cluster is meant."""
    source = file or service_account
    try:
        if file:
            found = KubeConfig.from_file(file).get()
        elif os.path.exists(service_account):  # noqa: PTH110 - a name, as lightkube takes it
            found = KubeConfig.from_service_account(service_account).get()
        else:
            source = DEFAULT_KUBECONFIG
            found = KubeConfig.from_file(source).get()
    except _UNUSABLE as error:
        raise UsageError(f"cannot read which cluster {source} means: {_wrong_with(error)}", _HINT) from error
    return cast("SingleConfig", found)  # without a default, it raises where there is none


def _wrong_with(error: Exception) -> str:
    """Say what is wrong with a description, and not how lightkube came to notice."""
    if isinstance(error, KeyError):
        return f"it has no {error}"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, AttributeError | TypeError):
        return "it has not the form of a kubeconfig file"
    return _one_line(error)


def _one_line(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split())
