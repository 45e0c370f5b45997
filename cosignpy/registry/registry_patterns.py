"""Names of registries with wildcards, as the kubelet reads the keys of Secrets to pull images with.

`[scheme://]host[:port][/path]`: each label of the host is a pattern of its own, so that `*` never stands for two.
https://kubernetes.io/docs/concepts/containers/images/#config-json
"""

from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

from cosignpy.core.oci.reference import DOCKER_HUB
from cosignpy.values import value

MAX_PATTERN: Final = 1024
"""Characters; a host has 253 at the most and a repository 255."""

_SCHEMES: Final = ("https://", "http://")
_API_VERSIONS: Final = ("/v1/", "/v2/")
_HUB_NAMES: Final = (DOCKER_HUB, "docker.io", "registry-1.docker.io")


class PathMatch(Enum):
    """What a path is the beginning of."""

    TEXT = "text"
    """`team/ap` is one of `team/app`, as the kubelet has it."""
    SEGMENTS = "segments"
    """`team/ap` is one of `team/ap/x` only: for rules that someone would like to get around."""


@value
class RegistryPattern:
    """A name with wildcards, taken apart. `text` is without scheme and version, which it is sorted by."""

    text: str
    labels: tuple[str, ...]
    port: str
    path: str

    @classmethod
    def parse(cls, text: str) -> "RegistryPattern | None":
        """Read a pattern; None for one that names no registry, and so concerns nobody who asks."""
        rest = next((text.removeprefix(scheme) for scheme in _SCHEMES if text.startswith(scheme)), text)
        host, slash, below = rest.partition("/")
        path = slash + below
        if path.startswith(_API_VERSIONS) or path in {"/v1", "/v2"}:
            path = path[len("/v1") :]
        path = path.lstrip("/")
        name, port = _split_port(host.lower())
        if not name or len(text) > MAX_PATTERN or not text.isascii() or not text.isprintable() or "://" in rest:
            return None
        return cls(f"{host.lower()}/{path}", tuple(name.split(".")), port, path)

    def covers(self, registry: str, repository: str, paths: PathMatch = PathMatch.TEXT) -> bool:
        """Tell whether the pattern is for a repository."""
        names = _HUB_NAMES if registry == DOCKER_HUB else (registry,)
        return any(self._covers_host(name) for name in names) and self._covers_path(repository, paths)

    def _covers_host(self, registry: str) -> bool:
        name, port = _split_port(registry.lower())
        labels = name.split(".")
        if port != self.port or len(labels) != len(self.labels):
            return False
        pairs = zip(labels, self.labels, strict=True)
        return all(label == each or fnmatchcase(label, each.replace("[^", "[!")) for label, each in pairs)

    def _covers_path(self, repository: str, paths: PathMatch) -> bool:
        if not self.path or paths is PathMatch.TEXT:
            return repository.startswith(self.path)
        whole = self.path.rstrip("/")
        return repository == whole or repository.startswith(f"{whole}/")


def _split_port(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")
