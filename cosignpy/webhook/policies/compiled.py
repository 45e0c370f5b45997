"""A policy with all that it names, as octets: what is sent to other processes, and known by its digest.

Octets have what the policy was read from, and not what was read, so that it is the reader that decides what they mean,
wherever they are read. The same source gives the same octets.
"""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.trusted_root import TrustedRoot, parse_trusted_root
from cosignpy.documents import Place
from cosignpy.errors import MalformedError, UsageError
from cosignpy.imagepolicy.cluster_objects import ConfigMap, Secret
from cosignpy.imagepolicy.conduct import Conduct
from cosignpy.imagepolicy.dialect import VERSIONS, Dialect
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.go_reader.documents import check_policy
from cosignpy.imagepolicy.go_reader.field_errors import below, describe, missing
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.model import Authority, CtLog, ImagePolicyDocument, Keyless, Rfc3161Timestamp, SecretRef
from cosignpy.imagepolicy.parse import Resource
from cosignpy.imagepolicy.references import link_policies
from cosignpy.imagepolicy.spec import parse_policy
from cosignpy.imagepolicy.trust_roots import TrustRoot, TufRepository, parse_trust_root
from cosignpy.operations.complete_policies import complete_policy
from cosignpy.operations.remembered import Memory
from cosignpy.values import field, fields_of, replace, value
from cosignpy.webhook.policies.names import names_of
from cosignpy.webhook.policies.nodes import read_object

Trusting = TypeVar("Trusting", Keyless, CtLog, Rfc3161Timestamp)

FORMAT: Final = 1
"""Of the octets; others are refused."""
MAX_ROOTS: Final = 64
"""Trust roots that are kept as they were read: many policies name one, and reading its certificates takes time."""

_CLUSTER: Final = Place("cluster", 1)
"""Where what policies name is, as errors call it."""
_TEXTS: Final = ("secrets", "repositories", "remotes", "keys")
"""Maps from names to texts."""


@value
class PolicyNeeds:
    """What a policy names, by its names.

    Attributes:
        secrets: The text of the only entry of each Secret.
        config_maps: The entries of each ConfigMap.
        trust_roots: Objects of the cluster that have their keys themselves.
        repositories: What the TUF repositories of the others have (`trusted_root.json`).
        remotes: Texts of the web, by their URLs.
        keys: Public keys in PEM, by the reference to the KMS that has them.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    config_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    trust_roots: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    repositories: Mapping[str, str] = field(default_factory=dict)
    remotes: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


@value
class PolicySource:
    """A policy as the cluster has it, how it is decided by, and what it names.

    An ImagePolicy is always decided by as we do.
    """

    document: Mapping[str, Any]
    conduct: Conduct
    needs: PolicyNeeds = field(default_factory=PolicyNeeds)


def encode_policy(source: PolicySource) -> bytes:
    """Encode a policy: what decides of it, so that labels and statuses change nothing."""
    document, needs = source.document, source.needs
    content = {
        "format": FORMAT,
        "conduct": {name: getattr(source.conduct, name) for name in fields_of(Conduct)},
        "document": {
            "apiVersion": document.get("apiVersion"),
            "kind": document.get("kind"),
            "metadata": {"name": document.get("metadata", {}).get("name")},
            "spec": document.get("spec"),
        },
        "trust_roots": {name: _essence(each) for name, each in needs.trust_roots.items()},
        "config_maps": {name: dict(each) for name, each in needs.config_maps.items()},
        **{name: dict(getattr(needs, name)) for name in _TEXTS},
    }
    return _dump(content)


def version_of(encoded: bytes) -> str:
    """Return what a policy is known by: the SHA-256 of its octets, in hex."""
    return Digest.of(encoded).hex


def decode_policy(encoded: bytes) -> ImagePolicyDocument:
    """Return the policy that octets stand for, by which can be decided.

    Raises:
        MalformedError: They are none, or of another format.
        CosignError: The policy is not valid, or something that it names is missing, or is not what it should be.
    """
    return read_source(_parse(encoded))


def read_source(source: PolicySource) -> ImagePolicyDocument:
    """Return a policy with what it names.

    Raises:
        CosignError: It is not valid, or something that it names is missing, or is not what it should be.
    """
    return complete_source(read_document(source.document, source.conduct), source)


def complete_source(policy: ImagePolicyDocument, source: PolicySource) -> ImagePolicyDocument:
    """Return a policy that was read of a source with what it names.

    Raises:
        CosignError: Something that it names is missing, or is not what it should be.
    """
    needs, absent = source.needs, frozenset[str]()
    if not source.conduct.absent_refused:
        absent = frozenset(names_of(policy).trust_roots) - needs.trust_roots.keys() - needs.repositories.keys()
    stand_ins = [TrustRoot(_CLUSTER, name, TrustedRoot()) for name in absent]
    (linked,) = link_policies([policy, *_resources(needs), *stand_ins])
    return complete_policy(_without_roots(linked, absent), _Supplies(needs), Memory())


def _without_roots(policy: ImagePolicyDocument, absent: Collection[str]) -> ImagePolicyDocument:
    """Let authorities fail that name a trust root which is not there, as the policy controller does."""

    def without(part: Trusting) -> Trusting:
        return replace(part, trust_root=None) if part.trust_root_ref in absent else part

    def authority_without(authority: Authority) -> Authority:
        signer, ctlog, stamp = authority.signer, authority.ctlog, authority.rfc3161timestamp
        return replace(
            authority,
            signer=without(signer) if isinstance(signer, Keyless) else signer,
            ctlog=None if ctlog is None else without(ctlog),
            rfc3161timestamp=None if stamp is None else without(stamp),
        )

    if not absent:
        return policy
    return replace(policy, authorities=tuple([authority_without(each) for each in policy.authorities]))


def read_document(document: Mapping[str, Any], conduct: Conduct) -> ImagePolicyDocument:
    """Read an object that is a policy; what it names is not looked into.

    Raises:
        CosignError: It is none, or not valid; the message is the policy controller's for its kind.
    """
    name = str(document.get("metadata", {}).get("name", ""))
    if (document.get("kind"), document.get("apiVersion")) in _OWN:
        return parse_policy(read_object(_essence(document), f"{Dialect.OWN} {name}"))
    version = document.get("apiVersion")
    if document.get("kind") != Dialect.CLUSTER or version not in list(Version):
        raise MalformedError(name, f"{version}, Kind={document.get('kind')} is no policy")
    checked = check_policy(_essence(document), Version(version), name)
    errors = tuple([each for each in checked.errors if each != _NO_AUTHORITIES])
    if errors:
        raise MalformedError(name, describe(errors))
    return _with_own_authorities(checked.convert(f"{Dialect.CLUSTER} {name}", conduct), checked.fields)


(_NO_AUTHORITIES,) = below(missing("authorities"), "spec")
"""Such a policy refuses all images, and whether it is a mistake is a setting of the cluster."""
_OWN: Final = frozenset((Dialect.OWN.value, version) for version in VERSIONS[Dialect.OWN])


def _with_own_authorities(policy: ImagePolicyDocument, read: Fields) -> ImagePolicyDocument:
    """Let `ca-cert` name the Secret that it does, where certificates of it count."""
    if not policy.conduct.own_authorities:
        return policy
    spec = read.child("spec") or Fields({})
    found = list(policy.authorities)
    for number, fields in enumerate(spec.children("authorities")):
        signer, keyless = found[number].signer, fields.child("keyless")
        certificate = None if keyless is None else keyless.child("ca-cert")
        secret = None if certificate is None else certificate.child("secretRef")
        if isinstance(signer, Keyless) and signer.ca_cert is not None and secret is not None:
            named = replace(signer.ca_cert, secret_ref=SecretRef(secret.text("name"), secret.text("namespace")))
            found[number] = replace(found[number], signer=replace(signer, ca_cert=named))
    return replace(policy, authorities=tuple(found))


def _essence(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an object means something."""
    found = {name: document[name] for name in ("apiVersion", "kind", "spec") if name in document}
    return found | {"metadata": {"name": document.get("metadata", {}).get("name", "")}}


