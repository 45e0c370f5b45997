"""Patterns of images as globs of ours, which describe at least the same images.

For both a `*` is any characters, slashes too, and Docker Hub is `docker.io`. In a cluster images have digests, and
behind a digest there is no tag: what a pattern says of tags is said of digests too, or refused.
"""

import re
from typing import Final

from cosignpy.core.oci.reference import DOCKER_HUB
from cosignpy.documents import Place

_HUB_ELSEWHERE: Final = "docker.io"
_ODD: Final = re.compile(r"[^A-Za-z0-9_:/*.@-]")
_TAG: Final = re.compile(r"(?P<name>.*[^/]):(?P<tag>[^/:]*)")
_HOST: Final = re.compile(r"localhost|.*[.:*].*")
_ANY: Final = re.compile(r"\*+")


def convert_pattern(text: str, place: Place) -> tuple[str, ...]:
    """Return the globs for a pattern.

    Raises:
        DocumentError: It is about some tags only, or no glob can say it.
    """
    if _ODD.search(text) or not text:
        raise place.error(f"the pattern {text!r} cannot be converted", "use names, and * for any characters")
    if text in {"*", "**", "*:*", "*/*", "*/*:*"}:
        return ("**",)
    host, slash, path = text.partition("/")
    if not slash and "*" in text.partition(":")[0]:
        raise place.error(f"the pattern {text!r} has a * but no registry", "write the registry, a slash and the rest")
    if not slash or not _HOST.fullmatch(host):
        host, path = _HUB_ELSEWHERE, text
    if "*" in host.lstrip("*"):
        raise place.error(f"the pattern {text!r} has a * inside the registry", "write the registries one by one")
    globs = list[str]()
    for name in _names(host, path):
        globs += [_ANY.sub("**", each) for each in _versions(name, place)]
    return tuple(dict.fromkeys(globs))


def _names(host: str, path: str) -> list[str]:
    """Return the names that a name may have here: the registry that others call docker.io has two more."""
    names = [] if host == _HUB_ELSEWHERE else [f"{host}/{path}"]
    if host.strip("*") and _HUB_ELSEWHERE.endswith(host.lstrip("*")):
        names.append(f"{DOCKER_HUB}/{path}")
        if "/" not in path:
            names.append(f"{DOCKER_HUB}/library/{path}")
    return names


def _versions(name: str, place: Place) -> list[str]:
    """Return a name with all tags, and with all digests."""
    if "@" in name:
        return [name]
    tagged = _TAG.fullmatch(name)
    if tagged is None:
        return [name] if name.endswith("*") else [f"{name}:*", f"{name}@*"]
    if _ANY.fullmatch(tagged["tag"]):
        return [f"{tagged['name']}:*", f"{tagged['name']}@*"]
    hint = "in a cluster images have digests, and no tags: end it with :*"
    raise place.error(f"the pattern {name!r} is about some tags only", hint)
