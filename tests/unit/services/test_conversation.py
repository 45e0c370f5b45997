"""What holds for every service: one deadline, one host, failures in one short line that keeps secrets."""

import json
from typing import Final

import pytest

from cosignpy.errors import AccessDenied, MalformedError, RateLimited, RemoteError, Unreachable, UsageError
from cosignpy.net.http import Request
from cosignpy.net.url import Url
from cosignpy.services.conversation import MAX_ERROR_BODY, MAX_REDIRECTS, Conversation, Expected, endpoint
from tests.support.answers import ManualTime, ScriptedSender
from tests.support.sigstore_services import in_turn, manual_clock, reply, unreachable

URL: Final = Url.parse("https://service.example/api/path?key=secret")
POST: Final = Request("POST", URL, {"Accept": "application/json"}, b"body", repeatable=True)
GET: Final = Request("GET", URL)
EXPECTED: Final = Expected((200, 201), 100, "thing")
TOKEN: Final = "eyJhbGciOiJFUzI1NiJ9.eyJlbWFpbCI6ImFsaWNlQGV4YW1wbGUuY29tIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"


def conversation(sender: ScriptedSender, *hide: str) -> Conversation:
    return Conversation("the service", sender, manual_clock(ManualTime()), 30.0, hide)


def failure(sender: ScriptedSender, request: Request = POST, *hide: str) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        conversation(sender, *hide).ask(request, EXPECTED)
    return caught.value


def test_an_answer_is_read_whole() -> None:
    sender = in_turn(reply(201, b"the thing", Location="/x", X_Log_Index="5"))
    found = conversation(sender).ask(POST, EXPECTED)
    assert (found.url, found.status, found.body) == (URL, 201, b"the thing")
    assert (found.location, found.log_index) == ("/x", "5")
    (sent,) = sender.requests
    assert (sent.body, sent.deadline, sent.is_idempotent) == (b"body", 1030.0, True)


def test_a_redirect_within_the_host_is_followed_with_the_body() -> None:
    sender = in_turn(reply(308, Location="/elsewhere"), reply(200, b"x"))
    assert conversation(sender).ask(POST, EXPECTED).body == b"x"
    second = sender.requests[1]
    assert (str(second.url), second.method, second.body) == ("https://service.example/elsewhere", "POST", b"body")
    assert second.deadline == sender.requests[0].deadline


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_drop_the_body_is_not_followed(status: int) -> None:
    assert failure(in_turn(reply(status, Location="/elsewhere"))).status == status
    assert conversation(in_turn(reply(status, Location="/there"), reply(200))).ask(GET, EXPECTED).status == 200


@pytest.mark.parametrize(
    "location",
    ["https://other.example/api", "https://service.example:444/api", "http://service.example/api", "//other.example/"],
)
def test_a_redirect_to_another_server_is_refused_and_nothing_sent_there(location: str) -> None:
    sender = in_turn(reply(307, Location=location))
    assert "another server" in failure(sender).detail
    assert len(sender.requests) == 1


def test_a_redirect_to_nowhere_is_refused() -> None:
    assert failure(in_turn(reply(307, Location="ftp://x/"))).detail == "it redirects to what is no URL"


def test_a_redirect_without_a_place_is_a_failure() -> None:
    assert failure(in_turn(reply(307))).status == 307


def test_redirects_come_to_an_end() -> None:
    sender = in_turn(*[reply(307, Location="/again")] * (MAX_REDIRECTS + 1))
    assert "redirects more than" in failure(sender).detail


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, RemoteError, False),
        (401, AccessDenied, False),
        (403, AccessDenied, False),
        (404, RemoteError, False),
        (408, RemoteError, True),
        (413, RemoteError, False),
        (429, RateLimited, True),
        (500, RemoteError, True),
        (502, RemoteError, True),
        (503, RemoteError, True),
        (504, RemoteError, True),
        (599, RemoteError, False),
        (204, RemoteError, False),
    ],
)
def test_a_failure_says_what_to_do(status: int, kind: type[RemoteError], retryable: bool) -> None:
    found = failure(in_turn(reply(status, {"code": 3, "message": "because"} if status != 204 else b"")))
    assert (type(found), found.status, found.retryable, found.service) == (kind, status, retryable, "the service")
    assert found.url == "https://service.example/api/path?key=REDACTED"
    assert found.detail == ("because" if status != 204 else "no content")


@pytest.mark.parametrize("name", ["message", "detail", "error"])
def test_the_words_of_services_of_every_kind_are_shown(name: str) -> None:
    assert failure(in_turn(reply(400, {name: "because"}))).detail == "because"


