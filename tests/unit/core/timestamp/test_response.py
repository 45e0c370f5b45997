"""Answers: a status, and a token if and only if it is a good one."""

from collections.abc import Callable

import pytest

from cosignpy.core.timestamp.response import MAX_RESPONSE, MAX_TEXTS, TimestampResponse, encode_granted
from cosignpy.core.x509.der import encode_element
from cosignpy.errors import LimitExceeded, MalformedError, TimestampError
from tests.support.cms import sequence

TOKEN = sequence(b"\x02\x01\x01")


def text(line: bytes) -> bytes:
    return encode_element(0x0C, line)


def status(number: int, *more: bytes) -> bytes:
    return sequence(bytes((2, 1, number)), *more)


@pytest.mark.parametrize("number", [0, 1])
def test_a_token_that_was_granted(number: int) -> None:
    found = TimestampResponse.parse(sequence(status(number), TOKEN))
    assert (found.status, found.granted()) == (number, TOKEN)


def test_what_the_authority_answers_is_read_back() -> None:
    assert TimestampResponse.parse(encode_granted(TOKEN)) == TimestampResponse(0, token=TOKEN)


@pytest.mark.parametrize(
    ("more", "texts", "failures"),
    [
        ((), (), ()),
        ((sequence(text(b"no"), text(b"really\nno")),), ("no", "really\nno"), ()),
        ((b"\x03\x02\x07\x80",), (), ("unrecognized or unsupported algorithm",)),
        ((b"\x03\x03\x00\x00\x02",), (), ("the time source is not available",)),
        (
            (sequence(text(b"no")), b"\x03\x05\x06\x40\x01\x00\x40"),
            ("no",),
            ("failure 1", "the policy is not supported", "system failure"),
        ),
    ],
)
def test_a_refusal_says_why(more: tuple[bytes, ...], texts: tuple[str, ...], failures: tuple[str, ...]) -> None:
    found = TimestampResponse.parse(sequence(status(2, *more)))
    assert (found.text, found.failures) == (texts, failures)
    with pytest.raises(TimestampError) as refused:
        found.granted()
    assert "\n" not in str(refused.value)
    assert all(failure in refused.value.why for failure in ("rejection", *failures))


@pytest.mark.parametrize("number", [3, 4, 5])
def test_other_refusals(number: int) -> None:
    assert TimestampResponse.parse(sequence(status(number))).token is None


@pytest.mark.parametrize(
    "change",
    [
        lambda der: der + b"\0",
        lambda der: der[:-1],
        lambda _: b"",
        lambda _: sequence(),
        lambda _: sequence(status(0)),
        lambda _: sequence(status(1)),
        lambda _: sequence(status(2), TOKEN),
        lambda _: sequence(status(6)),
        lambda _: sequence(status(0xFF)),
        lambda _: sequence(status(0), TOKEN, TOKEN),
        lambda _: sequence(status(0), b"\x02\x01\x01"),
        lambda _: sequence(status(2, b"\x03\x00")),
        lambda _: sequence(status(2, b"\x03\x02\x07\x80", sequence())),
        lambda _: sequence(status(2, sequence(text(b"\xff")))),
        lambda _: sequence(status(2, sequence(b"\x13\x01a"))),
    ],
)
def test_what_is_not_an_answer_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedError):
        TimestampResponse.parse(change(sequence(status(0), TOKEN)))


def test_an_answer_has_limits() -> None:
    lines = [text(b"no")] * MAX_TEXTS
    assert len(TimestampResponse.parse(sequence(status(2, sequence(*lines)))).text) == MAX_TEXTS
    with pytest.raises(LimitExceeded):
        TimestampResponse.parse(sequence(status(2, sequence(*lines, lines[0]))))
    room = MAX_RESPONSE - len(encode_granted(encode_element(0x30, bytes(1000)))) + 1000
    largest = encode_granted(encode_element(0x30, bytes(room)))
    assert len(largest) == MAX_RESPONSE
    assert TimestampResponse.parse(largest).token
    with pytest.raises(LimitExceeded):
        TimestampResponse.parse(encode_granted(encode_element(0x30, bytes(room + 1))))
