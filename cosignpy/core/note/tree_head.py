"""Tree heads of certificate transparency (RFC 6962 section 3.5) as signatures on checkpoints (C2SP static-ct-api).

The signature does not cover the origin, and a checkpoint so signed has no extension lines.
"""

from struct import Struct
from typing import Final

from cosignpy.core.encoding import MAX_INTEGER
from cosignpy.core.keys.digitally_signed import DigitallySigned, refuse_unusable_log_key, sign_for_log
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint
from cosignpy.core.note.key_id import SignatureType, VerifierKey
from cosignpy.core.note.signed_note import NoteSignature
from cosignpy.errors import ClaimMismatch, MalformedError
from cosignpy.values import value

_TREE_HEAD: Final = Struct(">BBQQ32s")
_VERSION: Final = 0
_TREE_HASH: Final = 1
_TIME_SIZE: Final = 8


@value
class TreeHeadVerifier:
    """A certificate transparency log's key; it implements `NoteVerifier`."""

    name: str
    hint: bytes
    key: PublicKey

    def verify(self, text: str, signature: bytes) -> None:
        """Show that the log signed the tree head that a checkpoint describes.

        Raises:
            SignatureMismatch: It did not.
            MalformedError: Not a checkpoint, one with extension lines, or not such a signature.
            ClaimMismatch: The checkpoint names another origin, which the signature would not tell.
        """
        checkpoint = parse_checkpoint(text)
        if checkpoint.origin != self.name:
            raise ClaimMismatch("origin", self.name, checkpoint.origin)
        moment, signed = split_tree_head_signature(signature)
        message = encode_tree_head(checkpoint, moment)
        DigitallySigned.parse(signed, what="tree head signature").verify(self.key, message)


def tree_head_verifier(origin: str, key: PublicKey) -> TreeHeadVerifier:
    """Build the verifier of a certificate transparency log.

    Raises:
        MalformedError: The origin cannot be the name of a key.
        KeyUnusable: Neither P-256 nor RSA.
    """
    return TreeHeadVerifier(origin, _hint(origin, key), key)


def sign_tree_head(checkpoint: Checkpoint, moment: int, signer: Signer) -> NoteSignature:
    """Sign a checkpoint as a tree head, at a time in milliseconds since 1970.

    Raises:
        MalformedError: It has extension lines, its origin cannot be the name of a key, or a time out of range.
        KeyUnusable: Neither P-256 nor RSA.
    """
    hint = _hint(checkpoint.origin, signer.public_key)
    signed = sign_for_log(signer, encode_tree_head(checkpoint, moment))
    return NoteSignature(checkpoint.origin, hint, moment.to_bytes(_TIME_SIZE, "big") + signed.encode())


def encode_tree_head(checkpoint: Checkpoint, moment: int) -> bytes:
    """Encode what is signed: TreeHeadSignature (RFC 6962 section 3.5).

    Raises:
        MalformedError: The checkpoint has extension lines, which would not be covered, or a time out of range.
    """
    if checkpoint.extensions:
        raise MalformedError("tree head", "the checkpoint has extension lines")
    if not 0 <= moment <= MAX_INTEGER:
        raise MalformedError("tree head", f"{moment} is not a time")
    return _TREE_HEAD.pack(_VERSION, _TREE_HASH, moment, checkpoint.size, checkpoint.root)


def split_tree_head_signature(signature: bytes) -> tuple[int, bytes]:
    """Split a tree head's note signature into its time in milliseconds and what `get-sth` calls its signature."""
    return int.from_bytes(signature[:_TIME_SIZE], "big"), signature[_TIME_SIZE:]


def _hint(origin: str, key: PublicKey) -> bytes:
    refuse_unusable_log_key(key)
    return VerifierKey(origin, SignatureType.TREE_HEAD, key).hint
