"""`/resource-conversion`: ClusterImagePolicies from one version to the other (`apiextensions.k8s.io/v1`).

Both versions have the same fields, so that nothing is lost either way. Our definitions need no conversion by a webhook;
those of the policy controller do, and ask here where they are kept.
"""

from collections.abc import Mapping
from typing import Any, Final

from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.dialect import Dialect
from cosignpy.imagepolicy.go_reader.conversion import Version

API_VERSION: Final = "apiextensions.k8s.io/v1"
KIND: Final = "ConversionReview"

_WHAT: Final = "ConversionReview"


def convert_resources(raw: bytes) -> bytes:
    """Answer a review; what cannot be converted is told in the answer.

    Raises:
        MalformedError: It is no review, or nobody can tell which one.
    """
    review = parse_json(raw, what=_WHAT)
    if not isinstance(review, dict) or (review.get("apiVersion"), review.get("kind")) != (API_VERSION, KIND):
        raise MalformedError(_WHAT, f"expected {KIND} of {API_VERSION}")
    request = review.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("uid"), str) or not request["uid"]:
        raise MalformedError(_WHAT, "there is no request in it with a uid")
    return encode_json({"apiVersion": API_VERSION, "kind": KIND, "response": _answer(request)})


def _answer(request: Mapping[str, JsonValue]) -> dict[str, Any]:
    try:
        found = _convert_all(request.get("objects"), request.get("desiredAPIVersion"))
    except MalformedError as error:
        return {"uid": request["uid"], "result": {"status": "Failed", "message": error.why}}
    return {"uid": request["uid"], "result": {"status": "Success"}, "convertedObjects": found}


def _convert_all(objects: JsonValue, version: JsonValue) -> list[dict[str, Any]]:
    if version not in list(Version):
        raise MalformedError(_WHAT, f"{version} is not known, but {' and '.join(Version)}")
    if not isinstance(objects, list):
        raise MalformedError(_WHAT, "objects are no list")
    return [_convert(each, version) for each in objects]


def _convert(found: JsonValue, version: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise MalformedError(_WHAT, "one of the objects is none")
    kind, known = found.get("kind"), found.get("apiVersion")
    if kind != Dialect.CLUSTER or known not in list(Version):
        raise MalformedError(_WHAT, f"unhandled kind: {known}, Kind={kind}")
    return {**found, "apiVersion": version}
