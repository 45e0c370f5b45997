"""The issuer of the Kubernetes cluster that the server runs in: how its API server proves itself, and knows us."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cosignpy.errors import FileError
from cosignpy.values import field, value

CLUSTER_ISSUERS: Final = frozenset({"https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local"})
"""What the API server calls itself in service account tokens, unless it is told to do otherwise."""

CLUSTER_MOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts the files into each pod."""

_NO_HEADERS: Final[Mapping[str, str]] = {}


@value
class Way:
    """What else is needed on the way to an issuer."""

    ca_pem: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@value
class ClusterFiles:
    """The files that Kubernetes mounts into each pod. They are read for each fetch: the token is renewed every hour."""

    ca: Path = CLUSTER_MOUNT / "ca.crt"
    token: Path = CLUSTER_MOUNT / "token"

    def select(self, issuer: str) -> Way:
        """Return what the cluster's issuer is asked with. Others get nothing: the token is a credential of ours.

        Raises:
            FileError: A file is there and cannot be read.
        """
        if issuer not in CLUSTER_ISSUERS:
            return Way()
        token = _read(self.token).strip().decode("ascii", "replace")
        return Way(_read(self.ca), {"Authorization": f"Bearer {token}"} if token else _NO_HEADERS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise FileError(str(path), f"cannot be read ({error.strerror})") from error
