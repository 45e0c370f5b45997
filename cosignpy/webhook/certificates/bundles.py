"""Where API servers read which authorities to believe: `caBundle` in webhook configurations and in definitions."""

from typing import Any, Final

from cosignpy.core.encoding import encode_b64
from cosignpy.values import value
from cosignpy.webhook.kinds import CUSTOM_RESOURCE_DEFINITION, MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS
from cosignpy.webhook.ports import Object, ResourceType

_BUNDLE: Final = "caBundle"
_CLIENT: Final = "clientConfig"


@value
class Bundles:
    """The names of the objects that have our bundle: two kinds of webhook configurations, and definitions."""

    mutating: tuple[str, ...] = ("policy.sigstore.dev", "defaulting.clusterimagepolicy.sigstore.dev")
    validating: tuple[str, ...] = ("policy.sigstore.dev", "validating.clusterimagepolicy.sigstore.dev")
    definitions: tuple[str, ...] = ("clusterimagepolicies.policy.sigstore.dev",)

    @property
    def places(self) -> tuple[tuple[ResourceType, str], ...]:
        """Type and name of each."""
        named = (
            (MUTATING_WEBHOOKS, self.mutating),
            (VALIDATING_WEBHOOKS, self.validating),
            (CUSTOM_RESOURCE_DEFINITION, self.definitions),
        )
        return tuple([(kind, name) for kind, names in named for name in names])


def with_bundle(found: Object, bundle: bytes) -> Object:
    """Return an object with our bundle where it belongs, and all else as it was; the same object if it is there."""
    encoded = encode_b64(bundle)
    changed = _definition(found, encoded) if "spec" in found else _configuration(found, encoded)
    return found if changed == found else changed


def _configuration(found: Object, bundle: str) -> Object:
    """Webhooks that carry the name of their configuration, or one below it, are ours; others are left alone."""
    own = found["metadata"]["name"]
    webhooks = [
        each | {_CLIENT: each.get(_CLIENT, {}) | {_BUNDLE: bundle}}
        if each["name"] == own or each["name"].endswith(f".{own}")
        else each
        for each in found.get("webhooks") or ()
    ]
    return {**found, "webhooks": webhooks} if webhooks else found


def _definition(found: Object, bundle: str) -> Object:
    """Where versions are converted by a webhook, it is ours."""
    spec: dict[str, Any] = found["spec"]
    conversion = spec.get("conversion") or {}
    client = (conversion.get("webhook") or {}).get(_CLIENT)
    if client is None:
        return found
    webhook = conversion["webhook"] | {_CLIENT: client | {_BUNDLE: bundle}}
    return {**found, "spec": spec | {"conversion": conversion | {"webhook": webhook}}}
