"""Submitting to logs: which is asked, how often, and which of their answers count."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from ca_server.config import CtLogSettings, TransparencySettings
from ca_server.issuance import ct_submit
from ca_server.issuance.ct_submit import (
    LONGEST_WAIT,
    MAX_ANSWER,
    MAX_REASON,
    CtLog,
    CtSubmissions,
    CtSubmitter,
    Patience,
    Submission,
    build_submitter,
    load_log_key,
)
from ca_server.issuance.errors import LogRefused, LogsBusy
from cosignpy.core.ct.entry import EntryType, SignedEntry
from cosignpy.core.ct.sct import Sct
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.encoding import encode_b64
from cosignpy.errors import CosignError, FileError, KeyUnusable, MalformedError, Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient, Request, Response
from cosignpy.serving.quantities import Duration
from cosignpy.values import replace
from tests.support.answers import ScriptedSender, answer
from tests.support.fixed_keys import ecdsa_signer
from tests.support.issuance import LOG_KEY, promise, run
from tests.support.keys import key_vectors

ENTRY: Final = SignedEntry(EntryType.PRECERTIFICATE, bytes(32), b"tbs")
SUBMISSION: Final = Submission((b"precertificate", b"issuer", b"root"), ENTRY)
SCT: Final = promise(ENTRY)
PATIENCE: Final = Patience(3, 10.0)

Script = Callable[[Request], Response]


class FakeTime:
    """A clock that only sleeping moves, and chance that always says the most."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.now, self.sleep, lambda: 1.0)


def good(request: Request, sct: Sct = SCT) -> Response:
    return answer(request.url, 200, encode_sct_answer(sct))


def status(number: int, body: bytes = b"no", **headers: str) -> Script:
    fields = {name.replace("_", "-"): content for name, content in headers.items()}
    return lambda request: answer(request.url, number, body, fields)


def failing(detail: str, *, retryable: bool = True) -> Script:
    def respond(request: Request) -> Response:
        raise Unreachable("log", str(request.url), None, detail, retryable=retryable)

    return respond


class Client(ScriptedSender):
    """A client whose log answers by a function."""

    closed = False

    def close(self) -> None:
        self.closed = True


def in_turn(*scripts: Script) -> Client:
    left = iter(scripts)

    def respond(request: Request) -> Response:
        return next(left)(request)

    return Client(respond)


def submitter(*clients: Client, patience: Patience = PATIENCE, time: FakeTime | None = None) -> CtSubmitter:
    logs = [CtLog(f"https://log{number}.example/", client, LOG_KEY.public_key) for number, client in enumerate(clients)]
    return CtSubmitter(logs, patience, (time or FakeTime()).clock)


def test_a_precertificate_goes_to_its_endpoint_with_its_chain() -> None:
    sender = in_turn(good)
    assert submitter(sender).submit(SUBMISSION) == SCT
    (request,) = sender.requests
    assert (request.method, str(request.url)) == ("POST", "https://log0.example/ct/v1/add-pre-chain")
    assert request.headers["Content-Type"] == "application/json"
    assert isinstance(request.body, bytes)
    assert json.loads(request.body) == {"chain": [encode_b64(one) for one in SUBMISSION.chain]}


def test_a_certificate_goes_to_the_other_endpoint() -> None:
    entry = SignedEntry(EntryType.X509, b"", b"leaf")
    sender = in_turn(lambda request: good(request, promise(entry)))
    submitter(sender).submit(Submission((b"leaf", b"root"), entry))
    assert str(sender.requests[0].url) == "https://log0.example/ct/v1/add-chain"


TRANSIENT: Final[Sequence[Script]] = (
    failing("connection refused"),
    failing("no answer in time"),
    *[status(number) for number in (408, 429, 500, 502, 503, 504)],
)


@pytest.mark.parametrize("script", TRANSIENT)
def test_what_may_pass_is_tried_again(script: Script) -> None:
    sender, time = in_turn(script, script, good), FakeTime()
    assert submitter(sender, time=time).submit(SUBMISSION) == SCT
    assert time.slept == [0.1, 0.2]


