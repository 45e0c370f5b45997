"""What a log sends to a witness (C2SP tlog-witness, "add-checkpoint"): the size it builds on, a proof, a checkpoint."""

import re
from typing import Final

from cosignpy.core.encoding import MAX_INTEGER, decode_b64, encode_b64
from cosignpy.core.merkle.hashing import HASH_SIZE
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import field, value

MAX_PROOF_HASHES: Final = 63
"""What the specification lets a log send: one hash for each level of the largest tree."""
MAX_SUBMISSION: Final = 64 << 10
"""Octets of a request: the longest proof takes 3 kB, and a checkpoint may carry signatures of many kinds."""
SIZE_TYPE: Final = "text/x.tlog.size"
"""The media type of a conflict: the body is the size of the tree that the witness knows."""
MAX_SIZE_LINE: Final = 20
"""Octets of the largest tree size and its newline."""

_WHAT: Final = "add-checkpoint request"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@value
class Submission:
    """A checkpoint, and the proof that it extends the tree of `old` entries. What they say is not judged here."""

    old: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Encode as the body of the request."""
        lines = [f"old {self.old}", *map(encode_b64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse_submission(raw: bytes) -> Submission:
    """Parse the body of a request.

    Raises:
        MalformedError: It has no empty line, or one before that is neither the old size nor a hash.
        LimitExceeded: More hashes than a proof can have.
    """
    head, separator, checkpoint = raw.partition(b"\n\n")
    if not separator:
        raise MalformedError(_WHAT, "no empty line between proof and checkpoint")
    try:
        first, *proof = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError(_WHAT, "a line before the checkpoint is not ASCII") from error
    word, _, size = first.partition(" ")
    if word != "old":
        raise MalformedError(_WHAT, "it does not begin with the old size")
    if len(proof) > MAX_PROOF_HASHES:
        raise LimitExceeded(_WHAT, f"{len(proof)} proof lines, at most {MAX_PROOF_HASHES} are accepted")
    return Submission(parse_size(size), tuple(_parse_hash(line) for line in proof), checkpoint)


def parse_size(text: str) -> int:
    """Parse the size of a tree: decimal, without zeros in front.

    Raises:
        MalformedError: It is spelled otherwise, or no tree is as large.
    """
    if not _SIZE.fullmatch(text) or int(text) > MAX_INTEGER:
        raise MalformedError("tree size", "not a decimal number that a tree can have")
    return int(text)


def _parse_hash(line: str) -> bytes:
    found = decode_b64(line, what="proof line")
    if len(found) != HASH_SIZE:
        raise MalformedError("proof line", f"{len(found)} bytes instead of {HASH_SIZE}")
    return found
