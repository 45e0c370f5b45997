"""What a token states: what is read, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.info import TimestampInfo
from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.der_values import TRUE
from cosignpy.core.x509.tbs import Extension, encode_extension
from cosignpy.errors import MalformedError
from cosignpy.values import replace
from tests.support.cms import ONE, oid_element, sequence

IMPRINT = MessageImprint.of(b"message")
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PLAIN = TimestampInfo("1.2.3", IMPRINT, 9, MOMENT)
HEAD = (ONE, oid_element("1.2.3"), IMPRINT.encode(), b"\x02\x01\x09", encode_element(0x18, b"20260102030405Z"))
NAME = encode_element(0xA4, sequence())
EXTENSION = encode_extension(b"\x2a\x03", Extension(critical=False, content=b"x"))
NONCE = b"\x02\x01\x07"


def seconds(number: int) -> bytes:
    return bytes((0x02, 0x01, number))


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ((), {}),
        ((sequence(),), {"accuracy": timedelta()}),
        ((sequence(seconds(1)),), {"accuracy": timedelta(seconds=1)}),
        ((sequence(seconds(1), b"\x80\x01\x05"),), {"accuracy": timedelta(seconds=1, milliseconds=5)}),
        ((sequence(b"\x81\x02\x03\xe7"),), {"accuracy": timedelta(microseconds=999)}),
        ((sequence(b"\x80\x02\x03\xe7", b"\x81\x01\x01"),), {"accuracy": timedelta(milliseconds=999, microseconds=1)}),
        ((TRUE,), {"ordering": True}),
        ((NONCE,), {"nonce": 7}),
        ((encode_element(0xA0, NAME),), {"authority": NAME}),
        ((encode_element(0xA1, EXTENSION.raw),), {"extensions": (EXTENSION,)}),
        (
            (sequence(), TRUE, NONCE, encode_element(0xA0, NAME), encode_element(0xA1, EXTENSION.raw)),
            {
                "accuracy": timedelta(),
                "ordering": True,
                "nonce": 7,
                "authority": NAME,
                "extensions": (EXTENSION,),
            },
        ),
    ],
)
def test_statements(fields: tuple[bytes, ...], changes: dict[str, Any]) -> None:
    der = sequence(*HEAD, *fields)
    wanted = replace(PLAIN, **changes)
    assert TimestampInfo.parse(der) == wanted
    assert wanted.encode() == der


def test_an_accuracy_of_thirty_years_is_the_largest() -> None:
    largest = replace(PLAIN, accuracy=timedelta(seconds=10**9))
    assert TimestampInfo.parse(largest.encode()) == largest
    with pytest.raises(MalformedError):
        TimestampInfo.parse(sequence(*HEAD, sequence(b"\x02\x04" + (10**9 + 1).to_bytes(4, "big"))))


@pytest.mark.parametrize(
    "change",
    [
        lambda der: der + b"\0",
        lambda der: der[:-1],
        lambda der: der.replace(ONE, b"\x02\x01\x02", 1),
        lambda _: sequence(*HEAD[:-1]),
        lambda _: sequence(*HEAD[:-1], encode_element(0x17, b"260102030405Z")),
        lambda _: sequence(*HEAD, TRUE, sequence()),
        lambda _: sequence(*HEAD, b"\x01\x01\x00"),
        lambda _: sequence(*HEAD, NONCE, NONCE),
        lambda _: sequence(*HEAD, encode_element(0xA0, NAME * 2)),
        lambda _: sequence(*HEAD, encode_element(0xA0, b"")),
        lambda _: sequence(*HEAD, encode_element(0xA1, b"")),
        lambda _: sequence(*HEAD, sequence(b"\x80\x02\x03\xe8")),
        lambda _: sequence(*HEAD, sequence(b"\x81\x02\x03\xe8")),
        lambda _: sequence(*HEAD, sequence(seconds(0xFF))),
        lambda _: sequence(*HEAD, sequence(b"\x80\x01\xff")),
        lambda _: sequence(*HEAD, sequence(b"\x81\x01\xff")),
        lambda _: sequence(*HEAD, sequence(b"\x81\x01\x01", b"\x80\x01\x01")),
    ],
)
def test_what_is_not_a_statement_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedError):
        TimestampInfo.parse(change(sequence(*HEAD)))
