"""Submissions to logs and their answers (RFC 6962 sections 4.1 and 4.2)."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy.core.ct.sct import Sct
from cosignpy.core.ct.submission import encode_chain, encode_sct_answer, parse_sct_answer
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.digitally_signed import DigitallySigned
from cosignpy.errors import MalformedError

SCT: Final = Sct(
    bytes(range(32)), 1_750_000_000_000, b"\x00\x00\x05\x00\x00\x00\x00\x07", DigitallySigned(Scheme.ECDSA, b"s")
)

Answer = dict[str, Any]


def test_a_submission_is_a_list_of_base64() -> None:
    assert json.loads(encode_chain([b"leaf", b"root"])) == {"chain": [encode_b64(b"leaf"), encode_b64(b"root")]}


def test_what_is_answered_is_read() -> None:
    assert parse_sct_answer(encode_sct_answer(SCT)) == SCT


def test_members_that_nobody_knows_are_passed_over() -> None:
    answer = json.loads(encode_sct_answer(SCT)) | {"more": [1]}
    assert parse_sct_answer(json.dumps(answer).encode()) == SCT


def change(name: str, content: object) -> Callable[[Answer], Answer]:
    return lambda answer: answer | {name: content}


def drop(name: str) -> Callable[[Answer], Answer]:
    return lambda answer: {key: content for key, content in answer.items() if key != name}


@pytest.mark.parametrize(
    "mutate",
    [
        change("sct_version", 1),
        change("sct_version", "0"),
        change("id", encode_b64(bytes(31))),
        change("id", encode_b64(bytes(33))),
        change("id", "?"),
        change("timestamp", -1),
        change("timestamp", 1.5),
        change("timestamp", "1750000000000"),
        change("extensions", None),
        change("extensions", "AA"),
        change("signature", ""),
        change("signature", encode_b64(SCT.signed.encode()[:-1])),
        change("signature", encode_b64(SCT.signed.encode() + b"\x00")),
        change("signature", encode_b64(b"\x02" + SCT.signed.encode()[1:])),
        *[drop(name) for name in ("sct_version", "id", "timestamp", "extensions", "signature")],
    ],
)
def test_an_answer_with_one_mutation_is_refused(mutate: Callable[[Answer], Answer]) -> None:
    answer = mutate(json.loads(encode_sct_answer(SCT)))
    with pytest.raises(MalformedError):
        parse_sct_answer(json.dumps(answer).encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b"<html>", encode_sct_answer(SCT)[:-1], encode_sct_answer(SCT) + b"{}"])
def test_what_is_not_one_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_sct_answer(raw)
