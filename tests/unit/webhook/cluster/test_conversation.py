"""Requests to the API server: what is sent, and what becomes of every kind of answer."""

import asyncio
import json
from typing import Any, Final

import httpx2
import pytest
from lightkube import ConfigError

from cosignpy.errors import AlreadyThere, ClusterError, ClusterUnreachable, Conflict, Forbidden
from cosignpy.webhook.cluster import conversation
from cosignpy.webhook.cluster.api import KubernetesApi
from cosignpy.webhook.cluster.asked import MAX_MESSAGE
from cosignpy.webhook.cluster.conversation import AnswerTooLarge
from cosignpy.webhook.kinds import CLUSTER_IMAGE_POLICY, EVENT, NAMESPACE, SECRET
from tests.support.scripted_api import WHERE, Reply, ScriptedApi
from tests.support.virtual_time import run

FOUND: Final = {"metadata": {"name": "certs", "namespace": "shop", "resourceVersion": "7"}, "data": {"key": "dmFsdWU="}}


def status(code: int, message: str, reason: str = "") -> Reply:
    return Reply.of({"kind": "Status", "message": message, "reason": reason, "code": code}, code)


def do(api: ScriptedApi, verb: str, *arguments: Any) -> Any:
    async def main() -> Any:
        cluster = KubernetesApi(api.connection)
        try:
            return await getattr(cluster, verb)(*arguments)
        finally:
            await cluster.close()

    return run(main())


def test_an_object_is_fetched() -> None:
    api = ScriptedApi(Reply.of(FOUND))
    assert do(api, "get", SECRET, "shop", "certs") == FOUND
    assert api.asked == ["GET /api/v1/namespaces/shop/secrets/certs"]


def test_an_object_without_a_namespace_is_fetched() -> None:
    api = ScriptedApi(Reply.of(FOUND))
    do(api, "get", CLUSTER_IMAGE_POLICY, "", "signed")
    assert api.asked == ["GET /apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/signed"]


def test_there_is_none() -> None:
    assert do(ScriptedApi(status(404, 'secrets "certs" not found', "NotFound")), "get", SECRET, "shop", "certs") is None


def test_a_type_that_the_cluster_does_not_have_is_an_error() -> None:
    api = ScriptedApi(status(404, "the server could not find the requested resource", "NotFound"))
    with pytest.raises(ClusterError) as raised:
        do(api, "get", CLUSTER_IMAGE_POLICY, "", "signed")
    assert (raised.value.status, raised.value.what) == (404, "get clusterimagepolicies signed")
    assert raised.value.hint == "the cluster has no type ClusterImagePolicy of policy.sigstore.dev/v1beta1"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2fb", "a\nb", "a" * 254])
def test_no_object_has_a_name_that_would_be_another_path(name: str) -> None:
    """Whoever writes a pod chooses names of secrets, and is not to choose what is asked for."""
    api = ScriptedApi(Reply.of(FOUND))
    assert do(api, "get", SECRET, "shop", name) is None
    assert api.asked == []


def test_characters_that_mean_something_in_an_address_are_quoted() -> None:
    api = ScriptedApi(Reply.of(FOUND))
    do(api, "get", SECRET, "shop", "a?b#c d:e")
    assert api.asked == ["GET /api/v1/namespaces/shop/secrets/a%3Fb%23c%20d%3Ae"]


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_a_namespace_that_would_be_another_path_is_refused(verb: str) -> None:
    api = ScriptedApi(Reply.of(FOUND))
    with pytest.raises(ClusterError) as raised:
        do(api, verb, SECRET, "..", "certs")
    assert (raised.value.status, raised.value.where) == (None, WHERE)
    assert api.asked == []


def test_an_object_is_created() -> None:
    api = ScriptedApi(Reply.of(FOUND, 201))
    assert do(api, "create", SECRET, "shop", {"metadata": {"name": "certs"}}) == FOUND
    (request,) = api.requests
    assert api.asked == ["POST /api/v1/namespaces/shop/secrets"]
    assert json.loads(request.content) == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "certs"}}
    assert request.url.params["fieldManager"] == "cosignpy-webhook"
    assert request.headers["content-type"] == "application/json"