@pytest.mark.parametrize("script", TRANSIENT)
def test_after_the_last_attempt_another_log_is_asked(script: Script) -> None:
    first, second = in_turn(script, script, script), in_turn(good)
    assert submitter(first, second).submit(SUBMISSION) == SCT
    assert (len(first.requests), len(second.requests)) == (3, 1)


@pytest.mark.parametrize(
    "script",
    [
        *[status(number) for number in (301, 400, 401, 403, 404, 413)],
        failing("certificate not trusted", retryable=False),
        status(200, b"<html>"),
        status(200, encode_sct_answer(SCT) + b" x"),
        status(200, bytes(MAX_ANSWER + 1)),
        status(500, bytes(MAX_ANSWER + 1)),
    ],
)
def test_what_does_not_pass_is_not_tried_again_and_another_log_is_asked(script: Script) -> None:
    first, second = in_turn(script), in_turn(good)
    assert submitter(first, second).submit(SUBMISSION) == SCT
    assert (len(first.requests), len(second.requests)) == (1, 1)


def test_the_first_log_that_answers_is_the_only_one_that_is_asked() -> None:
    first, second = in_turn(good), in_turn(good)
    submitter(first, second).submit(SUBMISSION)
    assert second.requests == []


def test_a_log_says_when_to_ask_again() -> None:
    sender, time = in_turn(status(503, Retry_After="3"), good), FakeTime()
    submitter(sender, time=time).submit(SUBMISSION)
    assert time.slept == [3.0]


@pytest.mark.parametrize("headers", [{"Retry_After": "11"}, {"Retry_After": "3600"}])
def test_a_log_that_wants_to_be_left_alone_too_long_is(headers: dict[str, str]) -> None:
    first, second, time = in_turn(status(503, b"", **headers)), in_turn(good), FakeTime()
    submitter(first, second, time=time).submit(SUBMISSION)
    assert time.slept == []


def test_no_attempt_begins_after_the_time_is_over() -> None:
    time = FakeTime()

    def slow(request: Request) -> Response:
        time.now += 6
        raise Unreachable("log", str(request.url), None, "no answer in time", retryable=True)

    sender = in_turn(slow, slow)
    with pytest.raises(LogRefused):
        submitter(sender, time=time, patience=Patience(10, 10.0)).submit(SUBMISSION)
    assert len(sender.requests) == 2


def test_every_attempt_has_the_time_that_is_left_for_its_log() -> None:
    first, second, time = in_turn(status(500), status(400)), in_turn(good), FakeTime()
    submitter(first, second, time=time).submit(SUBMISSION)
    assert [request.deadline for request in (*first.requests, *second.requests)] == [110.0, 110.0, 110.1]


def test_waits_have_a_bound() -> None:
    sender, time = in_turn(*[status(500)] * 9, good), FakeTime()
    submitter(sender, time=time, patience=Patience(10, 100.0)).submit(SUBMISSION)
    assert max(time.slept) == LONGEST_WAIT


def test_every_log_is_in_the_reason_for_the_audit_log() -> None:
    told = b"no accepted root\n" + b"x" * 5000
    with pytest.raises(LogRefused) as caught:
        submitter(in_turn(status(400, told)), in_turn(failing("refused", retryable=False))).submit(SUBMISSION)
    assert "https://log0.example" in caught.value.why
    assert "400" in caught.value.why
    assert "no accepted root xxx" in caught.value.why
    assert "refused" in caught.value.why
    assert len(caught.value.why) < 2 * MAX_REASON


def test_without_logs_there_is_no_promise() -> None:
    with pytest.raises(LogRefused):
        CtSubmitter((), PATIENCE).submit(SUBMISSION)


OTHER: Final = replace(ENTRY, content=b"another")
FLIPPED: Final = replace(SCT.signed, signature=SCT.signed.signature[:-1] + bytes((SCT.signed.signature[-1] ^ 1,)))


