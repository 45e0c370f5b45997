"""What can be changed while the webhook runs: the ConfigMap `config-policy-controller`, with its keys and ours."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from cosignpy.imagepolicy.decision import NoMatch
from cosignpy.values import field, value

CONFIG_MAP: Final = "config-policy-controller"
"""In the webhook's own namespace."""


class PinDigests(StrEnum):
    """Of what objects tags become digests."""

    ALWAYS = "always"
    PODS = "pods"
    NEVER = "never"


class Enforcement(StrEnum):
    """What becomes of an object with an image that may not run: refused, admitted with a warning, or only recorded."""

    DENY = "deny"
    WARN = "warn"
    AUDIT = "audit"


class Unreadable(StrEnum):
    """What becomes of images that a policy is about which was never read; of all, where nobody can say of which."""

    DENY = "deny"
    WARN = "warn"


@value
class PodSpecPath:
    """Where objects of a type have a pod's spec, as in `spec.template.spec`; each step is the name of a field."""

    group: str
    kind: str
    path: tuple[str, ...]


@value
class LiveSettings:
    """Each field is the key with hyphens for underscores. The first three are the policy controller's.

    Attributes:
        no_match_policy: What becomes of images that no policy is about.
        fail_on_empty_authorities: A policy without authorities is a mistake; else it refuses all images.
        enable_oci11: Signatures and attestations are also looked for among referrers; accepted, always done here.
        bundles_with_keys: Bundles count for authorities with keys.
        verdicts: `policy-controller`, or `cosignpy` for what `policy verify` would say.
        unreadable_policies: What becomes of images that a policy is about which has faults, and never was in force.
        enforcement: What becomes of objects that would be refused, in namespaces that do not say otherwise.
        pin_digests: Of what objects tags become digests.
        namespaced_policies_cover: ImagePolicies of a namespace are enough for an image; else they only add demands.
        verdict_lifetime: How long a verdict counts that lets an image pass.
        refusal_lifetime: How long one that refuses it.
        grace_period: How long after its lifetime a verdict still counts while the registry cannot be reached.
        allowed_registries: Globs of registries that are asked at all; none means all.
        pod_specs: Where objects of other types have pods.
        exempt_controllers: Service accounts (`namespace:name`) whose pods need no second look where their owner had it.
        break_glass: Whether signed exceptions count (they are verified by the policies' own machinery).
    """

    no_match_policy: NoMatch = NoMatch.DENY
    fail_on_empty_authorities: bool = True
    enable_oci11: bool = False
    bundles_with_keys: bool = True
    verdicts: str = "policy-controller"
    unreadable_policies: Unreadable = Unreadable.DENY
    enforcement: Enforcement = Enforcement.DENY
    pin_digests: PinDigests = PinDigests.ALWAYS
    namespaced_policies_cover: bool = False
    verdict_lifetime: timedelta = timedelta(hours=1)
    refusal_lifetime: timedelta = timedelta(seconds=10)
    grace_period: timedelta = timedelta(0)
    allowed_registries: tuple[str, ...] = ()
    pod_specs: tuple[PodSpecPath, ...] = ()
    exempt_controllers: tuple[str, ...] = ()
    break_glass: bool = False
    problems: tuple[str, ...] = field(default=())
