"""What policies are made of: the objects of a cluster that are followed, and the settings that they are read by."""

from collections.abc import Hashable

from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER
from cosignpy.values import replace, value
from cosignpy.webhook import kinds
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.policies.gathering import wanted_by
from cosignpy.webhook.policies.names import Names
from cosignpy.webhook.policies.settling import ReadingRules, SettledPolicy
from cosignpy.webhook.ports import ClusterApi, Object, ObjectCache


@value
class PolicyCaches:
    """The objects that policies are made of; Secrets and ConfigMaps of the webhook's own namespace.

    Without `own_policies` the cluster does not know our own kind.
    """

    policies: ObjectCache
    trust_roots: ObjectCache
    secrets: ObjectCache
    config_maps: ObjectCache
    namespace: str
    own_policies: ObjectCache | None = None

    @property
    def all(self) -> tuple[ObjectCache, ...]:
        """All of them."""
        found = (self.policies, self.trust_roots, self.secrets, self.config_maps)
        return found if self.own_policies is None else (*found, self.own_policies)


@value
class PolicyKey:
    """A policy: of the whole cluster, whose namespace is empty, or of a namespace."""

    namespace: str
    name: str


def rules_of(settings: LiveSettings, namespace: str) -> ReadingRules:
    """Return how policies are read where the settings of the cluster are these, and the webhook is in a namespace."""
    conduct = replace(POLICY_CONTROLLER, bundles_with_keys=settings.bundles_with_keys)
    return ReadingRules(
        OURS if settings.verdicts == "cosignpy" else conduct,
        settings.fail_on_empty_authorities,
        settings.unreadable_policies,
        namespace,
    )


def watch_policies(api: ClusterApi, namespace: str, *, own: bool) -> PolicyCaches:
    """Follow all that policies are made of; Secrets and ConfigMaps of the webhook's own namespace alone.

    ClusterImagePolicies are read in the version that the policy controller stores, in which nothing is left out. `own`
    says whether the cluster knows our own kind.
    """
    return PolicyCaches(
        api.watch(kinds.CLUSTER_IMAGE_POLICY_V1ALPHA1),
        api.watch(kinds.TRUST_ROOT),
        api.watch(kinds.SECRET, namespace),
        api.watch(kinds.CONFIG_MAP, namespace),
        namespace,
        api.watch(kinds.IMAGE_POLICY) if own else None,
    )


def is_same(one: Object, other: Object) -> bool:
    """Tell whether two objects are one, with the same demands."""
    first, second = one.get("metadata", {}), other.get("metadata", {})
    return first.get("uid") == second.get("uid") and one.get("spec") == other.get("spec")


def needed_by(settled: SettledPolicy) -> frozenset[Hashable]:
    """Return what a policy names, in its newest version and in the one that is in force."""
    base = frozenset[Hashable]() if settled.base is None else _needed(settled.base.names)
    return base | _needed(settled.reading.names)


def _needed(names: Names) -> frozenset[Hashable]:
    return frozenset(
        [
            *(("secret", name) for name in names.secrets),
            *(("map", name) for name, _ in names.config_maps),
            *(("root", name) for name in names.trust_roots),
            *wanted_by(names),
        ]
    )
