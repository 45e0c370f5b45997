"""Paths of requests."""

from urllib.parse import unquote

from cosignpy.values import value
from tests.support.kube_api.failures import no_such_path
from tests.support.kube_api.kinds import NAMESPACES, Kind, Kinds


@value
class Target:
    """What a path names; the name is empty for all objects of a kind, the namespace for all namespaces."""

    kind: Kind
    namespace: str
    name: str
    subresource: str

    @property
    def key(self) -> tuple[str, str]:
        """Where the object is in the store."""
        return self.namespace, self.name


def parse_path(path: str, kinds: Kinds) -> Target:
    """Read `/api/v1/...` and `/apis/GROUP/VERSION/...`."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise no_such_path()
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (group == "" and rest[2] in NAMESPACES.subresources):
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *more = (*rest, *("",) * max(0, 3 - len(rest)))
    kind = kinds.find(group, version, plural)
    if kind is None or more or (subresource and subresource not in kind.subresources):
        raise no_such_path()
    if bool(namespace) > kind.namespaced or (name and kind.namespaced and not namespace):
        raise no_such_path()
    return Target(kind, namespace, name, subresource)