def _resources(needs: PolicyNeeds) -> list[Resource]:
    place = _CLUSTER
    secrets = [Secret(place, name, "", "", {"key": text.encode()}) for name, text in needs.secrets.items()]
    maps = [ConfigMap(place, name, "", each, dict.fromkeys(each, place)) for name, each in needs.config_maps.items()]
    roots = [_read_root(_dump(each)) for each in needs.trust_roots.values()]
    read = [TrustRoot(place, name, _read_trusted_root(text)) for name, text in needs.repositories.items()]
    return [*secrets, *maps, *roots, *read]


@lru_cache(maxsize=MAX_ROOTS)
def _read_root(encoded: bytes) -> TrustRoot:
    return read_trust_root(json.loads(encoded))


@lru_cache(maxsize=MAX_ROOTS)
def _read_trusted_root(text: str) -> TrustedRoot:
    return parse_trusted_root(text.encode())


def read_trust_root(document: Mapping[str, Any]) -> TrustRoot:
    """Read an object that is a trust root.

    Raises:
        CosignError: It is none, or not valid.
    """
    essence = _essence(document)
    return parse_trust_root(read_object(essence, f"TrustRoot {essence['metadata']['name']}"))


@value
class _Supplies:
    """What was fetched before."""

    needs: PolicyNeeds

    def fetch_text(self, url: str) -> bytes:
        if url not in self.needs.remotes:
            raise UsageError(f"the text at {url} is not at hand")
        return self.needs.remotes[url].encode()

    def load_key(self, reference: str) -> PublicKey:
        if reference not in self.needs.keys:
            raise UsageError(f"the key {reference} is not at hand")
        return PublicKey.parse_pem(self.needs.keys[reference].encode(), what=reference)

    def read_repository(self, repository: TufRepository) -> bytes:
        raise UsageError(f"what the TUF repository {repository.mirror} has is not at hand")


def _parse(encoded: bytes) -> PolicySource:
    found = JsonObject.parse(encoded, what="compiled policy")
    if found.members.get("format") != FORMAT:
        raise MalformedError("compiled policy", f"not of format {FORMAT}")
    switches: Mapping[str, JsonValue] = found.child("conduct").members
    if switches.keys() != fields_of(Conduct).keys() or not all(isinstance(each, bool) for each in switches.values()):
        raise MalformedError("compiled policy", "conduct: other switches than are known")
    named = {name: found.child(name).members for name in ("trust_roots", "config_maps", *_TEXTS)}
    return PolicySource(found.child("document").members, Conduct(**switches), PolicyNeeds(**named))


def _dump(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
