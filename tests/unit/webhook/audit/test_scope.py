"""Which namespaces are audited."""

from typing import Any

import pytest

from cosignpy.webhook.audit.scope import Scope
from cosignpy.webhook.kinds import NAMESPACE, VALIDATING_WEBHOOKS
from tests.support.cluster_fakes import build_object

INCLUDED = {"policy.sigstore.dev/include": "true"}
OPT_IN = {"matchExpressions": [{"key": "policy.sigstore.dev/include", "operator": "In", "values": ["true"]}]}
OPT_OUT = {
    "matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]},
        {"key": "policy.sigstore.dev/exclude", "operator": "DoesNotExist"},
    ]
}


def scope_of(*selectors: Any) -> Scope:
    webhooks = [{"name": "policy.sigstore.dev", "namespaceSelector": each} for each in selectors]
    return Scope.of(build_object(VALIDATING_WEBHOOKS, "", "policy.sigstore.dev", webhooks=webhooks))


def namespace(name: str = "shop", **labels: str) -> Any:
    return build_object(NAMESPACE, "", name, metadata={"labels": {"kubernetes.io/metadata.name": name, **labels}})


@pytest.mark.parametrize(
    ("selector", "found", "expected"),
    [
        (OPT_IN, namespace(**INCLUDED), True),
        (OPT_IN, namespace(), False),
        (OPT_IN, namespace(**{"policy.sigstore.dev/include": "false"}), False),
        (OPT_OUT, namespace(), True),
        (OPT_OUT, namespace("kube-system"), False),
        (OPT_OUT, namespace(**{"policy.sigstore.dev/exclude": ""}), False),
        ({"matchLabels": INCLUDED}, namespace(**INCLUDED), True),
        ({"matchLabels": INCLUDED}, namespace(), False),
        ({}, namespace(), True),
        (None, namespace(), True),
    ],
)
def test_namespace_selector(selector: Any, found: Any, expected: bool) -> None:
    assert scope_of(selector).has(found) is expected


def test_one_webhook_that_selects_it_is_enough() -> None:
    assert scope_of(OPT_IN, OPT_OUT).has(namespace())


def test_without_configuration_nothing_is_audited() -> None:
    assert not Scope.of(None).has(namespace(**INCLUDED))
    assert not Scope.of({"metadata": {"name": "policy.sigstore.dev"}}).has(namespace(**INCLUDED))


def test_namespace_without_labels() -> None:
    assert not scope_of(OPT_IN).has({"metadata": {"name": "shop"}})
