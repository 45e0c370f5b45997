"""What passes over the socket: frames of a four-octet length and a MessagePack array.

A worker sends everything that arrived within one turn of its event loop as one frame, and the sequencer
answers a whole batch with one frame to each worker, so the cost of a frame is shared by many entries.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from cosignpy.errors import MalformedError

MAX_FRAME: Final = 256 * 1024 * 1024
"""Octets: a worker's whole queue of the largest entries with attestations stays below."""

_LENGTH: Final = 4


class Submission(msgspec.Struct, array_like=True, frozen=True):
    """A draft, and the number by which its worker will know the answer."""

    number: int
    content: bytes
    identity: bytes
    keys: tuple[bytes, ...]
    objects: tuple[tuple[str, bytes], ...]


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
decode_submissions = msgspec.msgpack.Decoder(list[Submission]).decode
encode_reply = msgspec.msgpack.Encoder().encode
decode_reply = msgspec.msgpack.Decoder(Sequenced | Refused).decode


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
            yield bytes(memoryview(self._received)[_LENGTH:end])
            del self._received[:end]
