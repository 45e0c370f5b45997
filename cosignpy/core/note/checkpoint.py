"""Checkpoints (C2SP tlog-checkpoint): the signed statement of a log about how large it is, and its root."""

import re
from typing import Final

from cosignpy.core.encoding import MAX_INTEGER, decode_b64, encode_b64
from cosignpy.core.merkle.hashing import HASH_SIZE
from cosignpy.core.merkle.proofs import InclusionProof, verify_inclusion
from cosignpy.core.note.signed_note import NoteVerifier, parse_note, verify_note
from cosignpy.errors import ClaimMismatch, MalformedError, TransparencyError
from cosignpy.values import value

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_LINES: Final = 3


@value
class Checkpoint:
    """What a log says: which log it is, how many entries it has, its root, and lines that only it understands."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what has no text, or one that is read differently.

        Raises:
            MalformedError: An empty line or one that is several, a size out of range, or a root that is not a hash.
        """
        if any(not line or "\n" in line for line in (self.origin, *self.extensions)):
            raise MalformedError("checkpoint", "an empty line, or a line that is several")
        if not 0 <= self.size <= MAX_INTEGER:
            raise MalformedError("checkpoint", f"there is no tree of {self.size}")
        if len(self.root) != HASH_SIZE:
            raise MalformedError("checkpoint", f"a root of {len(self.root)} bytes instead of {HASH_SIZE}")

    def encode(self) -> str:
        """Return the text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode_b64(self.root), *self.extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """Parse the text of a checkpoint, which is that of a note.

    Raises:
        MalformedError: Lines are missing or empty, or size or root is not spelled in the one way there is.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < _LINES or not text.endswith("\n"):
        raise MalformedError("checkpoint", f"not {_LINES} lines or more")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise MalformedError("checkpoint", "the size is not a decimal number")
    return Checkpoint(origin, int(size), decode_b64(root, what="checkpoint root"), tuple(extensions))


def verify_checkpoint(raw: bytes, verifier: NoteVerifier, *, origin: str | None = None) -> Checkpoint:
    """Show that a log signed a checkpoint, and return what it says.

    The origin has to be the name the log signs with, unless another is given: Rekor v1 appends the number of its tree.

    Raises:
        MalformedError: Not a signed note, or its text is not a checkpoint.
        SignatureMismatch: Not signed by this log.
        ClaimMismatch: Signed by this log as the checkpoint of another.
    """
    note = parse_note(raw)
    verify_note(note, verifier)
    checkpoint = parse_checkpoint(note.text)
    wanted = verifier.name if origin is None else origin
    if checkpoint.origin != wanted:
        raise ClaimMismatch("origin", wanted, checkpoint.origin)
    return checkpoint


def verify_included(checkpoint: Checkpoint, proof: InclusionProof, leaf_hash: bytes) -> None:
    """Show that a leaf is in the tree that a checkpoint describes.

    A proof does not bind the size of its tree: many verify for other sizes as well, with the same root. So the size
    is compared, and that is a check of its own.

    Raises:
        MalformedError: The leaf hash is not a hash.
        TransparencyError: The proof is for a tree of another size, or leads to another root.
    """
    if proof.size != checkpoint.size:
        raise TransparencyError("tree size of the inclusion proof", str(checkpoint.size), str(proof.size))
    verify_inclusion(proof, leaf_hash, checkpoint.root)
