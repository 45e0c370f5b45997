"""What passes over the socket: frames of a four-octet length and a MessagePack array.

A worker sends everything that arrived within one turn of its event loop as one frame, and the sequencer
answers a whole batch with one frame to each worker, so the cost of a frame is shared by many entries.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Final, TypeAlias

import msgspec

from cosignpy.errors import MalformedError
from log_server.storage.protocol import KEY_SIZE, NAME
from log_server.tlog.values import MAX_KEYS

MAX_FRAME: Final = 256 * 1024 * 1024
"""Octets: a worker's whole queue of the largest entries with attestations stays below."""

_LENGTH: Final = 4


_Key: TypeAlias = Annotated[bytes, msgspec.Meta(min_length=KEY_SIZE, max_length=KEY_SIZE)]
_Name: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"^(?:{NAME.pattern})\Z")]


class Submission(msgspec.Struct, array_like=True, frozen=True):
    """A draft, and the number by which its worker will know the answer.

    What could not be stored must be noticed before it is in the journal, which cannot be gone back on.
    """

    number: int
    content: bytes
    identity: _Key
    keys: Annotated[tuple[_Key, ...], msgspec.Meta(max_length=MAX_KEYS)]
    objects: tuple[tuple[_Name, bytes], ...]


class Place(msgspec.Struct, array_like=True, frozen=True):
    """Where a submission ended up; see `log_server.tlog.values.Sequenced`."""

    number: int
    index: int
    timestamp_ms: int
    duplicate: bool
    proof: bytes


class Sequenced(msgspec.Struct, array_like=True, frozen=True, tag="ok"):
    """A batch is public: its tree, and the places of this worker's submissions."""

    size: int
    root: bytes
    checkpoint: bytes
    places: list[Place]


class Refused(msgspec.Struct, array_like=True, frozen=True, tag="no"):
    """Nothing of these submissions was committed."""

    why: str
    retry_after: int
    numbers: list[int]


encode_submissions = msgspec.msgpack.Encoder().encode
encode_reply = msgspec.msgpack.Encoder().encode
_decode_submissions = msgspec.msgpack.Decoder(list[Submission]).decode
_decode_reply: Callable[[bytes], Sequenced | Refused] = msgspec.msgpack.Decoder(Sequenced | Refused).decode


def decode_submissions(content: bytes) -> list[Submission]:
    """Read what a worker sent.

    Raises:
        MalformedError: It is not that.
    """
    try:
        return _decode_submissions(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedError("frame", str(error)) from error


def decode_reply(content: bytes) -> Sequenced | Refused:
    """Read what the sequencer answered.

    Raises:
        MalformedError: It is not that.
    """
    try:
        return _decode_reply(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedError("frame", str(error)) from error


def frame(content: bytes) -> bytes:
    """Put the length in front."""
    return len(content).to_bytes(_LENGTH, "big") + content


class FrameBuffer:
    """Cuts what arrives on a stream into frames."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add what was received, and yield each frame that is complete.

        Raises:
            MalformedError: A frame is longer than any of ours.
        """
        self._received += data
        while len(self._received) >= _LENGTH:
            length = int.from_bytes(self._received[:_LENGTH], "big")
            if length > MAX_FRAME:
                raise MalformedError("frame", f"{length} octets")
            end = _LENGTH + length
            if len(self._received) < end:
                return
            content = bytes(memoryview(self._received)[_LENGTH:end])
            del self._received[:end]
            yield content
