"""A witness of other logs: it cosigns that they only grow, and remembers how far."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.cosignature import sign_cosignature
from cosignpy.core.note.key_id import SignatureType, VerifierKey, encode_vkey
from cosignpy.core.note.signed_note import Note, encode_note, parse_note
from cosignpy.errors import FileError
from cosignpy.files import explain
from cosignpy.keystore.server_key import environment_password, load_key_file
from log_server.shard_keys import KEY_FILE, make_key
from log_server.witness.judge import Forked, SubmissionRefused, select_trusted, verify_growth
from log_server.witness.known_logs import KnownLogsFile
from log_server.witness.state import WitnessState
from log_server.witness.submission import parse_submission

FOLDER: Final = "witness"
"""Where in the data directory a witness has its key, and what it remembers."""

_LOGS: Final = "logs"
_PRIVATE_FOLDER: Final = 0o700
_LOG: Final = logging.getLogger(__name__)


class Witness:
    """Cosigns checkpoints of the logs it knows; any number of threads and processes may share what it remembers."""

    def __init__(
        self, name: str, signer: Signer, state: WitnessState, known: KnownLogsFile, now: Callable[[], float]
    ) -> None:
        """Make a witness of what it signs with, remembers and knows; `now` tells the seconds since 1970.

        Raises:
            MalformedError: Not the name of a key.
            KeyUnusable: Not an Ed25519 key.
        """
        self.vkey = encode_vkey(VerifierKey(name, SignatureType.COSIGNATURE, signer.public_key))
        self.state = state
        self.known = known
        self._name = name
        self._signer = signer
        self._now = now

    def add_checkpoint(self, raw: bytes) -> bytes:
        """Cosign what a log submits, and return the cosignature's line; it was remembered before (add-checkpoint).

        Raises:
            MalformedError: 400: not a submission, or not a checkpoint.
            SubmissionRefused: The checkpoint is refused, with the status that says why.
            SizeConflict: 409: it does not build on the checkpoint that was cosigned last.
            FileError: It cannot be remembered, so it is not cosigned.
        """
        submission = parse_submission(raw)
        note = parse_note(submission.checkpoint)
        origin = note.text.partition("\n")[0]
        verifiers = self.known.logs.get(origin)
        if verifiers is None:
            raise SubmissionRefused(HTTPStatus.NOT_FOUND, "this witness does not know the log")
        trusted = select_trusted(note, verifiers)
        checkpoint = parse_checkpoint(note.text)
        with self.state.locked(origin) as remembered, _reporting_forks(note):
            verify_growth(remembered.load(), submission, checkpoint)
            cosignature = sign_cosignature(note.text, self._name, int(self._now()), self._signer)
            remembered.store(encode_note(Note(note.text, (*trusted, cosignature))))
        return cosignature.encode().encode()


def begin_witness(data: Path) -> Signer:
    """Return the witness's key, and make it in a data directory that has none. The caller holds the lock.

    Raises:
        FileError: Something cannot be written, or of a witness that has cosigned the key is gone, or the memory.
        CosignError: The key cannot be loaded.
    """
    folder = data / FOLDER
    logs = folder / _LOGS
    begun = (folder / KEY_FILE).exists()
    if begun and not logs.exists():
        why = "what this witness cosigned is gone, and without it a log could show it another past"
        raise FileError(str(logs), why, f"restore the newest, or remove {folder} to begin another witness")
    with explain(folder):
        logs.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        used = any(logs.iterdir())
    if begun:
        return load_key_file(str(folder / KEY_FILE), environment_password)
    if used:
        why = "the key is gone, and others know this witness by it"
        raise FileError(str(folder / KEY_FILE), why, f"restore it, or remove {folder} to begin another witness")
    _LOG.warning("there was no witness in %s, and one begins; if there should be one, stop: is the disk there?", data)
    return make_key(folder, ED25519)


def open_witness(data: Path, name: str, known: KnownLogsFile, now: Callable[[], float]) -> Witness:
    """Open the witness of a data directory, in which `begin_witness` has been.

    Raises:
        MalformedError: Not the name of a key.
        CosignError: The key cannot be loaded.
    """
    folder = data / FOLDER
    signer = load_key_file(str(folder / KEY_FILE), environment_password)
    return Witness(name, signer, WitnessState(folder / _LOGS), known, now)


@contextmanager
def _reporting_forks(note: Note) -> Iterator[None]:
    """Keep the proof that a log misbehaved: only the log itself can have signed it."""
    try:
        yield
    except Forked:
        _LOG.error("a log signed two trees of one size; the second: %s", encode_note(note).decode())
        raise
