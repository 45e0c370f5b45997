"""Keys and notes for tests of logs and witnesses."""

from typing import Final

from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.key_id import VerifierKey, log_signature_type
from cosignpy.core.note.signed_note import Note, encode_note, sign_note
from tests.support.keys import key_vectors

ORIGIN: Final = "log.example/2026"


def private_key(kind: str) -> PrivateKey:
    """Return a fixed key of one kind."""
    return key_vectors()[kind].private_key()


def checkpoint(size: int = 5, origin: str = ORIGIN) -> Checkpoint:
    """Return some checkpoint."""
    return Checkpoint(origin, size, bytes(range(32)))


def signed_text(text: str, key: PrivateKey, name: str = ORIGIN) -> Note:
    """Return a text signed as a log signs."""
    hint = VerifierKey(name, log_signature_type(key.public_key), key.public_key).hint
    return Note(text, (sign_note(text, name, hint, key),))


def signed_checkpoint(key: PrivateKey, size: int = 5) -> bytes:
    """Return a checkpoint as a log publishes it."""
    return encode_note(signed_text(checkpoint(size).encode(), key))
