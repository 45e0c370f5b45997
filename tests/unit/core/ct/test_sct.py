"""SCTs, lists of them, and the index in their extensions."""

from typing import Final

import pytest

from cosignpy.core.ct.sct import (
    MAX_LEAF_INDEX,
    MAX_SCTS,
    Sct,
    encode_leaf_index,
    encode_sct_list,
    parse_leaf_index,
    parse_sct_list,
)
from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.digitally_signed import DigitallySigned
from cosignpy.errors import LimitExceeded, MalformedError

SCT: Final = Sct(bytes(range(32)), 0x0102030405060708, b"ext", DigitallySigned(Scheme.ECDSA, b"sig"))
RAW: Final = b"\0" + bytes(range(32)) + bytes(range(1, 9)) + b"\0\3ext" + b"\4\3\0\3sig"


def test_an_sct_is_encoded_field_by_field() -> None:
    assert SCT.encode() == RAW
    assert Sct.parse(RAW) == SCT


@pytest.mark.parametrize("raw", [b"\1" + RAW[1:], RAW + b"\0", *(RAW[:end] for end in range(len(RAW)))])
def test_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        Sct.parse(raw, what="test")
    assert caught.value.what == "test"


def test_a_list_holds_scts_behind_their_lengths() -> None:
    raw = encode_sct_list([SCT, SCT])
    assert raw[:4] == (2 * (len(RAW) + 2)).to_bytes(2, "big") + len(RAW).to_bytes(2, "big")
    assert parse_sct_list(raw) == (SCT, SCT)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0",
        encode_sct_list([SCT]) + b"\0",
        encode_sct_list([SCT])[:-1],
        b"\0\2\0\0",
        (len(RAW) + 3).to_bytes(2, "big") + encode_sct_list([SCT])[2:] + b"\0",
    ],
)
def test_another_list_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_sct_list(raw)


def test_scts_are_limited() -> None:
    assert len(parse_sct_list(encode_sct_list([SCT] * MAX_SCTS))) == MAX_SCTS
    with pytest.raises(LimitExceeded):
        parse_sct_list(encode_sct_list([SCT] * (MAX_SCTS + 1)))


@pytest.mark.parametrize("index", [0, 1, 0x0102030405, MAX_LEAF_INDEX])
def test_the_index_of_a_leaf_has_forty_bits(index: int) -> None:
    raw = encode_leaf_index(index)
    assert raw == b"\0\0\5" + index.to_bytes(5, "big")
    assert parse_leaf_index(raw) == index
    assert parse_leaf_index(b"\1\0\1x" + raw + b"\2\0\0") == index


def test_an_index_beyond_forty_bits_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        encode_leaf_index(MAX_LEAF_INDEX + 1)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\1\0\5abcde", b"\0\0\4abcd", b"\0\0\6abcdef", b"\0\0\5abcd", b"\0\0\5abcde\0\0\5abcde", b"\0\0\5abcde\1"],
)
def test_extensions_without_one_index_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_leaf_index(raw, what="test")
    assert caught.value.what == "test"
