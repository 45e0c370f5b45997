"""Which policies are about an image, and what a decision by them depends on: found once for each name of an image."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Self

from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.errors import CosignError, UsageError
from cosignpy.imagepolicy.authority_trust import select_trusted_root
from cosignpy.imagepolicy.completeness import texts_of
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument, Static
from cosignpy.imagepolicy.requirements import build_image_policy
from cosignpy.imagepolicy.workloads import Workload, is_about
from cosignpy.operations.decide_once import looks_at_signatures
from cosignpy.values import record, value
from cosignpy.webhook.engine.names import ImageName
from cosignpy.webhook.policies.names import pull_secrets_of
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot

MOST_PIECES: Final = 3000
"""Pieces of all globs of a namespace's own policies, each a wildcard or a text between two: whoever writes them does
not keep the images of others waiting."""
MOST_NAMES: Final = 20_000
"""Names of images for which is known which policies are about them."""

_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Any moment: whom a policy believes does not depend on it."""
_PARTS: Final = (("spec", "include_spec"), ("metadata", "include_object_meta"))
_TYPE: Final = ("kind", "apiVersion")


@value
class Group:
    """Policies that are about an image, and what a decision by them depends on.

    Attributes:
        policies: Those that are decided by.
        broken: Those that never could be read, and refuse whatever they are about.
        version: What tells those that are decided by from others.
        is_static: Whether nobody has to look at the image.
        believes: Whether it depends on who is believed where a policy names nobody.
        parts: Members of the object that conditions are about.
        is_covered: Whether a policy of the whole cluster is about the image.
        pull_secrets: Secrets of the image's namespace that signatures are fetched with, for each source that names any.
    """

    policies: tuple[CompiledPolicy, ...]
    broken: tuple[CompiledPolicy, ...]
    version: str
    is_static: bool
    believes: bool
    parts: tuple[str, ...]
    is_covered: bool
    pull_secrets: tuple[tuple[str, ...], ...] = ()


@record
class _Cover:
    """Policies that a name is enough for, or only with a namespace or a workload; then the group is not known yet."""

    policies: tuple[CompiledPolicy, ...]
    is_conditional: bool
    group: Group | None = None


class Matcher:
    """The policies at one moment."""

    def __init__(self, snapshot: PolicySnapshot) -> None:
        self.snapshot = snapshot
        policies = defaultdict[str, list[CompiledPolicy]](list)
        for each in snapshot.policies:
            policies[each.namespace].append(each)
        self._places = {namespace: _Place.of(found) for namespace, found in policies.items()}
        self._covers: dict[tuple[str, ...], _Cover] = {}
        self._groups: dict[tuple[tuple[str, str], ...], Group] = {}

    def find(self, name: ImageName, namespace: str, workload: Workload) -> Group:
        """Return the policies about an image that a workload runs in a namespace.

        Raises:
            PolicyRefused: A policy is about labels that are none.
            UsageError: The namespace has more globs than one looks through while others wait.
        """
        cover = self._cover("", name)
        own = self._cover(namespace, name) if namespace in self._places and namespace else None
        if cover.is_conditional or own is not None:
            found = (*cover.policies, *(() if own is None else own.policies))
            return self._group([each for each in found if _is_about(each, workload)])
        if cover.group is None:
            cover.group = self._group(cover.policies)
        return cover.group

    def _cover(self, namespace: str, name: ImageName) -> _Cover:
        key = (namespace, *name.spellings)
        found = self._covers.get(key)
        if found is None:
            if len(self._covers) >= MOST_NAMES:
                self._covers.clear()
            policies = tuple(self._find(namespace, name))
            found = self._covers[key] = _Cover(policies, any(each.document.match for each in policies))
        return found

    def _find(self, namespace: str, name: ImageName) -> Iterator[CompiledPolicy]:
        place = self._places.get(namespace)
        if place is None:
            return
        if namespace and place.pieces > MOST_PIECES:
            hint = "delete some of them, or write shorter ones"
            raise UsageError(f"the ImagePolicies of the namespace {namespace} have too many globs", hint)
        for each in place.candidates(name):
            if _covers(each.document, name.spellings):
                yield each

    def _group(self, about: Sequence[CompiledPolicy]) -> Group:
        versions = tuple([(each.version, each.namespace) for each in about])
        found = self._groups.get(versions)
        if found is None:
            if len(self._groups) >= MOST_NAMES:
                self._groups.clear()
            found = self._groups[versions] = _build_group(about)
        return found


