"""The apps for resources of ours: defaults, validation, versions."""

import asyncio
import json
from typing import Any, Final

import pytest
from starlette.types import Message

from cosignpy.webhook.app import Draining, Paths
from cosignpy.webhook.recording import Decision, Webhook
from cosignpy.webhook.resource_apps import build_resource_apps
from cosignpy.webhook.resources.validating import ResourceRules
from tests.support.admission import UID, encode, review_of
from tests.support.asgi_calls import Answer, ask, scope_of
from tests.support.image_policies import PASS, document

JSON: Final = ((b"content-type", b"application/json"),)


def post(path: str, body: bytes, records: list[Decision] | None = None, headers: Any = JSON) -> Answer:
    apps = build_resource_apps(ResourceRules, ([] if records is None else records).append, Draining())
    return ask(Paths(apps), scope_of(path, headers, method="POST", query_string=b""), body)


def review(found: dict[str, Any]) -> bytes:
    return encode(review_of(found))


def test_what_is_left_out_is_filled_in() -> None:
    records: list[Decision] = []
    response = post("/defaulting", review(document(PASS)), records).json["response"]
    assert (response["uid"], response["allowed"], response["patchType"]) == (UID, True, "JSONPatch")
    assert [each.webhook for each in records] == [Webhook.DEFAULTING]


def test_a_policy_with_a_mistake_is_refused() -> None:
    assert post("/validating", review(document(PASS))).json["response"]["allowed"] is True
    response = post("/validating", review(document({"static": {"action": "maybe"}}))).json["response"]
    assert (response["allowed"], response["status"]["code"]) == (False, 400)


def conversion(version: str = "policy.sigstore.dev/v1alpha1") -> dict[str, Any]:
    request = {"uid": UID, "desiredAPIVersion": version, "objects": [document(PASS)]}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": request}


def test_an_object_is_converted() -> None:
    found = post("/resource-conversion", encode(conversion()))
    assert found.status == 200
    (converted,) = found.json["response"]["convertedObjects"]
    assert converted["apiVersion"] == "policy.sigstore.dev/v1alpha1"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 400),
        (json.dumps({"kind": "Pod"}).encode(), JSON, 400),
        (b"{}", (), 415),
        (b"{}", (*JSON, (b"content-length", b"100000000")), 413),
    ],
)
def test_what_is_no_conversion_is_an_error(body: bytes, headers: Any, status: int) -> None:
    assert post("/resource-conversion", body, headers=headers).status == status


def test_who_goes_away_is_not_answered() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    records: list[Decision] = []
    apps = Paths(build_resource_apps(ResourceRules, records.append, Draining()))
    asyncio.run(apps(scope_of("/resource-conversion", JSON, method="POST", query_string=b""), receive, send))
    assert (sent, records) == ([], [])
