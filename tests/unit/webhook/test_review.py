"""Reviews: what an API server sends becomes a request, and everything else a refusal."""

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.webhook import review
from cosignpy.webhook.answer import Answer, Denial, LeftToValidation, NothingToDecide, PatchOperation, Skip
from cosignpy.webhook.request import GroupVersionKind, Operation, Requester
from cosignpy.webhook.review import (
    MAX_REVIEW,
    MAX_UID,
    ReviewRefused,
    encode_answer,
    parse_review,
    parse_timeout,
)
from tests.support.admission import UID, encode, pod, review_of

FOLDER: Final = Path(__file__).resolve().parents[2] / "vectors" / "admission_reviews"


def refusal(raw: bytes) -> ReviewRefused:
    with pytest.raises(ReviewRefused) as caught:
        parse_review(raw, 10.0)
    assert str(caught.value) == caught.value.why
    return caught.value


def test_a_review_becomes_a_request() -> None:
    found = parse_review(encode(review_of(subResource="ephemeralcontainers", operation="UPDATE", dryRun=True)), 7.0)
    assert (found.uid, found.name, found.namespace) == (UID, "web", "shop")
    assert found.kind == GroupVersionKind("", "v1", "Pod")
    assert (found.resource, found.subresource, found.operation) == ("pods", "ephemeralcontainers", Operation.UPDATE)
    assert found.requester == Requester("alice", "1", ("system:authenticated",))
    assert found.object == pod("registry.example/shop/web@sha256:" + "a" * 64)
    assert (found.old_object, found.dry_run, found.timeout) == (None, True, 7.0)


def test_what_may_be_missing_may_be_missing() -> None:
    found_review = review_of()
    for name in ("name", "namespace", "userInfo", "dryRun", "oldObject", "options"):
        del found_review["request"][name]
    found = parse_review(encode(found_review), 10.0)
    assert (found.name, found.namespace, found.requester, found.dry_run) == ("", "", Requester(), False)


def test_how_json_is_written_makes_no_difference() -> None:
    pretty = json.dumps(review_of(), indent=2).encode()
    assert parse_review(pretty, 10.0) == parse_review(encode(review_of()), 10.0)