@value
class _Place:
    """The policies of the cluster, or of a namespace: by the registries that their globs begin with.

    `everywhere` has those that do not say, and `pieces` counts what all globs are made of.
    """

    policies: Sequence[CompiledPolicy]
    hosts: Mapping[str, Sequence[int]]
    everywhere: Sequence[int]
    pieces: int

    @classmethod
    def of(cls, policies: Sequence[CompiledPolicy]) -> Self:
        """Look at policies."""
        hosts, everywhere = _by_host(policies)
        pieces = sum(len(pattern.glob.pieces) for each in policies for pattern in each.document.images)
        return cls(policies, hosts, everywhere, pieces)

    def candidates(self, name: ImageName) -> Iterator[CompiledPolicy]:
        """Yield policies that may be about an image, in their order."""
        hosts = {spelling.partition("/")[0] for spelling in name.spellings}
        numbers = {number for host in hosts for number in self.hosts.get(host, ())}
        for number in sorted(numbers.union(self.everywhere)):
            yield self.policies[number]


def _by_host(policies: Sequence[CompiledPolicy]) -> tuple[dict[str, list[int]], list[int]]:
    """Return the numbers of policies by the registries that their globs begin with, and of those that do not say."""
    hosts, everywhere = defaultdict[str, list[int]](list), list[int]()
    for number, policy in enumerate(policies):
        named = {_host(pattern.glob) for pattern in policy.document.images}
        if "" in named:
            everywhere.append(number)
        else:
            for host in named:
                hosts[host].append(number)
    return dict(hosts), everywhere


def _host(glob: Glob) -> str:
    """Return the registry that all images have which a glob is about; nothing where it does not say."""
    host, slash, _rest = glob.pieces[0].partition("/")
    return host if slash and "*" not in host else ""


def _is_about(policy: CompiledPolicy, workload: Workload) -> bool:
    return not policy.document.match or is_about(policy.document, workload)


def _covers(policy: ImagePolicyDocument, spellings: Sequence[str]) -> bool:
    return any(policy.covers_full(spelling) for spelling in spellings)


def _build_group(about: Sequence[CompiledPolicy]) -> Group:
    policies = tuple([each for each in about if not each.problem])
    documents = [each.document for each in policies]
    return Group(
        policies,
        tuple([each for each in about if each.problem]),
        sha256("\n".join(f"{each.version} {each.namespace}" for each in policies).encode()).hexdigest(),
        all(map(_is_static, documents)),
        any(map(believes_default, documents)),
        _parts(documents),
        any(not each.namespace for each in about),
        tuple(dict.fromkeys([names for each in documents for names in pull_secrets_of(each)])),
    )


def _is_static(policy: ImagePolicyDocument) -> bool:
    """Tell whether a policy says the same of every image."""
    return not looks_at_signatures(policy) and policy.policy is None and not policy.deny.digests


def believes_default(policy: ImagePolicyDocument) -> bool:
    """Tell whether a policy believes whoever is believed where nobody is named."""
    return any(_believes_default(each) for each in policy.authorities)


def _believes_default(authority: Authority) -> bool:
    if isinstance(authority.signer, Static):
        return False
    asked = _Asked()
    try:
        if not build_image_policy(authority, _EPOCH).asks_a_key_alone:
            select_trusted_root(authority, asked.trusted_root)
    except CosignError:
        return True
    return asked.was_asked


@record
class _Asked:
    """Whom nobody believes; whether somebody asked."""

    was_asked: bool = False

    def trusted_root(self) -> TrustedRoot:
        self.was_asked = True
        return TrustedRoot()


def _parts(policies: Sequence[ImagePolicyDocument]) -> tuple[str, ...]:
    texts = [text for policy in policies for text in texts_of(policy)]
    parts = [part for part, flag in _PARTS if any(getattr(text, flag) for text in texts)]
    return (*parts, *_TYPE) if parts or any(text.include_type_meta for text in texts) else ()


def select_parts(workload: Workload, parts: Sequence[str]) -> bytes:
    """Return what conditions are about of an object, as JSON; nothing where they are about nothing."""
    if not parts:
        return b""
    found = {name: workload.document[name] for name in parts if name in workload.document}
    return json.dumps(found, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")


def digest_parts(content: bytes) -> str:
    """Return what tells inputs of conditions apart; empty where there are none."""
    return sha256(content).hexdigest() if content else ""