@pytest.mark.parametrize(
    "sct",
    [
        promise(OTHER),
        promise(replace(ENTRY, issuer_key_hash=b"\x01" * 32)),
        promise(ENTRY, signer=ecdsa_signer("another log")),
        replace(promise(ENTRY, signer=ecdsa_signer("another log")), log_id=SCT.log_id),
        replace(SCT, timestamp_ms=SCT.timestamp_ms + 1),
        replace(SCT, extensions=b""),
        replace(SCT, signed=FLIPPED),
    ],
    ids=[
        "another-certificate",
        "another-issuer",
        "another-log",
        "another-key",
        "another-time",
        "other-extensions",
        "flipped",
    ],
)
def test_a_promise_that_does_not_verify_ends_everything(sct: Sct) -> None:
    """Not even the next log is asked: the first is not what it is taken for, and that has to be heard of."""
    first, second = in_turn(lambda request: good(request, sct)), in_turn(good)
    with pytest.raises(LogRefused):
        submitter(first, second).submit(SUBMISSION)
    assert (len(first.requests), second.requests) == (1, [])


def test_without_the_key_of_a_log_its_promise_is_believed() -> None:
    log = CtLog("http://log.example", in_turn(lambda request: good(request, promise(OTHER))))
    assert CtSubmitter((log,), PATIENCE).submit(SUBMISSION) == promise(OTHER)


# --- the settings -------------------------------------------------------------------------------


def test_logs_are_built_from_settings(tmp_path: Path) -> None:
    key = tmp_path / "log.pub"
    key.write_bytes(LOG_KEY.public_key.encode_pem())
    assert load_log_key(key) == LOG_KEY.public_key
    settings = TransparencySettings(logs=(CtLogSettings("https://a.example", key), CtLogSettings("http://b.example")))
    built = build_submitter(settings)
    first, second = built.logs
    assert (first.key, second.key) == (LOG_KEY.public_key, None)
    assert isinstance(first.client, HttpClient)


@pytest.mark.parametrize(
    ("url", "content", "error"),
    [
        ("ftp://a.example", LOG_KEY.public_key.encode_pem(), MalformedError),
        ("https://a.example", b"no key", MalformedError),
        ("https://a.example", key_vectors()["Ed25519"].public, KeyUnusable),
        ("https://a.example", None, FileError),
    ],
    ids=["url", "no-key", "kind-of-key", "no-file"],
)
def test_settings_that_cannot_work_are_refused(
    tmp_path: Path, url: str, content: bytes | None, error: type[CosignError]
) -> None:
    key = tmp_path / "log.pub"
    if content is not None:
        key.write_bytes(content)
    settings = TransparencySettings(logs=(CtLogSettings(url, key),), timeout=Duration(1))
    with pytest.raises(error):
        build_submitter(settings)


# --- from an event loop -------------------------------------------------------------------------


def test_an_event_loop_goes_on_while_a_log_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ct_submit, "MAX_THREADS", 2)
    monkeypatch.setattr(ct_submit, "MAX_WAITING", 1)
    answers = threading.Event()

    def slow(request: Request) -> Response:
        answers.wait(30)
        return good(request)

    async def submit_four() -> None:
        client = Client(slow)
        submissions = CtSubmissions(submitter(client))
        waiting = [asyncio.ensure_future(submissions.submit(SUBMISSION)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(LogsBusy):
            await submissions.submit(SUBMISSION)
        answers.set()
        assert await asyncio.gather(*waiting) == [SCT] * 3
        assert await submissions.submit(SUBMISSION) == SCT
        submissions.close()
        assert client.closed

    run(submit_four())


def test_who_waited_for_as_long_as_a_log_has_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ct_submit, "MAX_THREADS", 1)
    begun, answers, time = threading.Event(), threading.Event(), FakeTime()

    def slow(request: Request) -> Response:
        begun.set()
        answers.wait(30)
        return good(request)

    async def submit_two() -> None:
        client = Client(slow)
        submissions = CtSubmissions(submitter(client, time=time))
        first, second = [asyncio.ensure_future(submissions.submit(SUBMISSION)) for _ in range(2)]
        assert await asyncio.to_thread(begun.wait, 30)
        time.now += PATIENCE.seconds
        answers.set()
        assert await first == SCT
        with pytest.raises(LogsBusy):
            await second
        assert len(client.requests) == 1
        submissions.close()

    run(submit_two())
