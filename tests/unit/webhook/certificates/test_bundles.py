"""Where the bundle is put: into webhooks of ours, and nothing else changes."""

import copy
from typing import Any, Final

from cosignpy.core.encoding import encode_b64
from cosignpy.webhook.certificates.bundles import Bundles, with_bundle
from cosignpy.webhook.kinds import CUSTOM_RESOURCE_DEFINITION, MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS

BUNDLE: Final = b"-----BEGIN CERTIFICATE-----\n"
ENCODED: Final = encode_b64(BUNDLE)


def webhook(name: str, **client: Any) -> dict[str, Any]:
    service = {"service": {"name": "webhook", "namespace": "cosign-system", "path": "/validations"}}
    return {"name": name, "clientConfig": service | client, "failurePolicy": "Fail", "timeoutSeconds": 10}


def configuration(*webhooks: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "policy.sigstore.dev", "resourceVersion": "7", "labels": {"a": "b"}}
    return {"metadata": metadata, "webhooks": list(webhooks)}


def definition(conversion: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": "clusterimagepolicies.policy.sigstore.dev"},
        "spec": {"group": "g", "conversion": conversion},
    }


def test_webhooks_of_ours_get_the_bundle_and_all_else_stays() -> None:
    found = configuration(
        webhook("policy.sigstore.dev"),
        webhook("pods.policy.sigstore.dev", caBundle="old"),
        webhook("notpolicy.sigstore.dev", caBundle="theirs"),
        webhook("other.example"),
    )
    before = copy.deepcopy(found)
    changed = with_bundle(found, BUNDLE)
    assert found == before
    assert changed == configuration(
        webhook("policy.sigstore.dev", caBundle=ENCODED),
        webhook("pods.policy.sigstore.dev", caBundle=ENCODED),
        webhook("notpolicy.sigstore.dev", caBundle="theirs"),
        webhook("other.example"),
    )
    assert with_bundle(changed, BUNDLE) is changed


def test_a_configuration_without_webhooks_stays() -> None:
    found = {"metadata": {"name": "policy.sigstore.dev"}}
    assert with_bundle(found, BUNDLE) is found


def test_a_definition_that_is_converted_gets_the_bundle_and_all_else_stays() -> None:
    service = {"service": {"name": "webhook"}}
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": service, "conversionReviewVersions": ["v1"]}}
    changed = with_bundle(definition(conversion), BUNDLE)
    filled = {"clientConfig": service | {"caBundle": ENCODED}, "conversionReviewVersions": ["v1"]}
    assert changed == definition({"strategy": "Webhook", "webhook": filled})
    assert with_bundle(changed, BUNDLE) is changed


def test_a_definition_that_is_not_converted_stays() -> None:
    found = definition({"strategy": "None"})
    assert with_bundle(found, BUNDLE) is found


def test_all_places_are_named() -> None:
    assert Bundles().places == (
        (MUTATING_WEBHOOKS, "policy.sigstore.dev"),
        (MUTATING_WEBHOOKS, "defaulting.clusterimagepolicy.sigstore.dev"),
        (VALIDATING_WEBHOOKS, "policy.sigstore.dev"),
        (VALIDATING_WEBHOOKS, "validating.clusterimagepolicy.sigstore.dev"),
        (CUSTOM_RESOURCE_DEFINITION, "clusterimagepolicies.policy.sigstore.dev"),
    )
