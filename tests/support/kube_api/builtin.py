"""How objects of built-in kinds are written."""

import base64
import binascii
from functools import partial
from typing import Final

from tests.support.kube_api.admission.hooks import check_configuration, fill_mutating, fill_validating
from tests.support.kube_api.admission.policies import check_policy, fill_policy
from tests.support.kube_api.custom import check_definition, fill_definition, start_definition
from tests.support.kube_api.failures import Fault, bad_request, invalid_value
from tests.support.kube_api.namespaces import fill_namespace, start_namespace
from tests.support.kube_api.pods import check_pod, fill_pod, start_pod
from tests.support.kube_api.store import Object
from tests.support.kube_api.strategies import Plain
from tests.support.kube_api.workloads import TEMPLATES, check_workload, fill_workload, start_workload


def _fill_secret(made: Object) -> Object:
    """Write plain texts as octets."""
    added = {
        name: base64.b64encode(text.encode()).decode() for name, text in (made.pop("stringData", None) or {}).items()
    }
    data = (made.get("data") or {}) | added
    for name, content in data.items():
        try:
            base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as error:
            raise bad_request(
                f'Secret in version "v1" cannot be handled as a Secret: illegal base64 data: {name}'
            ) from error
    return {"type": "Opaque"} | made | ({"data": data} if data else {})


def _check_secret(made: Object, former: Object | None, _subresource: str) -> list[Fault]:
    if former is not None and made["type"] != former["type"]:
        return [invalid_value("type", made["type"], "field is immutable")]
    if (former or {}).get("immutable") and former is not None and made.get("data") != former.get("data"):
        return [Fault("data", "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden")]
    return []


def _check_config_map(made: Object, former: Object | None, _subresource: str) -> list[Fault]:
    data = made.get("data") or {}
    if any(not isinstance(content, str) for content in data.values()):
        raise bad_request(
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal into string'
        )
    if former is not None and former.get("immutable") and data != (former.get("data") or {}):
        return [Fault("data", "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden")]
    return []


def _start_spec(made: Object) -> Object:
    return made | {"metadata": made["metadata"] | {"generation": 1}}


STRATEGY: Final = Plain(
    fillers={
        "namespaces": fill_namespace,
        "mutatingwebhookconfigurations": fill_mutating,
        "validatingadmissionpolicies": fill_policy,
        "validatingwebhookconfigurations": fill_validating,
        "customresourcedefinitions": fill_definition,
        "pods": fill_pod,
        "secrets": lambda made: _fill_secret(dict(made)),
        **{plural: partial(fill_workload, plural) for plural in TEMPLATES},
    },
    checkers={
        "pods": check_pod,
        "mutatingwebhookconfigurations": check_configuration,
        "validatingadmissionpolicies": check_policy,
        "validatingwebhookconfigurations": check_configuration,
        "customresourcedefinitions": check_definition,
        "secrets": _check_secret,
        "configmaps": _check_config_map,
        **{plural: partial(check_workload, plural) for plural in TEMPLATES},
    },
    starts={
        "namespaces": start_namespace,
        "pods": start_pod,
        "customresourcedefinitions": start_definition,
        **{plural: partial(start_workload, plural) for plural in TEMPLATES if plural != "podtemplates"},
        **dict.fromkeys(("poddisruptionbudgets", "networkpolicies", "ingresses"), _start_spec),
        **dict.fromkeys(
            ("mutatingwebhookconfigurations", "validatingwebhookconfigurations", "validatingadmissionpolicies"),
            _start_spec,
        ),
    },
)
