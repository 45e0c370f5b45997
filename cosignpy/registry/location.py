"""Where an image is, as people write it: `[transport:]…`, without a transport on a registry.

The transports are those of other container tools, spelled out so that no image name is mistaken for one:
`oci-layout:DIR[:TAG]`, `oci-archive:FILE[:TAG]` (either with `@DIGEST` too), and `docker-daemon:NAME`.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference, Tag, parse_tag
from cosignpy.errors import UsageError
from cosignpy.values import value

_FOREIGN: Final = re.compile(r"(?P<transport>[a-z][a-z0-9-]*):/")
_DIGEST: Final = re.compile(r"(?P<path>.+)@(?P<digest>sha(?:256|512):[^/]*)")
_TAG: Final = re.compile(r"(?P<path>.+):(?P<tag>[^/:]+)")


@value
class LayoutLocation:
    """An image in an OCI layout directory; without a target the only one in it."""

    path: Path
    target: Digest | Tag | None = None


@value
class ArchiveLocation:
    """An image in an OCI layout in a tar file; without a target the only one in it."""

    path: Path
    target: Digest | Tag | None = None


@value
class DaemonLocation:
    """An image that the local Docker engine knows by this name."""

    name: str


Location = Reference | LayoutLocation | ArchiveLocation | DaemonLocation


def parse_location(text: str) -> Location:
    """Parse what a person calls an image or the place for one.

    Raises:
        UsageError: An unknown transport, or nothing behind a known one.
        MalformedError: Not a reference; or a tag or digest that is none.
    """
    transport, colon, rest = text.partition(":")
    parse = _TRANSPORTS.get(transport) if colon else None
    if parse is not None:
        if not rest:
            raise UsageError(f"{text!r} names nothing behind the transport", _KNOWN)
        return parse(rest)
    foreign = _FOREIGN.match(text)
    if foreign:
        raise UsageError(f"unknown transport {foreign['transport']!r} in {text!r}", _KNOWN)
    return Reference.parse(text)


def _split_target(text: str) -> tuple[Path, Digest | Tag | None]:
    by_digest = _DIGEST.fullmatch(text)
    if by_digest:
        return Path(by_digest["path"]), Digest.parse(by_digest["digest"])
    by_tag = _TAG.fullmatch(text)
    if by_tag:
        return Path(by_tag["path"]), parse_tag(by_tag["tag"])
    return Path(text), None


def _parse_layout(rest: str) -> Location:
    return LayoutLocation(*_split_target(rest))


def _parse_archive(rest: str) -> Location:
    return ArchiveLocation(*_split_target(rest))


_TRANSPORTS: Final[Mapping[str, Callable[[str], Location]]] = MappingProxyType(
    {"oci-layout": _parse_layout, "oci-archive": _parse_archive, "docker-daemon": DaemonLocation}
)
_KNOWN: Final = (
    "known are oci-layout:DIR[:TAG], oci-archive:FILE[:TAG] and docker-daemon:NAME; "
    "an image on a registry is written without a transport"
)
