"""Asking for timestamps: what is sent, and that an answer is one to the request."""

from collections.abc import Callable
from typing import Final

import pytest

from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import MAX_RESPONSE, encode_granted
from cosignpy.core.x509.der import encode_sequence
from cosignpy.errors import CertificateError, ClaimMismatch, CosignError, MalformedError, RemoteError, TimestampError
from cosignpy.services.timestamp_authority import TimestampClient
from tests.support.answers import ManualTime, ScriptedSender
from tests.support.sigstore_services import Script, in_turn, manual_clock, reply
from tests.support.timestamps import MESSAGE, good_token, info, token

NONCE: Final = 0xCAFE
ANSWER: Final = encode_granted(good_token())
REFUSAL: Final = encode_sequence(encode_sequence(b"\x02\x01\x02"))


def client(
    sender: ScriptedSender, url: str = "https://tsa.example/tsr", nonce: Callable[[], int] = lambda: NONCE
) -> TimestampClient:
    return TimestampClient(url, sender, manual_clock(ManualTime()), nonce)


def refused(script: Script) -> CosignError:
    with pytest.raises(CosignError) as caught:
        client(in_turn(script)).timestamp(MESSAGE)
    return caught.value


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("url", ["https://tsa.example/tsr", "https://tsa.example/api/v1/timestamp", "http://a/?key=b"])
def test_the_whole_answer_is_returned_and_the_address_used_as_it_is(status: int, url: str) -> None:
    sender = in_turn(reply(status, ANSWER))
    assert client(sender, url).timestamp(MESSAGE) == ANSWER
    (request,) = sender.requests
    assert (request.method, str(request.url), request.is_idempotent) == ("POST", url, True)
    assert dict(request.headers) == {
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
    }
    assert isinstance(request.body, bytes)
    sent = TimestampRequest.parse(request.body)
    assert sent == TimestampRequest(MessageImprint.of(MESSAGE), nonce=NONCE, certificates=True)


def test_every_request_has_a_nonce_of_its_own() -> None:
    sender = in_turn(reply(500), reply(500))
    own = TimestampClient("https://tsa.example/tsr", sender)
    for _ in range(2):
        with pytest.raises(RemoteError):
            own.timestamp(MESSAGE)
    bodies = [request.body for request in sender.requests if isinstance(request.body, bytes)]
    nonces = {TimestampRequest.parse(body).nonce for body in bodies}
    assert (len(nonces), None in nonces) == (2, False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (REFUSAL, TimestampError),
        (encode_granted(good_token(info(nonce=NONCE + 1))), ClaimMismatch),
        (encode_granted(good_token(info(nonce=None))), ClaimMismatch),
        (encode_granted(good_token(info(imprint=MessageImprint.of(b"another")))), ClaimMismatch),
        (encode_granted(token(certificates=())), CertificateError),
        (encode_granted(encode_sequence()), RemoteError),
        (b"", RemoteError),
        (b"nonsense", RemoteError),
        (b"<html>welcome</html>", RemoteError),
        (b"\0" * (MAX_RESPONSE + 1), RemoteError),
    ],
    ids=["refusal", "nonce", "no nonce", "message", "certificate", "token", "nothing", "nonsense", "HTML", "too much"],
)
def test_what_is_no_answer_to_the_request_is_refused(body: bytes, kind: type[CosignError]) -> None:
    assert isinstance(refused(reply(200, body)), kind)


@pytest.mark.parametrize("status", [204, 400, 404, 500])
def test_another_status_is_a_failure(status: int) -> None:
    found = refused(reply(status))
    assert isinstance(found, RemoteError)
    assert (found.service, found.status) == ("the timestamp authority", status)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(MalformedError):
        TimestampClient("tsa.example", in_turn())
