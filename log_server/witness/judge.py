"""Whether a witness may cosign a checkpoint: only what extends the tree that it cosigned last (C2SP tlog-witness)."""

from collections.abc import Sequence
from http import HTTPStatus

from cosignpy.core.merkle.hashing import EMPTY_ROOT
from cosignpy.core.merkle.proofs import ConsistencyProof, verify_consistency
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.signed_note import Note, NoteSignature, NoteVerifier
from cosignpy.errors import MalformedError, SignatureMismatch, TransparencyError
from cosignpy.values import record
from log_server.witness.submission import Submission


@record
class SubmissionRefused(Exception):
    """A checkpoint that is not cosigned; `status` is what the specification has for the reason."""

    status: HTTPStatus
    why: str

    def __str__(self) -> str:
        return self.why


@record
class SizeConflict(Exception):
    """The submission does not build on the tree that was cosigned last, which has `size` entries."""

    size: int

    def __str__(self) -> str:
        return f"the checkpoint that was cosigned last has {self.size} entries"


@record
class Forked(SubmissionRefused):
    """The log signed two trees of one size."""


def select_trusted(note: Note, verifiers: Sequence[NoteVerifier]) -> tuple[NoteSignature, ...]:
    """Return the signatures that trusted keys made, at least one; all others are not looked at.

    Raises:
        SubmissionRefused: 403: there is none.
    """
    found = tuple(signature for signature in note.signatures if _is_trusted(note.text, signature, verifiers))
    if not found:
        raise SubmissionRefused(HTTPStatus.FORBIDDEN, "not signed with a key that is known for this log")
    return found


def verify_growth(known: Checkpoint | None, submission: Submission, new: Checkpoint) -> None:
    """Show that a checkpoint extends the one that was cosigned last, or repeats it.

    Raises:
        SubmissionRefused: 400: the old tree is larger than the new one; 422: the proof does not prove it.
        SizeConflict: 409: the submission builds on another size.
        Forked: 409: a tree of the same size with another root.
    """
    if submission.old > new.size:
        raise SubmissionRefused(HTTPStatus.BAD_REQUEST, f"a tree of {submission.old} does not grow to {new.size}")
    size, root = (0, EMPTY_ROOT) if known is None else (known.size, known.root)
    if submission.old != size:
        raise SizeConflict(size)
    if new.size == size and new.root != root:
        raise Forked(HTTPStatus.CONFLICT, f"a tree of {size} entries with another root was cosigned before")
    try:
        _verify_proof(submission, root, new)
    except (MalformedError, TransparencyError) as error:
        raise SubmissionRefused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def _verify_proof(submission: Submission, root: bytes, new: Checkpoint) -> None:
    if submission.old:
        verify_consistency(ConsistencyProof(submission.old, new.size, submission.hashes), root, new.root)
    elif submission.hashes:
        raise MalformedError("consistency proof", "every tree extends the empty one, so there is nothing to prove")


def _is_trusted(text: str, signature: NoteSignature, verifiers: Sequence[NoteVerifier]) -> bool:
    """Try the keys that a signature claims; a false one is no reason to look away from the next."""
    for verifier in verifiers:
        if (verifier.name, verifier.hint) != (signature.name, signature.hint):
            continue
        try:
            verifier.verify(text, signature.signature)
        except (SignatureMismatch, MalformedError):
            continue
        return True
    return False
