"""Policies of both kinds, read strictly: an unknown field is refused with its path, and so is a wrong one.

What Kubernetes adds to a document that it gives out (`status`, and what is in `metadata`) is known and has no meaning
here. Beside policies may lie what they name: TrustRoots, Secrets and ConfigMaps.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from cosignpy.documents import DocumentError, Members, Node, Place, Word, parse_documents
from cosignpy.imagepolicy.cluster_objects import CONFIG_MAP, SECRET, ConfigMap, Secret, parse_config_map, parse_secret
from cosignpy.imagepolicy.dialect import Dialect
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.imagepolicy.spec import parse_policy
from cosignpy.imagepolicy.trust_roots import TRUST_ROOT, TrustRoot, parse_trust_root

Resource: TypeAlias = ImagePolicyDocument | TrustRoot | Secret | ConfigMap

_BESIDE: Final[Mapping[str, Callable[[Node], Resource]]] = {
    TRUST_ROOT.name: parse_trust_root,
    SECRET.name: parse_secret,
    CONFIG_MAP.name: parse_config_map,
}
"""What else than policies is read, by its kind."""
_NAMES: Final[Mapping[type, str]] = {TrustRoot: TRUST_ROOT.name, Secret: SECRET.name, ConfigMap: CONFIG_MAP.name}


def parse_policies(raw: bytes, file: str) -> tuple[ImagePolicyDocument, ...]:
    """Parse the policies of a file; what they name in other documents is not looked up (`references`).

    Raises:
        DocumentError: As `parse_resources`.
    """
    return tuple([each for each in parse_resources(raw, file) if isinstance(each, ImagePolicyDocument)])


def parse_resources(raw: bytes, file: str) -> tuple[Resource, ...]:
    """Parse all documents of a file.

    Raises:
        DocumentError: It is not YAML as `cosignpy.documents` wants it, a document is of no kind that is read, a field
            is unknown or wrong, two documents have one name, or there is none.
    """
    found = tuple([_BESIDE.get(_kind_of(node), parse_policy)(node) for node in parse_documents(raw, file)])
    if not found:
        raise DocumentError(f"{file}:1: no policy in it", f"allowed: {', '.join(Dialect)}", file, 1)
    refuse_namesakes(found)
    return found


def refuse_namesakes(resources: Iterable[Resource]) -> None:
    """Refuse two documents of one kind that have one name.

    Raises:
        DocumentError: There are two.
    """
    found: dict[tuple[str, str, str], Place] = {}
    for each in resources:
        what = _NAMES.get(type(each), "policy")
        first = found.setdefault((what, getattr(each, "namespace", ""), each.name), each.place)
        if first is not each.place:
            where = f"on line {first.line}" if first.file == each.place.file else f"in {first.file}"
            raise each.place.error(f"a {what} {each.name} stands {where} as well")


def _kind_of(node: Node) -> str:
    kind = node.members.get("kind") if isinstance(node, Members) else None
    return kind.text if isinstance(kind, Word) else ""
