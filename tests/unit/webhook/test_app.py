"""The webhook's app: what comes in as a review goes out as an answer, and everything else as an error."""

import asyncio
import base64
import json
import logging
from http import HTTPStatus
from typing import Any, Final

import pytest
from starlette.types import Message

from cosignpy.serving.routing import Refused
from cosignpy.webhook.app import Draining, Paths, build_reviews
from cosignpy.webhook.large_reviews import AT_ONCE, LARGE, LargeReviews
from cosignpy.webhook.recording import Webhook
from cosignpy.webhook.review import MAX_REVIEW
from tests.support.admission import DIGEST, PINNED, TAGGED, UID, Site, encode, pod, refused, review_of
from tests.support.asgi_calls import Answer, Client, ask, ask_async, scope_of

JSON: Final = ((b"content-type", b"application/json"),)


def post(site: Site, path: str, body: bytes, headers: Any = JSON, **more: Any) -> Answer:
    apps = Paths(build_reviews(site.handler, site.records.append, site.draining))
    scope = {"method": "POST", "query_string": b"timeout=10s", **more}
    return ask(apps, scope_of(path, headers, **scope), body)


def test_an_image_that_passes_is_admitted() -> None:
    site = Site()
    found = post(site, "/validations", encode(review_of()))
    assert (found.status, found.headers[b"content-type"]) == (200, b"application/json")
    assert found.json["kind"] == "AdmissionReview"
    assert found.json["apiVersion"] == "admission.k8s.io/v1"
    response = found.json["response"]
    assert (response["uid"], response["allowed"]) == (UID, True)
    assert "status" not in response


def test_an_image_that_is_refused_is_denied_and_recorded() -> None:
    site = Site()
    site.decider.verdicts[PINNED] = refused()
    response = post(site, "/validations", encode(review_of())).json["response"]
    assert response["allowed"] is False
    assert response["status"]["code"] == HTTPStatus.FORBIDDEN
    (made,) = site.records
    assert (made.webhook, made.answer.allowed, made.findings[0].image) == (Webhook.VALIDATING, False, PINNED)


def test_a_tag_becomes_a_digest_by_a_patch() -> None:
    site = Site()
    site.decider.tags[TAGGED] = DIGEST
    response = post(site, "/mutations", encode(review_of(pod(TAGGED)))).json["response"]
    assert (response["allowed"], response["patchType"]) == (True, "JSONPatch")
    path = "/spec/containers/0/image"
    assert json.loads(base64.b64decode(response["patch"])) == [
        {"op": "test", "path": path, "value": TAGGED},
        {"op": "replace", "path": path, "value": f"{TAGGED}@{DIGEST}"},
    ]


def test_nothing_to_patch_is_no_patch() -> None:
    response = post(Site(), "/mutations", encode(review_of())).json["response"]
    assert response == {"uid": UID, "allowed": True}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"method": "GET"}, 405),
        ({"headers": ((b"content-type", b"text/plain"),)}, 415),
        ({"headers": (*JSON, (b"content-encoding", b"gzip"))}, 415),
        ({"headers": (*JSON, (b"content-length", b"10000000"))}, 413),
        ({"path": "/other"}, 404),
    ],
)
def test_what_is_no_request_for_a_review_is_refused(change: dict[str, Any], status: int) -> None:
    request = {"path": "/validations", "body": encode(review_of()), "headers": JSON, **change}
    assert post(Site(), **request).status == status


def test_a_body_over_the_limit_is_refused_though_its_length_was_not_declared() -> None:
    assert post(Site(), "/validations", b" " * (MAX_REVIEW + 1)).status == 413


def test_a_malformed_review_is_denied_where_it_is_known_which_request_is_meant() -> None:
    site = Site()
    response = post(site, "/validations", encode(review_of(operation="OTHER"))).json["response"]
    assert (response["uid"], response["allowed"], response["status"]["code"]) == (UID, False, 400)
    assert site.records[0].request is None


def test_a_malformed_review_is_an_http_error_elsewhere() -> None:
    found = post(Site(), "/validations", b"{")
    assert (found.status, found.json["detail"]) == (400, "malformed AdmissionReview: it is not JSON")


