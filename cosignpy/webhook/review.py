"""AdmissionReviews of `admission.k8s.io/v1`: octets to a request, and an answer to octets.

What is malformed is never admitted: it is denied where the API server would know which request is meant, and else
answered with an HTTP error, which the API server takes for a failure of the webhook.
"""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson

from cosignpy.core.encoding import JsonValue, encode_b64, parse_json
from cosignpy.errors import MalformedError
from cosignpy.values import record
from cosignpy.webhook.answer import Answer, Denial
from cosignpy.webhook.request import AdmissionRequest, GroupVersionKind, Operation, Requester

API_VERSION: Final = "admission.k8s.io/v1"
KIND: Final = "AdmissionReview"
MAX_REVIEW: Final = 3 * 1024 * 1024 + 128 * 1024
"""Octets of a review: etcd takes objects of 1.5 MiB, and there are two in an update, with a few lines about them."""
MAX_UID: Final = 256
"""Characters of a request's uid, which is a UUID."""
MAX_TIMEOUT: Final = 30.0
DEFAULT_TIMEOUT: Final = 10.0
"""Seconds, as the API server has them (`timeoutSeconds`)."""
_ESCAPED_BY_GO: Final = tuple(
    [(sign.encode(), f"\\u{ord(sign):04x}".encode()) for sign in ("&", "<", ">", "\u2028", "\u2029")]
)
"""What `encoding/json` escapes, all of which stands in texts alone: `sh -c "a && b"` is in many pods."""
_TIMEOUT: Final = re.compile(r"(?P<number>[0-9]{1,6}(?:\.[0-9]{1,9})?)(?P<unit>ms|s|m)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
_OPERATIONS: Final = {each.value: each for each in Operation}
_WITH_OBJECT: Final = frozenset({Operation.CREATE, Operation.UPDATE})
_WHAT: Final = "AdmissionReview"


@record
class ReviewRefused(Exception):
    """A review that nothing can be decided over; `uid` is empty where it is not known which request it is about."""

    why: str
    uid: str = ""

    def __str__(self) -> str:
        return self.why

    @property
    def denial(self) -> Answer:
        """The answer that denies the request."""
        return Answer(Denial(HTTPStatus.BAD_REQUEST, "BadRequest", f"malformed {_WHAT}: {self.why}"))


def parse_timeout(text: str) -> float:
    """Parse `timeout` of the query, which the API server adds: seconds until it waits no more.

    What is not understood is the API server's default.
    """
    found = _TIMEOUT.fullmatch(text)
    seconds = float(found["number"]) * _UNITS[found["unit"]] if found else DEFAULT_TIMEOUT
    return min(seconds, MAX_TIMEOUT) if seconds > 0 else DEFAULT_TIMEOUT


def parse_review(raw: bytes, timeout: float) -> AdmissionRequest:
    """Parse a review.

    Raises:
        ReviewRefused: It is malformed, of another version, or asks about an operation that is none.
    """
    document = _parse_strictly(raw)
    _check_header(document)
    request = document.get("request")
    if not isinstance(request, dict):
        raise ReviewRefused("there is no request in it")
    uid = request.get("uid")
    if not isinstance(uid, str) or not 0 < len(uid) <= MAX_UID:
        raise ReviewRefused("its request has no uid")
    try:
        return _parse_request(uid, request, timeout)
    except MalformedError as error:
        raise ReviewRefused(error.why, uid) from error


def _parse_strictly(raw: bytes) -> Mapping[str, JsonValue]:
    """Parse quickly what is written as the API server writes it; else slowly, so that no key is there twice.

    Where the same octets come out again, every key was read.
    """
    if len(raw) > MAX_REVIEW:
        raise ReviewRefused(f"it is larger than {MAX_REVIEW} bytes")
    try:
        document = orjson.loads(raw)
        if not _reads_back(document, raw):
            document = parse_json(raw, what=_WHAT)
    except orjson.JSONDecodeError as error:
        raise ReviewRefused("it is not JSON") from error
    except MalformedError as error:
        raise ReviewRefused(error.why) from error
    if not isinstance(document, dict):
        raise ReviewRefused("it is not an object")
    return document


def _reads_back(document: JsonValue, raw: bytes) -> bool:
    try:
        written, sent = orjson.dumps(document), raw.rstrip(b"\n")
    except orjson.JSONEncodeError:
        return False  # nested deeper than it writes
    if written == sent:
        return True
    for sign, escaped in _ESCAPED_BY_GO:
        written = written.replace(sign, escaped)
    return written == sent


def _check_header(document: Mapping[str, JsonValue]) -> None:
    version, kind = document.get("apiVersion"), document.get("kind")
    if kind != KIND:
        raise ReviewRefused(f"its kind is {_show(kind)}, known is {KIND}")
    if version != API_VERSION:
        raise ReviewRefused(
            f"its apiVersion is {_show(version)}, known is {API_VERSION}; "
            f"the webhook's admissionReviewVersions have to be [v1]"
        )


def _show(found: JsonValue) -> str:
    return repr(found[:100]) if isinstance(found, str) else "no text"


def _parse_request(uid: str, request: Mapping[str, JsonValue], timeout: float) -> AdmissionRequest:
    operation = _OPERATIONS.get(_text(request, "operation"))
    if operation is None:
        known = ", ".join(_OPERATIONS)
        raise MalformedError(_WHAT, f"request.operation is {_show(request['operation'])}, known are {known}")
    found, old = _object(request, "object"), _object(request, "oldObject")
    if found is None and operation in _WITH_OBJECT:
        raise MalformedError(_WHAT, f"request.object is missing, which {operation} has")
    kind, resource = _members(request, "kind"), _members(request, "resource")
    return AdmissionRequest(
        uid,
        GroupVersionKind(_optional(kind, "group"), _text(kind, "version"), _text(kind, "kind")),
        _text(resource, "resource"),
        _optional(request, "subResource"),
        _optional(request, "name"),
        _optional(request, "namespace"),
        operation,
        _parse_requester(request.get("userInfo")),
        found,
        old,
        _flag(request, "dryRun"),
        timeout if math.isfinite(timeout) else DEFAULT_TIMEOUT,
    )


def _parse_requester(found: JsonValue) -> Requester:
    if not isinstance(found, dict):
        return Requester()
    groups = found.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(each, str) for each in groups):
        raise MalformedError(_WHAT, "request.userInfo.groups are no texts")
    return Requester(_optional(found, "username"), _optional(found, "uid"), tuple(groups))