def test_a_name_may_be_left_to_the_cluster() -> None:
    api = ScriptedApi(Reply.of(FOUND, 201))
    do(api, "create", EVENT, "shop", {"metadata": {"generateName": "refused-"}})
    assert api.asked == ["POST /apis/events.k8s.io/v1/namespaces/shop/events"]


def test_an_object_is_replaced() -> None:
    api = ScriptedApi(Reply.of(FOUND))
    do(api, "update", SECRET, "shop", FOUND)
    (request,) = api.requests
    assert api.asked == ["PUT /api/v1/namespaces/shop/secrets/certs"]
    assert json.loads(request.content) == {"apiVersion": "v1", "kind": "Secret", **FOUND}


def test_a_status_is_applied() -> None:
    api = ScriptedApi(Reply.of(FOUND))
    do(api, "apply", CLUSTER_IMAGE_POLICY, "", {"metadata": {"name": "signed"}, "status": {}}, "status")
    (request,) = api.requests
    assert api.asked == ["PATCH /apis/policy.sigstore.dev/v1beta1/clusterimagepolicies/signed/status"]
    assert request.headers["content-type"] == "application/apply-patch+yaml"
    assert dict(request.url.params) == {"fieldManager": "cosignpy-webhook", "force": "true"}


@pytest.mark.parametrize("reply", [Reply.of({"status": "Success"}), status(404, "not found", "NotFound")])
def test_an_object_is_deleted_also_where_there_is_none(reply: Reply) -> None:
    api = ScriptedApi(reply)
    do(api, "delete", NAMESPACE, "", "shop")
    assert api.asked == ["DELETE /api/v1/namespaces/shop"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (status(401, "Unauthorized", "Unauthorized"), Forbidden),
        (status(403, "namespace is being terminated", "Forbidden"), Forbidden),
        (status(409, "already exists", "AlreadyExists"), AlreadyThere),
        (status(409, "the object has been modified", "Conflict"), Conflict),
        (status(410, "too old resource version", "Expired"), ClusterError),
        (status(422, "it is invalid", "Invalid"), ClusterError),
        (status(500, "etcd is away", "InternalError"), ClusterError),
        (Reply(502, (b"<html>",)), ClusterError),
        (Reply(302, (), {"location": "https://elsewhere.example"}), ClusterError),
    ],
)
def test_each_refusal_is_an_error_of_its_own(reply: Reply, error: type[ClusterError]) -> None:
    with pytest.raises(ClusterError) as raised:
        do(ScriptedApi(reply), "delete", SECRET, "shop", "certs")
    assert type(raised.value) is error
    assert (raised.value.status, raised.value.what) == (reply.status, "delete secrets shop/certs")
    assert raised.value.why


@pytest.mark.parametrize(
    ("verb", "arguments", "right"),
    [
        ("get", (SECRET, "shop", "certs"), "--verb=get --resource=secrets in namespace shop"),
        ("delete", (NAMESPACE, "", "shop"), "--verb=delete --resource=namespaces in a ClusterRole"),
        (
            "apply",
            (CLUSTER_IMAGE_POLICY, "", {"metadata": {"name": "signed"}}, "status"),
            "--verb=patch --resource=clusterimagepolicies.policy.sigstore.dev/status in a ClusterRole",
        ),
    ],
)
def test_a_right_that_is_missing_is_named(verb: str, arguments: tuple[Any, ...], right: str) -> None:
    api = ScriptedApi(status(403, 'secrets is forbidden: User "u" cannot get resource "secrets"', "Forbidden"))
    with pytest.raises(Forbidden) as raised:
        do(api, verb, *arguments)
    assert raised.value.hint == f"allow the webhook's service account {right}"


