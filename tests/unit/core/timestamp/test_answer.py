"""An answer of a timestamp authority has to be one to the request; each case differs by one thing."""

from typing import Any

import pytest

from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import verify_answer
from cosignpy.errors import CertificateError, ClaimMismatch, CosignError, MalformedError, TimestampError
from cosignpy.values import replace
from tests.support.timestamps import INFO, MESSAGE, POLICY, good_token, info, token

REQUEST = TimestampRequest(MessageImprint.of(MESSAGE), nonce=0xCAFE, certificates=True)
GOOD = TimestampResponse(0, token=good_token())


@pytest.mark.parametrize("request_", [REQUEST, replace(REQUEST, policy=POLICY), replace(REQUEST, certificates=False)])
def test_a_timestamp_of_what_was_asked_for_is_an_answer(request_: TimestampRequest) -> None:
    assert verify_answer(GOOD, request_) == INFO


def test_certificates_may_be_missing_where_nobody_asked() -> None:
    assert verify_answer(replace(GOOD, token=token(certificates=())), replace(REQUEST, certificates=False)) == INFO


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (TimestampResponse(2, ("no",)), TimestampError),
        (replace(GOOD, token=b"nonsense"), MalformedError),
        (replace(GOOD, token=token(content_type=b"\x2a\x03")), TimestampError),
        (replace(GOOD, token=token(info(nonce=0xCAFF))), ClaimMismatch),
        (replace(GOOD, token=token(info(nonce=None))), ClaimMismatch),
        (replace(GOOD, token=token(info(imprint=MessageImprint.of(b"another")))), ClaimMismatch),
        (replace(GOOD, token=token(info(imprint=MessageImprint.of(MESSAGE, "sha512")))), ClaimMismatch),
        (replace(GOOD, token=token(certificates=())), CertificateError),
    ],
    ids=["refusal", "nonsense", "no timestamp", "nonce", "no nonce", "message", "hash", "no certificate"],
)
def test_what_is_no_answer_to_the_request_is_refused(response: TimestampResponse, kind: type[CosignError]) -> None:
    with pytest.raises(kind):
        verify_answer(response, REQUEST)


def test_another_policy_than_was_asked_for_is_refused() -> None:
    wanted: Any = replace(REQUEST, policy="1.2.3")
    with pytest.raises(ClaimMismatch) as caught:
        verify_answer(GOOD, wanted)
    assert (caught.value.wanted, caught.value.found) == ("1.2.3", POLICY)
