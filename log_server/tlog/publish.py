"""Publishing: a tree becomes visible when its signed checkpoint replaces the one before."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.signed_note import Note, NoteSignature, encode_note
from cosignpy.values import record
from log_server.storage.protocol import ObjectStore, StorageError
from log_server.tlog.reader import CHECKPOINT

SignCheckpoint: TypeAlias = Callable[[Checkpoint, int], NoteSignature]
"""How a kind of log signs: the checkpoint, and a time in milliseconds since 1970 which not every kind uses."""


@record
class NotCosigned(StorageError):
    """The checkpoint lacks cosignatures that the policy asks for; it may get them later."""


class Cosigner(Protocol):
    """Asks witnesses, and knows how many of them are enough."""

    def cosign(self, note: Note) -> Note:
        """Return the note with the cosignatures that were given.

        Raises:
            NotCosigned: The policy wants more of them, so this checkpoint must not be published.
            StorageError: What proves the growth of the log to them cannot be read.
        """
        ...


class CheckpointPublisher:
    """Signs checkpoints with the log's key and stores them where readers look."""

    def __init__(self, objects: ObjectStore, origin: str, sign: SignCheckpoint, cosigner: Cosigner | None) -> None:
        self._objects = objects
        self._origin = origin
        self._sign = sign
        self._cosigner = cosigner

    def publish(self, size: int, root: bytes, timestamp_ms: int) -> bytes:
        """Return the checkpoint, which every reader can see when this returns.

        Raises:
            NotCosigned: Too few witnesses agreed.
            StorageError: It could not be stored.
        """
        checkpoint = Checkpoint(self._origin, size, root)
        note = Note(checkpoint.encode(), (self._sign(checkpoint, timestamp_ms),))
        raw = encode_note(self._cosigner.cosign(note) if self._cosigner else note)
        self._objects.put(CHECKPOINT, raw)
        return raw
