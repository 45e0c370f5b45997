"""Cosignatures (C2SP tlog-cosignature, Ed25519): a witness states when it saw that a log only grew."""

from typing import Final

from cosignpy.core.encoding import MAX_INTEGER
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.note.checkpoint import parse_checkpoint
from cosignpy.core.note.key_id import SignatureType, VerifierKey, verify_registered
from cosignpy.core.note.signed_note import Note, NoteSignature, signatures_by
from cosignpy.errors import MalformedError
from cosignpy.values import value

_TIME_SIZE: Final = 8
_SIZE: Final = _TIME_SIZE + 64


@value
class CosignatureVerifier:
    """A witness's key; it implements `NoteVerifier`."""

    name: str
    hint: bytes
    key: PublicKey

    def verify(self, text: str, signature: bytes) -> None:
        """Show that the witness signed the text at the time that the cosignature says.

        Raises:
            SignatureMismatch: It did not.
            MalformedError: Not a cosignature.
        """
        verify_registered(self.key, signature[_TIME_SIZE:], _message(text, _time_of(signature)))


def cosignature_verifier(name: str, key: PublicKey) -> CosignatureVerifier:
    """Build the verifier of a witness.

    Raises:
        MalformedError: Not the name of a key.
        KeyUnusable: Not an Ed25519 key.
    """
    return CosignatureVerifier(name, _hint(name, key), key)


def sign_cosignature(text: str, name: str, moment: int, signer: Signer) -> NoteSignature:
    """Cosign the text of a checkpoint, at a time in seconds since 1970.

    Raises:
        MalformedError: Not a checkpoint, or a time that cannot be encoded.
        KeyUnusable: Not an Ed25519 key.
    """
    parse_checkpoint(text)
    if not 0 <= moment <= MAX_INTEGER:
        raise MalformedError("cosignature", f"{moment} is not a time")
    signature = signer.sign(_message(text, moment))
    return NoteSignature(name, _hint(name, signer.public_key), moment.to_bytes(_TIME_SIZE, "big") + signature)


def verify_cosignature(note: Note, verifier: CosignatureVerifier) -> int:
    """Show that a witness cosigned a checkpoint, and return when: the latest time, where it did several times.

    Raises:
        SignatureMismatch: The witness did not, or one of its cosignatures is not genuine.
        MalformedError: Not a checkpoint, or not a cosignature.
    """
    parse_checkpoint(note.text)
    found = [entry.signature for entry in signatures_by(note, verifier)]
    for signature in found:
        verifier.verify(note.text, signature)
    return max(map(_time_of, found))


def _hint(name: str, key: PublicKey) -> bytes:
    return VerifierKey(name, SignatureType.COSIGNATURE, key).hint


def _message(text: str, moment: int) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def _time_of(signature: bytes) -> int:
    if len(signature) != _SIZE:
        raise MalformedError("cosignature", f"{len(signature)} bytes instead of {_SIZE}")
    moment = int.from_bytes(signature[:_TIME_SIZE], "big")
    if moment > MAX_INTEGER:
        raise MalformedError("cosignature", f"{moment} is not a time")
    return moment
