"""Base64 in its one spelling, and PEM blocks."""

import pytest

from cosignpy.core.encoding import PemBlock, decode_b64, encode_b64, parse_pem
from cosignpy.errors import MalformedError


@pytest.mark.parametrize("raw", [b"", b"a", b"ab", b"abc", bytes(range(256))])
def test_base64_there_and_back(raw: bytes) -> None:
    assert decode_b64(encode_b64(raw), what="test") == raw


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("YQ", "not base64"),
        ("YQ=", "not base64"),
        ("YQ==\n", "not base64"),
        (" YQ==", "not base64"),
        ("Y Q==", "not base64"),
        ("-_8=", "not base64"),
        ("YQ==YQ==", "not base64"),
        ("=", "not base64"),
        ("YQ===", "not base64"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER Y}Q==", "not base64"),
        ("YQ==\0", "not base64"),
        ("YR==", "non-canonical base64"),
        ("YWJ=", "non-canonical base64"),
    ],
)
def test_every_other_spelling_of_base64_is_refused(text: str, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        decode_b64(text, what="test")
    assert (refused.value.what, refused.value.why) == ("test", why)


BLOCK = PemBlock("PUBLIC KEY", bytes(range(100)))


def test_pem_lines_are_64_characters_long() -> None:
    lines = BLOCK.encode().splitlines()
    assert [len(line) for line in lines[1:-1]] == [64, 64, 8]
    assert PemBlock("X", b"").encode() == b"-----BEGIN X-----\n-----END X-----\n"


@pytest.mark.parametrize(
    "raw",
    [
        BLOCK.encode(),
        BLOCK.encode().replace(b"\n", b"\r\n"),
        BLOCK.encode().strip(),
        b"text before\n" + BLOCK.encode() + b"text after\n",
        BLOCK.encode().replace(b"-----\n", b"-----\n\n \t"),
        BLOCK.encode() + PemBlock("OTHER", b"x").encode(),
    ],
)
def test_a_pem_block_is_read(raw: bytes) -> None:
    assert parse_pem(raw, what="test") == BLOCK


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no complete PEM block"),
        (BLOCK.encode()[:-8], "no complete PEM block"),
        (BLOCK.encode().replace(b"END PUBLIC", b"END PRIVATE"), "no complete PEM block"),
        (BLOCK.encode().replace(b"BEGIN PUBLIC KEY-----\n", b"BEGIN PUBLIC KEY-----"), "no complete PEM block"),
        (BLOCK.encode().replace(b"-----BEGIN", b"----BEGIN"), "no complete PEM block"),
        (BLOCK.encode().replace(b"PUBLIC", b"public"), "no complete PEM block"),
        (b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nYQ==\n-----END A-----\n", "no complete PEM block"),
        (b"-----BEGIN A-----\nYQ\n-----END A-----\n", "not base64"),
        (b"-----BEGIN A-----\nYR==\n-----END A-----\n", "non-canonical base64"),
        (b"-----BEGIN A-----\n" + b" " * 200_000, "no complete PEM block"),
        (b"-----BEGIN A-----\n" * 5_000, "no complete PEM block"),
    ],
)
def test_what_is_not_a_pem_block_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_pem(raw, what="test")
    assert (refused.value.what, refused.value.why) == ("test", why)
