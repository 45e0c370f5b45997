import pytest

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.pem_file import MAX_KEY_FILE, parse_key_file
from cosignpy.errors import LimitExceeded, MalformedError

BLOCK = PemBlock("PUBLIC KEY", b"body")


def test_one_block_is_read_with_text_around_it() -> None:
    assert parse_key_file(b"issued to Ann\n" + BLOCK.encode() + b"until May\n", what="k") == BLOCK


@pytest.mark.parametrize("raw", [b"", b" \n\t"])
def test_an_empty_file_is_called_empty(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_key_file(raw, what="k")
    assert (caught.value.what, caught.value.why) == ("k", "empty")


@pytest.mark.parametrize(
    "raw", [BLOCK.encode() * 2, BLOCK.encode()[:-20], BLOCK.encode().replace(b"-----BEGIN", b"----BEGIN"), b"\x00\xff"]
)
def test_anything_but_one_whole_block_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_key_file(raw, what="k")
    assert caught.value.what == "k"


def test_the_limit_is_the_last_size_that_is_read() -> None:
    padded = BLOCK.encode().ljust(MAX_KEY_FILE)
    assert parse_key_file(padded, what="k") == BLOCK
    with pytest.raises(LimitExceeded):
        parse_key_file(padded + b" ", what="k")
