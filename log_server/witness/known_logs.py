"""The logs that we are a witness of: a file with a line for each key, read again when it changes.

A line is a verifier key (C2SP signed-note). What follows behind a blank is the origin of the log, where that is not
the name of its key: Rekor v1 signs with its host name, and has the number of its tree in the origin.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from cosignpy.core.note.key_id import SignatureType, parse_vkey
from cosignpy.core.note.signed_note import NoteVerifier
from cosignpy.core.note.verifier import build_verifier
from cosignpy.errors import CosignError, LimitExceeded, MalformedError
from cosignpy.files import explain
from cosignpy.serving.watched import WatchedFiles

MAX_LOGS_FILE: Final = 4 << 20
"""Octets of the file: some ten thousand logs, several times what public witnesses follow."""

KnownLogs: TypeAlias = Mapping[str, Sequence[NoteVerifier]]
"""The keys that may sign for a log, by its origin."""


def parse_known_logs(raw: bytes, *, what: str) -> KnownLogs:
    """Parse a file of logs; empty lines and those that begin with # say nothing.

    Raises:
        MalformedError: A line is not as it should be, or is there twice; `what` names file and line.
        LimitExceeded: A larger file than is accepted.
    """
    if len(raw) > MAX_LOGS_FILE:
        raise LimitExceeded(what, f"more than {MAX_LOGS_FILE} bytes")
    found: dict[str, list[NoteVerifier]] = {}
    for number, line in enumerate(raw.split(b"\n"), start=1):
        try:
            text = line.decode().strip()
            if text and not text.startswith("#"):
                _add_log(found, text)
        except (CosignError, UnicodeDecodeError) as error:
            raise MalformedError(f"{what}, line {number}", str(error)) from error
    return MappingProxyType(found)


def load_known_logs(path: Path) -> KnownLogs:
    """Load a file of logs.

    Raises:
        FileError: It cannot be read.
        MalformedError: It is not as it should be.
    """
    with explain(path), path.open("rb") as file:
        raw = file.read(MAX_LOGS_FILE + 1)
    return parse_known_logs(raw, what=str(path))


class KnownLogsFile:
    """A file of logs, and what it says now; it implements `Reloadable`."""

    def __init__(self, path: Path) -> None:
        """Load the file.

        Raises:
            FileError: It cannot be read.
            MalformedError: It is not as it should be.
        """
        self._path = path
        self._files = WatchedFiles(path)
        self._read()

    def reload_if_changed(self) -> None:
        """Load the file again if it changed; what is unusable leaves the logs as they were.

        Raises:
            FileError: It cannot be read.
            MalformedError: It is not as it should be.
        """
        self._files.follow(self._read)

    def _read(self) -> None:
        self.logs = load_known_logs(self._path)


def _add_log(found: dict[str, list[NoteVerifier]], text: str) -> None:
    key, _, origin = text.partition(" ")
    vkey = parse_vkey(key)
    if vkey.type is SignatureType.COSIGNATURE:
        raise MalformedError("verifier key", "it is that of a witness, not of a log")
    verifier = build_verifier(vkey)
    known = found.setdefault(origin.strip() or vkey.name, [])
    if verifier in known:
        raise MalformedError("verifier key", "it is there twice")
    known.append(verifier)
