"""The switches that make the registry misbehave, and their spelling on the command line.

| `--fault`            | what happens |
|----------------------|--------------|
| `no-referrers-api`   | `/referrers/` is 404 and `OCI-Subject` is not sent, as before distribution spec 1.1 |
| `no-deletes`         | every DELETE is 405 |
| `rate-limit=N`       | the first N requests get 429 with `Retry-After` |
| `server-error=N`     | the first N requests get 503 with `Retry-After` |
| `retry-after=S`      | the seconds that those two announce (1) |
| `status=CODE`        | every request gets this status |
| `reset=N`            | the first N requests end in a connection reset |
| `truncate`           | bodies end in the middle, and the connection with them |
| `alter`              | one bit in the middle of each body is flipped |
| `stall`              | half of each body, then silence |
| `endless`            | bodies never end |
| `trickle=MS`         | each KiB of a body takes this long |
| `wrong-digest`       | `Docker-Content-Digest` names other content |
| `latency=MS`         | one round trip of the network: each request costs one, a new connection one (TLS: two) more |
| `page-size=N`        | lists come in pages of at most N |
| `token-uses=N`       | a token is refused after N requests, whatever its lifetime |
| `only=KIND[,KIND]`   | the faults above, but for the last three, at these endpoints only |

The bodies meant are those of successful GET requests.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from cosignpy.errors import UsageError
from cosignpy.values import field, replace, value


class BodyFault(StrEnum):
    """What is wrong with the bodies of answers."""

    NONE = "none"
    TRUNCATE = "truncate"
    ALTER = "alter"
    STALL = "stall"
    ENDLESS = "endless"


class Kind(StrEnum):
    """The endpoints faults can be limited to."""

    PING = "ping"
    BLOBS = "blobs"
    UPLOADS = "uploads"
    MANIFESTS = "manifests"
    TAGS = "tags"
    REFERRERS = "referrers"
    TOKEN = "token"  # noqa: S105 - an endpoint


@value
class ScriptedAnswer:
    """An answer written by a test for one method and path, in place of the registry's own."""

    method: str
    path: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@value
class Faults:
    """What to do wrong; by default nothing. The module's table explains each; times are in seconds."""

    no_referrers_api: bool = False
    no_deletes: bool = False
    rate_limit: int = 0
    server_errors: int = 0
    retry_after: int = 1
    status: int = 0
    resets: int = 0
    body: BodyFault = BodyFault.NONE
    trickle: float = 0.0
    wrong_digest: bool = False
    latency: float = 0.0
    page_size: int = 0
    token_uses: int = 0
    only: frozenset[Kind] = frozenset()
    scripted: tuple[ScriptedAnswer, ...] = ()


def parse_faults(texts: Iterable[str]) -> Faults:
    """Parse the values of `--fault`.

    Raises:
        UsageError: A fault that is not known, or a value it cannot have.
    """
    faults = Faults()
    for text in texts:
        name, _, value = text.partition("=")
        if name not in _SWITCHES:
            raise UsageError(f"unknown fault {name!r}", f"known are: {', '.join(sorted(_SWITCHES))}")
        member, parse = _SWITCHES[name]
        try:
            parsed = parse(value)
        except ValueError as error:
            raise UsageError(f"--fault {text}: {error}") from error
        faults = replace(faults, **{member: parsed})
    return faults


def _nothing(constant: object) -> Callable[[str], Any]:
    def parse(value: str) -> object:
        if value:
            raise ValueError("this fault takes no value")
        return constant

    return parse


def _number(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("expected a number")
    return int(value)


def _status(value: str) -> int:
    if not re.fullmatch(r"[2-5][0-9]{2}", value):
        raise ValueError("expected an HTTP status from 200 on")
    return int(value)


def _milliseconds(value: str) -> float:
    return _number(value.removesuffix("ms")) / 1000


def _kinds(value: str) -> frozenset[Kind]:
    return frozenset(Kind(part) for part in value.split(","))


_SWITCHES: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "no-referrers-api": ("no_referrers_api", _nothing(constant=True)),
    "no-deletes": ("no_deletes", _nothing(constant=True)),
    "rate-limit": ("rate_limit", _number),
    "server-error": ("server_errors", _number),
    "retry-after": ("retry_after", _number),
    "status": ("status", _status),
    "reset": ("resets", _number),
    "truncate": ("body", _nothing(BodyFault.TRUNCATE)),
    "alter": ("body", _nothing(BodyFault.ALTER)),
    "stall": ("body", _nothing(BodyFault.STALL)),
    "endless": ("body", _nothing(BodyFault.ENDLESS)),
    "trickle": ("trickle", _milliseconds),
    "wrong-digest": ("wrong_digest", _nothing(constant=True)),
    "latency": ("latency", _milliseconds),
    "page-size": ("page_size", _number),
    "token-uses": ("token_uses", _number),
    "only": ("only", _kinds),
}
