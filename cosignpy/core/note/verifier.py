"""Verifiers of notes, and what a log signs over the bare text of a note: Ed25519, ECDSA and RSA."""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.cosignature import cosignature_verifier
from cosignpy.core.note.key_id import SignatureType, VerifierKey, log_signature_type, spki_key_id, verify_registered
from cosignpy.core.note.signed_note import HINT_SIZE, NoteVerifier
from cosignpy.core.note.tree_head import tree_head_verifier
from cosignpy.values import value


@value
class LogVerifier:
    """A log's key, under the name and the hint that its signature lines carry; it implements `NoteVerifier`."""

    name: str
    hint: bytes
    key: PublicKey

    def verify(self, text: str, signature: bytes) -> None:
        """Show that the signature was made over the text.

        Raises:
            SignatureMismatch: It was not.
        """
        verify_registered(self.key, signature, text.encode("utf-8"))


def log_verifier(origin: str, key: PublicKey) -> LogVerifier:
    """Build the verifier of a log as Rekor v2 signs: its name is its origin.

    Raises:
        MalformedError: The origin cannot be the name of a key.
        KeyUnusable: A kind of key that signs no notes.
    """
    return LogVerifier(origin, VerifierKey(origin, log_signature_type(key), key).hint, key)


def rekor_v1_verifier(name: str, key: PublicKey) -> LogVerifier:
    """Build the verifier of a log as Rekor v1 signs: its name is a host name, which the origin only starts with."""
    return LogVerifier(name, spki_key_id(key)[:HINT_SIZE], key)


def build_verifier(vkey: VerifierKey) -> NoteVerifier:
    """Build the verifier that a verifier key describes.

    Raises:
        KeyUnusable: A curve that tree heads are not signed with.
    """
    return _VERIFIERS[vkey.type](vkey.name, vkey.key)


_VERIFIERS: Final[Mapping[SignatureType, Callable[[str, PublicKey], NoteVerifier]]] = {
    SignatureType.ED25519: log_verifier,
    SignatureType.ECDSA: log_verifier,
    SignatureType.COSIGNATURE: cosignature_verifier,
    SignatureType.TREE_HEAD: tree_head_verifier,
    SignatureType.UNASSIGNED: log_verifier,
}
