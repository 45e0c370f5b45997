"""Frames that are too long or not what they should be."""

import pytest

from cosignpy.errors import MalformedError
from log_server.sequencing.frames import (
    MAX_FRAME,
    FrameBuffer,
    Submission,
    decode_reply,
    decode_submissions,
    encode_submissions,
)
from log_server.storage.protocol import KEY_SIZE
from log_server.tlog.values import MAX_KEYS

KEY = bytes(KEY_SIZE)
NOT_TEXT = b"\x91\x95\x01\xc4\x00\xc4\x10" + KEY + b"\x90\x91\x92\xa2\xff\xff\xc4\x00"


@pytest.mark.parametrize("content", [b"\x91" * 100_000, NOT_TEXT, b""], ids=["deep", "text", "none"])
def test_garbage_is_malformed(content: bytes) -> None:
    for decode in (decode_submissions, decode_reply):
        with pytest.raises(MalformedError):
            decode(content)


def test_a_frame_that_is_too_long_is_refused_before_it_is_there() -> None:
    buffer = FrameBuffer()
    assert list(buffer.feed(MAX_FRAME.to_bytes(4, "big"))) == []
    with pytest.raises(MalformedError):
        list(FrameBuffer().feed((MAX_FRAME + 1).to_bytes(4, "big")))


FITTING = Submission(1, b"entry", KEY, (KEY,) * MAX_KEYS, (("attestations/sha256", b""),))


@pytest.mark.parametrize(
    "misfit",
    [
        Submission(1, b"entry", KEY[1:], (), ()),
        Submission(1, b"entry", KEY + b"x", (), ()),
        Submission(1, b"entry", KEY, (KEY, KEY[1:]), ()),
        Submission(1, b"entry", KEY, (KEY,) * (MAX_KEYS + 1), ()),
        Submission(1, b"entry", KEY, (), (("../checkpoint", b""),)),
        Submission(1, b"entry", KEY, (), (("attestations\n", b""),)),
    ],
    ids=["short identity", "long identity", "short key", "too many keys", "name leads out", "name ends a line"],
)
def test_what_could_not_be_stored_is_refused_before_it_is_in_the_journal(misfit: Submission) -> None:
    assert decode_submissions(encode_submissions([FITTING])) == [FITTING]
    with pytest.raises(MalformedError):
        decode_submissions(encode_submissions([FITTING, misfit]))
