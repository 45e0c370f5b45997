"""Logs that witnesses are asked about, witnesses of our own, and policies that name them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.cosignature import CosignatureVerifier, cosignature_verifier
from cosignpy.core.note.key_id import SignatureType, VerifierKey, encode_vkey, log_signature_type, parse_vkey
from cosignpy.core.note.signed_note import Note, encode_note
from cosignpy.values import value
from log_server.witness.known_logs import KnownLogsFile
from log_server.witness.submission import Submission
from log_server.witness.witness import Witness, begin_witness, open_witness
from tests.support.naive_tree import consistency, leaf_hashes, root
from tests.support.notes import signed_text

LOG: Final = "log.example/witnessed"
NOW: Final = 1_750_000_000


def new_key() -> PrivateKey:
    """Make an Ed25519 key."""
    return PrivateKey.generate(ED25519)


def log_vkey(key: PrivateKey, name: str = LOG) -> str:
    """Return the verifier key of a log."""
    return encode_vkey(VerifierKey(name, log_signature_type(key.public_key), key.public_key))


def witness_vkey(key: PrivateKey, name: str) -> str:
    """Return the verifier key of a witness."""
    return encode_vkey(VerifierKey(name, SignatureType.COSIGNATURE, key.public_key))


def verifier_of(vkey: str) -> CosignatureVerifier:
    """Return the verifier of a witness."""
    found = parse_vkey(vkey)
    return cosignature_verifier(found.name, found.key)


@value
class GrowingLog:
    """A log that signs any tree: of `leaf_hashes`, or of others where it lies."""

    key: PrivateKey
    origin: str = LOG
    leaves: tuple[bytes, ...] = tuple(leaf_hashes(20))

    def note(self, size: int) -> Note:
        """Sign the tree of its first leaves."""
        return signed_text(Checkpoint(self.origin, size, root(self.leaves[:size])).encode(), self.key, self.origin)

    def submission(self, old: int, new: int) -> Submission:
        """Submit its growth."""
        proof = tuple(consistency(old, self.leaves[:new])) if old else ()
        return Submission(old, proof, encode_note(self.note(new)))

    def forked(self, at: int) -> "GrowingLog":
        """Return the same log with another past from a leaf on."""
        lies = tuple(leaf[::-1] if place >= at else leaf for place, leaf in enumerate(self.leaves))
        return GrowingLog(self.key, self.origin, lies)


def make_witness(data: Path, name: str, logs: Sequence[str], now: Callable[[], float] = lambda: float(NOW)) -> Witness:
    """Begin and open a witness of these logs in a data directory."""
    known = data / "logs.txt"
    known.write_text("".join(f"{line}\n" for line in logs))
    begin_witness(data)
    return open_witness(data, name, KnownLogsFile(known), now)