@pytest.mark.parametrize(
    "body",
    [b"<html><h1>Bad Gateway</h1></html>", b"", b"[]", b'{"message":5}', b"x" * (MAX_ERROR_BODY + 1)],
    ids=["HTML", "nothing", "a list", "a number", "too much"],
)
def test_what_are_no_words_is_not_shown(body: bytes) -> None:
    assert failure(in_turn(reply(502, body))).detail == "bad gateway"


def test_a_status_without_a_name_is_a_number() -> None:
    assert failure(in_turn(reply(599))).detail == "status 599"


def test_a_wrong_address_is_hinted_at_only_without_words() -> None:
    assert failure(in_turn(reply(404))).hint == "is this the address of the service?"
    assert failure(in_turn(reply(405, {"message": "the log is frozen"}))).hint is None


@pytest.mark.parametrize(("headers", "delay"), [({"Retry_After": "7"}, 7.0), ({}, None)])
def test_a_busy_service_says_when_to_come_back(headers: dict[str, str], delay: float | None) -> None:
    found = failure(in_turn(reply(429, b"", **headers)))
    assert isinstance(found, RateLimited)
    assert found.retry_after == delay
    assert found.hint == ("try again in 7 seconds" if delay else "try again later")


@pytest.mark.parametrize(
    "told",
    [TOKEN, f"bad token {TOKEN}!", *[f"bad: {part}" for part in TOKEN.split(".")], f"in {TOKEN[:40]}...", TOKEN[-25:]],
)
def test_a_service_that_repeats_a_secret_is_not_shown_to_do_so(told: str) -> None:
    found = failure(in_turn(reply(400, {"message": told})), POST, "", TOKEN)
    assert "REDACTED" in found.detail
    assert [part for part in TOKEN.split(".") if part[:12] in str(found) or part[-12:] in str(found)] == []


def test_a_secret_of_short_parts_is_hidden_as_well() -> None:
    assert failure(in_turn(reply(400, {"message": "bad: a.b.c!"})), POST, "a.b.c").detail == "bad: REDACTED!"


def test_other_words_are_left_as_they_are() -> None:
    words = "There was an error processing the identity token of an-unconfigured-issuer"
    assert failure(in_turn(reply(400, {"message": words})), POST, TOKEN).detail == words


def test_words_are_one_short_line() -> None:
    found = failure(in_turn(reply(400, {"message": "a\n\x1b[31mb" + "c " * 5000})))
    assert (len(found.detail) <= 300, found.detail.isprintable()) == (True, True)


def test_an_answer_that_is_too_large_is_refused() -> None:
    assert conversation(in_turn(reply(200, b"x" * 100))).ask(POST, EXPECTED).body
    assert "thing is over the limit" in failure(in_turn(reply(200, b"x" * 101))).detail


def test_a_service_that_does_not_answer_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        conversation(in_turn(unreachable)).ask(POST, EXPECTED)


def test_what_is_wrong_with_the_form_of_an_answer_names_the_service() -> None:
    talk = conversation(in_turn(reply(200)))
    found = talk.ask(POST, EXPECTED)
    with pytest.raises(RemoteError) as caught, talk.understanding(found):
        raise MalformedError("thing", "it is broken")
    assert caught.value.detail == "malformed thing: it is broken"
    assert isinstance(caught.value.__cause__, MalformedError)


def test_where_there_are_secrets_no_cause_quotes_them() -> None:
    talk = conversation(in_turn(reply(200)), TOKEN)
    found = talk.ask(POST, EXPECTED)
    with pytest.raises(RemoteError) as caught, talk.understanding(found):
        raise MalformedError("thing", f"duplicate key {TOKEN!r}")
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://service.example", "https://service.example/api"),
        ("https://service.example/", "https://service.example/api"),
        ("https://service.example:8443/below/", "https://service.example:8443/below/api"),
    ],
)
def test_paths_are_added_to_an_address(base: str, url: str) -> None:
    assert str(endpoint(base, "/api")) == url


@pytest.mark.parametrize("base", ["https://service.example/?a=b", "https://service.example/#a"])
def test_an_address_with_a_query_is_refused(base: str) -> None:
    with pytest.raises(UsageError):
        endpoint(base, "/api")


def test_a_failure_in_json_with_a_duplicate_member_is_not_shown() -> None:
    body = json.dumps({"message": "a"}).encode()[:-1] + b',"message":"b"}'
    assert failure(in_turn(reply(400, body))).detail == "bad request"