def test_a_message_is_one_line_of_some_length() -> None:
    with pytest.raises(ClusterError) as raised:
        do(ScriptedApi(status(422, "bad\n\tvalue " * 1000)), "delete", SECRET, "shop", "certs")
    assert raised.value.why.startswith("bad value bad value")
    assert len(raised.value.why) == MAX_MESSAGE


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (httpx2.ConnectError("All connection attempts failed"), "All connection attempts failed"),
        (httpx2.ConnectTimeout(""), "no connection within 10 s"),
        (httpx2.ReadTimeout(""), "it fell silent"),
        (ConfigError("Token file /gone not found"), "Token file /gone not found"),
        (PermissionError(13, "Permission denied"), "[Errno 13] Permission denied"),
        (httpx2.PoolTimeout(""), "PoolTimeout"),
    ],
)
def test_no_answer_is_an_error_of_its_own(failure: Exception, why: str) -> None:
    with pytest.raises(ClusterUnreachable) as raised:
        do(ScriptedApi(failure), "get", SECRET, "shop", "certs")
    assert (raised.value.why, raised.value.status, raised.value.where) == (why, None, WHERE)


@pytest.mark.parametrize(
    ("why", "hint"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired", "the certificate authority of the kubeconfig"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "the API server runs"),
    ],
)
def test_a_certificate_of_somebody_else_has_something_else_to_do(why: str, hint: str) -> None:
    with pytest.raises(ClusterUnreachable) as raised:
        do(ScriptedApi(httpx2.ConnectError(why)), "get", SECRET, "shop", "certs")
    assert f"see that {hint}" in (raised.value.hint or "")


def test_a_connection_that_was_closed_while_idle_is_no_failure() -> None:
    api = ScriptedApi(httpx2.RemoteProtocolError("Server disconnected"), Reply.of(FOUND))
    assert do(api, "get", SECRET, "shop", "certs") == FOUND


def test_it_is_one_in_the_end() -> None:
    api = ScriptedApi(httpx2.ReadError(""))
    with pytest.raises(ClusterUnreachable) as raised:
        do(api, "get", SECRET, "shop", "certs")
    assert (raised.value.why, len(api.requests)) == ("the connection broke", 4)


def test_what_may_have_been_created_is_not_created_again() -> None:
    api = ScriptedApi(httpx2.ReadError(""), Reply.of(FOUND, 201))
    with pytest.raises(ClusterUnreachable):
        do(api, "create", SECRET, "shop", {"metadata": {"name": "certs"}})
    assert len(api.requests) == 1


@pytest.mark.parametrize(("headers", "pause"), [({"retry-after": "3"}, 3), ({}, 1), ({"retry-after": "999"}, 5)])
@pytest.mark.parametrize("code", [429, 503])
def test_a_server_that_is_busy_is_asked_again_when_it_says(code: int, headers: dict[str, str], pause: float) -> None:
    api = ScriptedApi(Reply(code, (), headers), Reply.of(FOUND))
    assert do(api, "get", SECRET, "shop", "certs") == FOUND
    assert api.times[1] - api.times[0] == pytest.approx(pause)


def test_a_server_that_stays_busy_is_an_error() -> None:
    api = ScriptedApi(status(429, "Too many requests, please try again later.", "TooManyRequests"))
    with pytest.raises(ClusterError) as raised:
        do(api, "get", SECRET, "shop", "certs")
    assert (raised.value.status, len(api.requests)) == (429, 4)


def test_an_answer_that_never_ends_is_given_up() -> None:
    api = ScriptedApi(Reply(200, tuple([b" ", 9.0] * 10)))
    with pytest.raises(ClusterUnreachable) as raised:
        do(api, "get", SECRET, "shop", "certs")
    assert raised.value.why == "no answer within 30 s"


def test_an_answer_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MAX_ANSWER", 100)
    pieces = (b"x" * 50, b"y" * 50)
    with pytest.raises(ClusterError) as raised:
        do(ScriptedApi(Reply(200, pieces)), "get", SECRET, "shop", "certs")
    assert type(raised.value) is not AnswerTooLarge
    with pytest.raises(AnswerTooLarge):
        do(ScriptedApi(Reply(200, (*pieces, b"z"))), "get", SECRET, "shop", "certs")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_object_is_an_error(body: bytes) -> None:
    with pytest.raises(ClusterUnreachable, match="not what API servers send"):
        do(ScriptedApi(Reply(200, (body,))), "get", SECRET, "shop", "certs")


def test_a_caller_that_goes_away_is_let_go() -> None:
    async def main() -> None:
        cluster = KubernetesApi(ScriptedApi(Reply(200, (b"{", 5.0, b"}"))).connection)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await cluster.get(SECRET, "shop", "certs")
        await cluster.close()

    run(main())