def go_json(document: object) -> bytes:
    """Write JSON as Go does."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "&<>\u2028\u2029"}).encode() + b"\n"


def test_what_an_api_server_writes_is_read_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow way takes ten times as long."""
    monkeypatch.setattr(review, "parse_json", None)
    found = pod("app")
    found["spec"]["containers"][0]["args"] = ["sh", "-c", "a && b <c >d", "é \u2028"]
    assert parse_review(go_json(review_of(found)), 10.0).object == found


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_so_is_each_recorded_review(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "parse_json", None)
    assert parse_review(go_json(json.loads(file.read_bytes())), 10.0).uid


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[]", "it is not an object"),
        (b"null", "it is not an object"),
        (b'{"a": 1, "a": 1}', "duplicate key 'a'"),
        (b'{"a":1,"a":1}', "duplicate key 'a'"),
        (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper than 64 levels"),
        (b"[" * 2000 + b"]" * 2000, "it is not JSON"),
        (b" " * (MAX_REVIEW + 1), f"it is larger than {MAX_REVIEW} bytes"),
    ],
)
def test_what_is_no_document_is_refused(raw: bytes, why: str) -> None:
    found = refusal(raw)
    assert (found.uid, found.why) == ("", why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "Pod"}, "its kind is 'Pod', known is AdmissionReview"),
        ({"kind": None}, "its kind is no text, known is AdmissionReview"),
        (
            {"apiVersion": "admission.k8s.io/v1beta1"},
            (
                "its apiVersion is 'admission.k8s.io/v1beta1', known is admission.k8s.io/v1; "
                "the webhook's admissionReviewVersions have to be [v1]"
            ),
        ),
        ({"request": None}, "there is no request in it"),
        ({"request": "text"}, "there is no request in it"),
        ({"request": {}}, "its request has no uid"),
        ({"request": {"uid": ""}}, "its request has no uid"),
        ({"request": {"uid": 5}}, "its request has no uid"),
        ({"request": {"uid": "u" * (MAX_UID + 1)}}, "its request has no uid"),
    ],
)
def test_what_is_no_review_is_refused(change: dict[str, Any], why: str) -> None:
    found = refusal(encode({**review_of(), **change}))
    assert (found.uid, found.why) == ("", why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"operation": "PATCH"}, "request.operation is 'PATCH', known are CREATE, UPDATE, DELETE, CONNECT"),
        ({"operation": None}, "request.operation is missing"),
        ({"operation": 5}, "request.operation is no text"),
        ({"object": None}, "request.object is missing, which CREATE has"),
        ({"object": "text"}, "request.object is no object"),
        ({"oldObject": []}, "request.oldObject is no object"),
        ({"kind": None}, "request.kind is missing"),
        ({"kind": "Pod"}, "request.kind is no object"),
        ({"kind": {"group": "", "version": "v1", "kind": ""}}, "request.kind is missing"),
        ({"kind": {"group": "", "kind": "Pod"}}, "request.version is missing"),
        ({"resource": {}}, "request.resource is missing"),
        ({"subResource": 5}, "request.subResource is no text"),
        ({"name": 5}, "request.name is no text"),
        ({"namespace": {}}, "request.namespace is no text"),
        ({"dryRun": "true"}, "request.dryRun is neither true nor false"),
        ({"userInfo": {"username": 5}}, "request.username is no text"),
        ({"userInfo": {"groups": "all"}}, "request.userInfo.groups are no texts"),
        ({"userInfo": {"groups": [5]}}, "request.userInfo.groups are no texts"),
    ],
)
def test_a_request_that_is_malformed_is_denied_by_its_uid(change: dict[str, Any], why: str) -> None:
    found = refusal(encode(review_of(**change)))
    assert (found.uid, found.why) == (UID, why)
    outcome = found.denial.outcome
    assert isinstance(outcome, Denial)
    assert (outcome.code, outcome.reason, outcome.message) == (400, "BadRequest", f"malformed AdmissionReview: {why}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10.0), ("1s", 1.0), ("500ms", 0.5), ("2.5s", 2.5), ("1m", 30.0), ("60s", 30.0)],
)
def test_the_time_that_the_api_server_waits(text: str, seconds: float) -> None:
    assert parse_timeout(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "10", "-1s", "s", "1h", "nan", "1e9s", "9" * 100 + "s"])
def test_a_time_that_is_none_is_the_default_of_api_servers(text: str) -> None:
    assert parse_timeout(text) == 10.0


def test_a_denial_has_a_status_as_api_servers_show_it() -> None:
    answer = Answer(Denial(403, "Forbidden", "not here"), ("one",), annotations={"verdict": "refused"})
    assert json.loads(encode_answer(UID, answer)) == {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "response": {
            "uid": UID,
            "allowed": False,
            "status": {
                "metadata": {},
                "status": "Failure",
                "message": "not here",
                "reason": "Forbidden",
                "code": 403,
            },
            "warnings": ["one"],
            "auditAnnotations": {"verdict": "refused"},
        },
    }


def test_a_patch_is_sent_with_its_type_and_none_without() -> None:
    patch = (PatchOperation("replace", "/spec/containers/0/image", "new"),)
    response = json.loads(encode_answer(UID, Answer(LeftToValidation(), patch=patch)))["response"]
    assert (response["allowed"], response["patchType"]) == (True, "JSONPatch")
    assert json.loads(base64.b64decode(response["patch"])) == [
        {"op": "replace", "path": "/spec/containers/0/image", "value": "new"}
    ]
    assert json.loads(encode_answer(UID, Answer(NothingToDecide(Skip.DELETION))))["response"] == {
        "uid": UID,
        "allowed": True,
    }


def test_a_denial_never_patches() -> None:
    answer = Answer(Denial(403, "Forbidden", "no"), patch=(PatchOperation("replace", "/a", "b"),))
    assert "patch" not in json.loads(encode_answer(UID, answer))["response"]