@pytest.mark.parametrize("path", ["/validations", "/mutations"])
def test_a_mistake_of_ours_is_a_denial_and_a_traceback_in_the_log(path: str, caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    site.decider.error = RuntimeError("a mistake")
    with caplog.at_level(logging.ERROR):
        response = post(site, path, encode(review_of(pod(TAGGED)))).json["response"]
    assert (response["allowed"], response["status"]["code"]) == (False, 500)
    assert "a mistake" not in response["status"]["message"]
    assert "a mistake" in caplog.text


def test_who_is_about_to_end_asks_to_be_left() -> None:
    found = post(Site(draining=Draining(True)), "/validations", encode(review_of()))
    assert (found.json["response"]["allowed"], found.headers[b"connection"]) == (True, b"close")


@pytest.mark.parametrize("path", ["/validations", "/mutations"])
def test_who_goes_away_is_not_answered(path: str) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    site = Site()
    apps = Paths(build_reviews(site.handler, site.records.append, site.draining))
    asyncio.run(apps(scope_of(path, JSON, method="POST", query_string=b""), receive, send))
    assert (sent, site.records) == ([], [])


def test_a_mistake_while_a_review_is_read_is_an_error_and_no_admission(caplog: pytest.LogCaptureFixture) -> None:
    sent = Client()

    async def receive() -> Message:
        raise RuntimeError("a mistake")

    apps = Paths(build_reviews(Site().handler, Site().records.append, Draining()))
    with caplog.at_level(logging.ERROR):
        asyncio.run(apps(scope_of("/validations", JSON, method="POST", query_string=b""), receive, sent.send))
    assert sent.answer.status == 500
    assert "a mistake" in caplog.text


class WholeExchange:
    """What a protocol offers that takes answers as a whole, or does not."""

    def __init__(self, body: bytes, *, takes: bool) -> None:
        self.body, self.takes = body, takes
        self.sent: list[tuple[int, Any, bytes]] = []

    def take_body(self) -> bytes:
        return self.body

    def answer(self, status: int, headers: Any, body: bytes) -> bool:
        if self.takes:
            self.sent.append((status, dict(headers), body))
        return self.takes


@pytest.mark.parametrize("takes", [True, False])
def test_an_answer_is_sent_as_a_whole_where_the_protocol_takes_it_so(takes: bool) -> None:
    site, client = Site(), Client()
    exchange = WholeExchange(encode(review_of()), takes=takes)
    scope = scope_of("/validations", JSON, method="POST", query_string=b"", state={"exchange": exchange})
    apps = Paths(build_reviews(site.handler, site.records.append, site.draining))
    asyncio.run(apps(scope, client.receive, client.send))
    if takes:
        ((status, headers, body),) = exchange.sent
        assert (status, headers[b"content-length"], client.sent) == (200, str(len(body)).encode(), [])
    else:
        body = client.answer.body
    assert json.loads(body)["response"]["allowed"] is True
    assert len(site.records) == 1


LARGE_REVIEW: Final = encode(review_of(pod(PINNED, hostname="a" * LARGE)))


def test_a_large_review_is_decided_over_like_any_other() -> None:
    site = Site()
    assert post(site, "/validations", LARGE_REVIEW).json["response"]["allowed"] is True
    site.decider.verdicts[PINNED] = refused()
    assert post(site, "/validations", LARGE_REVIEW).json["response"]["allowed"] is False


@pytest.mark.parametrize(("size", "status"), [(LARGE, 503), (0, 200)])
def test_many_large_reviews_take_turns_and_small_ones_do_not_wait(size: int, status: int) -> None:
    site = Site()
    site.decider.wait = 0.5
    apps = Paths(build_reviews(site.handler, site.records.append, site.draining))
    last = encode(review_of(pod(PINNED, hostname="a" * size)))

    async def run() -> list[Answer]:
        first = [asyncio.create_task(call(apps, LARGE_REVIEW)) for _ in range(AT_ONCE)]
        await asyncio.sleep(0.2)
        assert len(site.decider.asked) == AT_ONCE
        return [await call(apps, last, b"timeout=100ms" if size else b"timeout=10s"), *await asyncio.gather(*first)]

    found, *others = asyncio.run(run())
    assert found.status == status
    assert [each.json["response"]["allowed"] for each in others] == [True] * AT_ONCE


def test_large_reviews_beyond_those_that_wait_are_refused_at_once() -> None:
    async def run() -> None:
        turns = LargeReviews(at_once=1, most=1)
        await turns.enter(1.0)
        waiting = asyncio.create_task(turns.enter(10.0))
        await asyncio.sleep(0)
        with pytest.raises(Refused, match="too many reviews"):
            await turns.enter(10.0)
        turns.leave()
        await waiting
        with pytest.raises(Refused, match="too many reviews"):
            await turns.enter(0.01)

    asyncio.run(run())


async def call(apps: Paths, body: bytes, query: bytes = b"timeout=10s") -> Answer:
    return await ask_async(apps, scope_of("/validations", JSON, method="POST", query_string=query), Client((body,)))
