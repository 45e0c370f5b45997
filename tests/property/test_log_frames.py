"""Frames: what goes in comes out, however the stream is cut; garbage is malformed and nothing worse."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.errors import MalformedError
from log_server.sequencing.frames import (
    FrameBuffer,
    Place,
    Refused,
    Sequenced,
    Submission,
    decode_reply,
    decode_submissions,
    encode_reply,
    encode_submissions,
    frame,
)
from log_server.storage.protocol import KEY_SIZE

NUMBERS = st.integers(0, 2**63 - 1)
KEYS = st.binary(min_size=KEY_SIZE, max_size=KEY_SIZE)
NAMES = st.from_regex(r"[0-9a-z]{1,9}(/[0-9a-z][0-9a-z.]{0,9}){0,2}", fullmatch=True)
SUBMISSIONS = st.lists(
    st.builds(
        Submission,
        NUMBERS,
        st.binary(),
        KEYS,
        st.lists(KEYS, max_size=4).map(tuple),
        st.lists(st.tuples(NAMES, st.binary()), max_size=2).map(tuple),
    ),
    max_size=4,
)
PLACES = st.builds(Place, NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.binary())
REPLIES = st.one_of(
    st.builds(Sequenced, NUMBERS, st.binary(), st.binary(), st.lists(PLACES, max_size=4)),
    st.builds(Refused, st.text(), NUMBERS, st.lists(NUMBERS, max_size=4)),
)


@given(SUBMISSIONS)
def test_submissions_arrive_as_they_were_sent(submissions: list[Submission]) -> None:
    assert decode_submissions(encode_submissions(submissions)) == submissions


@given(REPLIES)
def test_replies_arrive_as_they_were_sent(reply: Sequenced | Refused) -> None:
    assert decode_reply(encode_reply(reply)) == reply


@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_frames_are_found_wherever_the_stream_is_cut(contents: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frame(content) for content in contents)
    buffer = FrameBuffer()
    found: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += buffer.feed(stream[:cut])
        stream = stream[cut:]
    assert found == contents


@given(st.binary())
def test_garbage_is_malformed_and_nothing_worse(content: bytes) -> None:
    for decode in (decode_submissions, decode_reply):
        with suppress(MalformedError):
            decode(content)
