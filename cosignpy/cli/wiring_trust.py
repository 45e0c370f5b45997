"""What verifying believes and signing asks: the cache of trust, as cosign's variables say where it is."""

import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from cosignpy.cli.invocation import CURRENT
from cosignpy.errors import Unreachable
from cosignpy.net.clock import Clock
from cosignpy.services.tuf.cache import TRUSTED_ROOT, TrustCache, TrustPorts
from cosignpy.services.tuf.environment import cache_folder, named_root, select_mirror
from cosignpy.services.tuf.initial_root import InitialRoot
from cosignpy.services.tuf.mirror import PUBLIC_GOOD, Mirror

if TYPE_CHECKING:
    from cosignpy.net.http import HttpClient


class Reach(Enum):
    """Whether a mirror may be asked; offline no socket is opened, whatever has expired."""

    ONLINE = "online"
    OFFLINE = "offline"


def open_trust(reach: Reach = Reach.ONLINE) -> TrustCache:
    """Open the cache of TUF_MIRROR, else of the mirror initialized last, else of the public good instance.

    Raises:
        UsageError: There is no folder for it.
        MalformedError: The mirror is not one.
        FileError: The root that TUF_ROOT_JSON names cannot be read.
    """
    folder = cache_folder(os.environ)
    return open_mirror(folder, select_mirror(folder, os.environ), reach)


def read_target(name: str = TRUSTED_ROOT, *, reach: Reach = Reach.ONLINE) -> bytes:
    """Return a document of the mirror that is configured.

    Raises:
        NoSuchTarget: It does not have it.
        CosignError: The mirror cannot be reached, or cannot be believed.
    """
    try:
        return open_trust(reach).target(name)
    except Unreachable as error:
        error.hint = error.hint or (
            "name a file that you trust (--trusted-root, and --signing-config to sign), "
            "or fetch both once, where there is a network: cosignpy initialize"
        )
        raise


def open_mirror(folder: Path, mirror: Mirror, reach: Reach = Reach.ONLINE) -> TrustCache:
    """Open the cache of a mirror; nothing is read or sent yet."""
    client = _open_client() if reach is Reach.ONLINE else None
    return TrustCache(folder, mirror, TrustPorts(client, Clock(), CURRENT.warn))


def name_mirror(url: str | None, root: InitialRoot | None) -> Mirror:
    """Return a mirror as it is named on the command line, else by TUF_MIRROR and TUF_ROOT_JSON.

    Raises:
        CosignError: The root cannot be had, or is not what its checksum says; see `InitialRoot.load`.
    """
    mirror = url or os.environ.get("TUF_MIRROR", "") or PUBLIC_GOOD
    if root is None:
        return Mirror.parse(mirror, named_root(os.environ))
    return Mirror.parse(mirror, root.load(_open_client(), os.environ))


def _open_client() -> "HttpClient":
    from cosignpy.net.http import HttpClient, HttpOptions
    from cosignpy.net.proxy import Proxies

    client = HttpClient(HttpOptions(proxies=Proxies.from_environment(os.environ)))
    CURRENT.resources.callback(client.close)
    return client