def _text(members: Mapping[str, JsonValue], name: str) -> str:
    found = _optional(members, name)
    if not found:
        raise MalformedError(_WHAT, f"request.{name} is missing")
    return found


def _optional(members: Mapping[str, JsonValue], name: str) -> str:
    found = members.get(name)
    if found is not None and not isinstance(found, str):
        raise MalformedError(_WHAT, f"request.{name} is no text")
    return found or ""


def _flag(members: Mapping[str, JsonValue], name: str) -> bool:
    found = members.get(name)
    if found is not None and not isinstance(found, bool):
        raise MalformedError(_WHAT, f"request.{name} is neither true nor false")
    return bool(found)


def _members(request: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    found = _object(request, name)
    if found is None:
        raise MalformedError(_WHAT, f"request.{name} is missing")
    return found


def _object(request: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue] | None:
    found = request.get(name)
    if found is not None and not isinstance(found, dict):
        raise MalformedError(_WHAT, f"request.{name} is no object")
    return found


def encode_answer(uid: str, answer: Answer) -> bytes:
    """Encode an answer; one that patches says so, and no other does: the API server fails over a type alone."""
    response: dict[str, JsonValue] = {"uid": uid, "allowed": answer.allowed}
    if isinstance(answer.outcome, Denial):
        response["status"] = {
            "metadata": {},
            "status": "Failure",
            "message": answer.outcome.message,
            "reason": answer.outcome.reason,
            "code": int(answer.outcome.code),
        }
    elif answer.patch:
        patch = [{"op": each.operation, "path": each.path, "value": each.content} for each in answer.patch]
        response |= {"patchType": "JSONPatch", "patch": encode_b64(orjson.dumps(patch))}
    if answer.warnings:
        response["warnings"] = answer.warnings
    if answer.annotations:
        response["auditAnnotations"] = answer.annotations
    return orjson.dumps({"kind": KIND, "apiVersion": API_VERSION, "response": response})
