"""rfc3161: responses of authorities, and what is none."""

import pytest

from cosignpy.core.x509.der import encode_element
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from tests.support.cms import DATA, ONE, of_set, sequence, signed_data, signer
from tests.support.rekor_kinds import accept, load, replaced

VECTOR = load("rfc3161").proposed
GRANTED = sequence(b"\x02\x01\x00")


def response(*parts: bytes) -> dict:
    return replaced(VECTOR, "tsr.content", sequence(*parts))


@pytest.mark.parametrize("status", [b"\x00", b"\x01"])
def test_granted_responses_are_accepted(status: bytes) -> None:
    assert accept(response(sequence(b"\x02\x01" + status), signed_data("ec", b"info"))).search_keys[0][:7] == "sha256:"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (GRANTED,),
        (GRANTED, signed_data("ec", b"info"), ONE),
        (ONE, signed_data("ec", b"info")),
        (sequence(), signed_data("ec", b"info")),
        (sequence(DATA), signed_data("ec", b"info")),
        (sequence(b"\x0a\x01\x00"), signed_data("ec", b"info")),
        (of_set(b"\x02\x01\x00"), signed_data("ec", b"info")),
        (sequence(b"\x02\x01\x02"), signed_data("ec", b"info")),
        (GRANTED, signed_data("ec", b"info", content=sequence(DATA))),
        (GRANTED, sequence()),
    ],
)
def test_what_is_not_a_granted_response_with_a_token_is_refused(parts: tuple) -> None:
    with pytest.raises(MalformedError):
        accept(response(*parts))


def test_a_token_over_something_else_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        accept(response(GRANTED, signed_data("ec", b"info", signers=of_set(signer("ec", b"other")))))


def test_bytes_after_the_response_are_refused() -> None:
    with pytest.raises(MalformedError):
        accept(replaced(VECTOR, "tsr.content", sequence(GRANTED, signed_data("ec", b"info")) + b"\0"))


def test_too_large_a_response_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        accept(response(GRANTED, signed_data("ec", b"info", crls=encode_element(0xA1, bytes(10 * 1024)))))
