"""What verifying believes and signing asks: the cache of trust, as cosign's variables say where it is."""

import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from cosignpy.cli.configuration import MIRROR, Layer, check_file, environment, settings
from cosignpy.cli.invocation import CURRENT
from cosignpy.errors import Unreachable
from cosignpy.net.clock import Clock
from cosignpy.services.tuf.cache import TRUSTED_ROOT, TrustCache, TrustPorts
from cosignpy.services.tuf.environment import cache_folder, named_root, remember_mirror, select_mirror
from cosignpy.services.tuf.initial_root import InitialRoot
from cosignpy.services.tuf.mirror import PUBLIC_GOOD, Mirror

if TYPE_CHECKING:
    from cosignpy.net.http import HttpClient


class Reach(Enum):
    """Whether a mirror may be asked; offline no socket is opened, whatever has expired."""

    ONLINE = "online"
    OFFLINE = "offline"


def open_trust(reach: Reach = Reach.ONLINE) -> TrustCache:
    """Open the cache of the mirror: TUF_MIRROR's, the context's, the one initialized last, the public good instance's.

    Raises:
        UsageError: There is no folder for it.
        MalformedError: The mirror is not one.
        FileError: The root that TUF_ROOT_JSON or the context names cannot be read.
    """
    folder = cache_folder(os.environ)
    return open_mirror(folder, select_mirror(folder, _configured()), reach)


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
    client = open_client() if reach is Reach.ONLINE else None
    return TrustCache(folder, mirror, TrustPorts(client, Clock(), CURRENT.warn))


def name_mirror(url: str | None, root: InitialRoot | None) -> Mirror:
    """Return a mirror as it is named on the command line, else by TUF_MIRROR and TUF_ROOT_JSON, else by the context.

    Raises:
        CosignError: The root cannot be had, or is not what its checksum says; see `InitialRoot.load`.
    """
    configured = os.environ if url else _configured()  # the context's root is that of its own mirror
    mirror = url or configured.get("TUF_MIRROR", "") or PUBLIC_GOOD
    if root is None:
        return Mirror.parse(mirror, named_root(configured))
    return Mirror.parse(mirror, root.load(open_client(), os.environ))


def choose_mirror(folder: Path, mirror: Mirror) -> None:
    """Take a mirror for later commands, unless it is the context's: that is no choice for those who have another.

    Raises:
        FileError: That cannot be noted.
    """
    named = settings()[MIRROR.name]
    if named.layer is Layer.CONTEXT and mirror.url == Mirror.parse(named.content).url:
        return
    remember_mirror(folder, mirror)
    if named.layer is Layer.CONTEXT:
        CURRENT.warn(
            f"the context {named.source} names another mirror, {named.content}, which counts as long as it does"
        )


def _configured() -> Mapping[str, str]:
    found = environment()
    check_file("tuf_root", found.get("TUF_ROOT_JSON"))
    return found


def open_client() -> "HttpClient":
    """Open a client, by the proxies that the environment names; it is closed when the command ends.

    Raises:
        UsageError: A variable names a proxy that is none.
    """
    from cosignpy.net.http import HttpClient, HttpOptions
    from cosignpy.net.proxy import Proxies

    client = HttpClient(HttpOptions(proxies=Proxies.from_environment(os.environ)))
    CURRENT.resources.callback(client.close)
    return client
