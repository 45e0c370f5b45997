"""Reviews: what webhooks are asked, and whether what they answer is one."""

import base64
import binascii
import json
from typing import Any, Final

from cosignpy.values import field, value
from tests.support.kube_api.calls import Asked
from tests.support.kube_api.kinds import SCALE, Kind

VERSION: Final = "admission.k8s.io/v1"
_NULL_PATCH: Final = b"null"


class BadAnswer(Exception):
    """A webhook answers what is no answer to the review."""


class BadPatch(Exception):
    """A webhook answers with octets that are no patch."""


class NoAnswer(Exception):
    """What a webhook answers cannot be read."""


@value
class Reviewed:
    """What a webhook answers; `patch` are the octets of a JSON patch."""

    allowed: bool
    status: dict[str, Any] = field(default_factory=dict)
    patch: bytes = b""
    warnings: tuple[str, ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)


def describe_request(asked: Asked, kind: Kind, uid: str) -> dict[str, Any]:
    """Return the request of a review; `kind` is the version that the webhook wants."""
    target = asked.target
    part = {"subResource": target.subresource} if target.subresource else {}
    asked_part = {"requestSubResource": target.subresource} if target.subresource else {}
    place = {"namespace": target.namespace} if target.namespace else {}
    return {
        "uid": uid,
        "kind": _kind(kind, target.subresource),
        "resource": _resource(kind),
        **part,
        "requestKind": _kind(target.kind, target.subresource),
        "requestResource": _resource(target.kind),
        **asked_part,
        "name": asked.name,
        **place,
        "operation": asked.operation,
        "userInfo": asked.call.user.describe(),
        "object": asked.object,
        "oldObject": asked.former,
        "dryRun": asked.call.dry_run,
        "options": asked.options,
    }


def _kind(kind: Kind, subresource: str) -> dict[str, str]:
    shown = {"scale": SCALE, "eviction": Kind("policy", "v1", "Eviction", "evictions")}.get(subresource, kind)
    return {"group": shown.group, "version": shown.version, "kind": shown.kind}


def _resource(kind: Kind) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "resource": kind.plural}


def read_answer(document: Any, uid: str, *, mutates: bool) -> Reviewed:
    """Read what a webhook answers to the review with this uid.

    Raises:
        NoAnswer: It is no review.
        BadAnswer: It is no answer to this one.
        BadPatch: Its patch is none.
    """
    if not isinstance(document, dict):
        raise NoAnswer("couldn't get version/kind; json parse error: no object")
    version, kind = document.get("apiVersion") or VERSION, document.get("kind") or "AdmissionReview"
    if (version, kind) != (VERSION, "AdmissionReview"):
        raise NoAnswer(f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"')
    response = document.get("response")
    if not isinstance(response, dict):
        raise BadAnswer("webhook response was absent")
    if response.get("uid", "") != uid:
        raise BadAnswer(f'expected response.uid="{uid}", got "{response.get("uid", "")}"')
    allowed = response.get("allowed", False)
    if not isinstance(allowed, bool):
        raise NoAnswer("json: cannot unmarshal into Go struct field AdmissionResponse.response.allowed of type bool")
    patch = _read_patch(response, mutates=mutates)
    return Reviewed(
        allowed,
        response.get("status") or {},
        patch,
        tuple(response.get("warnings") or ()),
        response.get("auditAnnotations") or {},
    )


def _read_patch(response: dict[str, Any], *, mutates: bool) -> bytes:
    kind, text = response.get("patchType"), response.get("patch") or ""
    try:
        patch = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadAnswer(f"illegal base64 data in response.patch: {error}") from error
    if not mutates and patch:
        raise BadAnswer("validating webhook may not return response.patch")
    if not mutates and kind is not None:
        raise BadAnswer("validating webhook may not return response.patchType")
    if patch and kind is None:
        raise BadAnswer("webhook returned response.patch but not response.patchType")
    if kind is not None and not patch:
        raise BadAnswer("webhook returned response.patchType but not response.patch")
    if kind not in {None, "JSONPatch"}:
        raise BadAnswer(f'webhook returned invalid response.patchType of "{kind}"')
    return b"" if patch == _NULL_PATCH else _check_patch(patch)


def _check_patch(patch: bytes) -> bytes:
    said = "received undecodable patch in webhook response"
    try:
        found = json.loads(patch or b"[]")
    except ValueError as error:
        raise BadPatch(f"{said}: {error}") from error
    if not isinstance(found, list):
        raise BadPatch(f"{said}: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    return patch if found else b""
