"""What is decoded by type is what the strict reader would have read; the rest is left to that."""

import base64
import json
from collections.abc import Callable
from typing import Final

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.errors import MalformedError, SignatureMismatch
from log_server.rekor.json_limits import parse_limited
from log_server.rekor.kinds.hashedrekord import accept_common
from log_server.rekor.kinds_table import accept, accept_proposed
from tests.support.rekor_calls import propose_v1
from tests.support.rekor_proposals import changed, second_signer, signer

PROPOSED: Final = propose_v1(signer())
RAW: Final = encode_json(PROPOSED)

Spelling = Callable[[bytes], bytes]


def test_the_common_spelling_is_accepted_as_the_strict_reader_accepts_it() -> None:
    accepted = accept_common(RAW)
    assert accepted == accept(RAW) == accept_proposed(parse_limited(RAW, what="entry"))


@pytest.mark.parametrize(
    "spell",
    [
        lambda raw: json.dumps(json.loads(raw), indent=1).encode() + b"\n",
        lambda raw: raw.replace(b'"value"', b'"v\\u0061lue"'),
        lambda raw: json.dumps(dict(reversed(json.loads(raw).items()))).encode(),
    ],
    ids=["white space", "escaped name", "other order"],
)
def test_white_space_escaped_names_and_order_make_no_difference(spell: Spelling) -> None:
    assert accept_common(spell(RAW)) == accept_common(RAW)


@pytest.mark.parametrize(
    "spell",
    [
        lambda raw: raw.replace(b'"data":', b'"unknown":1,"data":'),
        lambda raw: raw.replace(b'"data":', b'"n":"a:b","data":'),
        lambda raw: raw.replace(b"/", b"\\/").replace(b"=", b"\\u003d"),
    ],
    ids=["unknown member", "colon", "escaped base64"],
)
def test_what_the_strict_reader_accepts_besides_is_left_to_it(spell: Spelling) -> None:
    assert accept_common(spell(RAW)) is None
    assert accept(spell(RAW)) == accept(RAW)


@pytest.mark.parametrize(
    "spell",
    [
        lambda raw: raw.replace(b'"algorithm":"sha256"', b'"algorithm":"sha512","algorithm":"sha256"'),
        lambda raw: raw.replace(b'"kind":', b'"kind":"intoto","kind":'),
        lambda raw: raw.replace(b"=", b""),
        lambda raw: raw.replace(b'"content":"', b'"content":" '),
        lambda raw: raw.replace(b'"sha256"', b"null"),
        lambda raw: raw.replace(b"sha256", b"sha\xff256"),
        lambda raw: raw[:-1],
        lambda raw: raw + b"{}",
        lambda raw: b"[" * 100_000 + raw,
    ],
    ids=["twice", "kind twice", "unpadded", "space", "null", "not UTF-8", "cut off", "more", "deep"],
)
def test_what_the_strict_reader_refuses_is_not_accepted_by_type(spell: Spelling) -> None:
    assert accept_common(spell(RAW)) is None
    with pytest.raises(MalformedError):
        accept(spell(RAW))


def test_stray_bits_of_base64_are_not_accepted_by_type() -> None:
    """`YQ==` and `YR==` are the same octet to a decoder that is not strict."""
    pem = PROPOSED["spec"]["signature"]["publicKey"]["content"]
    assert pem.endswith("=")
    at = len(pem.rstrip("=")) - 1
    other = pem[:at] + chr(ord(pem[at]) + 1) + pem[at + 1 :]
    assert base64.b64decode(other) == base64.b64decode(pem)
    raw = RAW.replace(pem.encode(), other.encode())
    assert accept_common(raw) is None
    with pytest.raises(MalformedError):
        accept(raw)


def test_other_kinds_and_versions_are_left_to_the_table() -> None:
    for member, content in (("kind", "rekord"), ("apiVersion", "0.0.2")):
        assert accept_common(encode_json({**PROPOSED, member: content})) is None


def test_a_signature_that_does_not_verify_is_refused_in_the_common_spelling_too() -> None:
    other = propose_v1(second_signer())["spec"]["signature"]["publicKey"]
    with pytest.raises(SignatureMismatch):
        accept_common(encode_json(changed(PROPOSED, lambda made: made["spec"]["signature"].update(publicKey=other))))
