"""Secrets and ConfigMaps that lie beside policies, in place of those of a cluster."""

from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.documents import Members, Node, Place
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.headers import Header, Kind, read_header
from cosignpy.imagepolicy.scalars import parse_octets
from cosignpy.values import field, value

NAMESPACE: Final = "cosign-system"
"""Where the policy controller is installed, and where it looks for Secrets with keys."""

MAX_ENTRIES: Final = 100
"""Entries of a Secret or ConfigMap; those that policies name have one, or a few."""

SECRET: Final = Kind("Secret", ("v1",), ("data", "stringData", "type", "immutable"), namespaced=True)
CONFIG_MAP: Final = Kind("ConfigMap", ("v1",), ("data", "binaryData", "immutable"), namespaced=True)

_DOCKER: Final[Mapping[str, str]] = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}
"""Types of Secrets to pull images with, and the entry that each has."""
_PUBLIC: Final = (b"-----BEGIN PUBLIC KEY-----", b"-----BEGIN CERTIFICATE-----")


@value
class Secret:
    """A Secret: octets by their names."""

    place: Place = field(compare=False, repr=False)
    name: str
    namespace: str
    type: str
    entries: Mapping[str, bytes] = field(repr=False)

    @property
    def is_public(self) -> bool:
        """Whether all of it may be shown to everybody: public keys and certificates are all that policies need."""
        return all(each.lstrip().startswith(_PUBLIC) and b"PRIVATE" not in each for each in self.entries.values())

    @property
    def auths(self) -> Mapping[str, JsonValue]:
        """What it says about registries, as the member `auths` of Docker's configuration file.

        Raises:
            MalformedError: It is no Secret to pull images with, or has something else in it.
        """
        name = _DOCKER.get(self.type)
        if name is None:
            raise MalformedError(self.name, f"the Secret {self.name} is of none of the types {', '.join(_DOCKER)}")
        found = JsonObject.parse(self.entries.get(name, b""), what=f"Secret {self.name}")
        return found.child("auths").members if name == ".dockerconfigjson" else found.members


@value
class ConfigMap:
    """A ConfigMap: texts by their names."""

    place: Place = field(compare=False, repr=False)
    name: str
    namespace: str
    entries: Mapping[str, str] = field(repr=False)
    places: Mapping[str, Place] = field(compare=False, repr=False)


def parse_secret(node: Node) -> Secret:
    """Parse a Secret.

    Raises:
        DocumentError: Something in it is not as it should be, or it lies in another namespace than the controller's.
            Those to pull images with lie where the images are used.
    """
    header = read_header(node, SECRET)
    fields = header.fields
    if fields.text("type") not in _DOCKER:
        _check_namespace(header)
    fields.flag("immutable")
    encoded = _octets(fields, "data")
    plain = {name: text.encode() for name, text in fields.texts("stringData", MAX_ENTRIES, hidden=True).items()}
    return Secret(node.place, header.name, header.namespace, fields.text("type"), encoded | plain)


def parse_config_map(node: Node) -> ConfigMap:
    """Parse a ConfigMap; what it has in `binaryData` is no text of a policy.

    Raises:
        DocumentError: Something in it is not as it should be, or it lies in another namespace than the controller's.
    """
    header = read_header(node, CONFIG_MAP)
    _check_namespace(header)
    fields = header.fields
    fields.flag("immutable")
    _octets(fields, "binaryData")
    texts = fields.texts("data", MAX_ENTRIES)
    places = fields.child("data", _places_of) or {}
    return ConfigMap(node.place, header.name, header.namespace, texts, places)


def merge_docker_configs(secrets: Sequence[Secret]) -> str:
    """Return what Secrets to pull images with have, as Docker's configuration file; empty where there are none.

    Raises:
        MalformedError: One is something else.
    """
    auths: dict[str, JsonValue] = {}
    for secret in secrets:
        auths = {**secret.auths, **auths}
    return encode_json({"auths": auths}).decode() if secrets else ""


def _places_of(node: Node) -> Mapping[str, Place]:
    return {name: each.place for name, each in node.members.items()} if isinstance(node, Members) else {}


def _check_namespace(header: Header) -> None:
    if header.namespace not in {"", NAMESPACE}:
        why = f"{header.namespace!r} is not where policies have their texts and keys"
        raise header.metadata.error("namespace", why, f"allowed: {NAMESPACE}")


def _octets(fields: Fields, name: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry, text in fields.texts(name, MAX_ENTRIES, hidden=True).items():
        try:
            found[entry] = parse_octets(text, entry)
        except MalformedError as error:
            raise fields.error(name, f"{entry}: {error.why}") from error
    return found
