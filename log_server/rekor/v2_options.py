"""What an operator decides about Rekor v2, and which of several logs a client speaks to."""

from collections.abc import Callable
from typing import Final, TypeAlias

from starlette.types import Scope

from cosignpy.serving.asgi import BodyLimits, header
from cosignpy.values import field, value
from log_server.log import Log, Shard
from log_server.rekor.accepted import Accepted
from log_server.rekor.submission import PATIENCE_SECONDS, Duplicates
from log_server.rekor.v2_request import accept

MAX_BODY: Final = 4 << 20
"""Octets of a submission, as the real server has it: an envelope can be large."""

Accept: TypeAlias = Callable[[bytes], Accepted]
"""Verifies the body of a request, and writes the entry's canonical form."""


@value
class V2Options:
    """How the log answers."""

    accept: Accept = field(default=accept, repr=False)
    duplicates: Duplicates = Duplicates.CONFLICT
    body: BodyLimits = BodyLimits(MAX_BODY)
    patience: float = PATIENCE_SECONDS


def select_shard(log: Log, scope: Scope) -> Shard:
    """Return the log whose host name the client used; the active one if it is none of theirs.

    Clients know a log by its host name, without the port: it is what the origin in the checkpoint begins with.
    """
    shards = log.shards
    if len(shards) > 1:
        host = _host_of(header(scope, b"host").decode("latin-1"))
        for shard in shards:
            if _spell(shard.identity.origin.partition("/")[0]) == host:
                return shard
    return log.active


def _host_of(authority: str) -> str:
    """Drop the port (RFC 3986 section 3.2); a literal IPv6 address stands in brackets."""
    name, separator, port = authority.rpartition(":")
    return _spell(name if separator and (port.isdecimal() or not port) else authority)


def _spell(name: str) -> str:
    """Write a name in one way: with a dot at its end, and in other letters, it is the same (RFC 1034 section 3.1)."""
    return name.removesuffix(".").lower()
