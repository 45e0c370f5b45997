"""Tree heads of certificate transparency (RFC 6962 section 3.5) as signatures on checkpoints (C2SP static-ct-api).

The signature does not cover the origin, and a checkpoint so signed has no extension lines.
"""

from collections.abc import Mapping
from struct import Struct
from typing import Final

from cosignpy.core.encoding import MAX_INTEGER
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint
from cosignpy.core.note.key_id import SignatureType, VerifierKey
from cosignpy.core.note.signed_note import NoteSignature
from cosignpy.errors import ClaimMismatch, KeyUnusable, MalformedError
from cosignpy.values import value

_SHA256: Final = 4
_RSA: Final = 1
_ECDSA: Final = 3
"""RFC 5246 section 7.4.1.4.1."""
_KEYS: Final[Mapping[str, int]] = {"P-256": _ECDSA, "RSA-2048": _RSA, "RSA-3072": _RSA, "RSA-4096": _RSA}
"""The keys of RFC 6962 section 2.1.4, all of which sign with SHA-256."""
_DIGITALLY_SIGNED: Final = Struct(">BBH")
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
        verify_signature(self.key, parse_digitally_signed(signed, self.key), message)


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
    signature = signer.sign(encode_tree_head(checkpoint, moment))
    signed = encode_digitally_signed(signature, signer.public_key)
    return NoteSignature(checkpoint.origin, hint, moment.to_bytes(_TIME_SIZE, "big") + signed)


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


def encode_digitally_signed(signature: bytes, key: PublicKey) -> bytes:
    """Wrap a signature in its DigitallySigned structure (RFC 5246 section 4.7).

    Raises:
        KeyUnusable: Neither P-256 nor RSA.
    """
    return _DIGITALLY_SIGNED.pack(_SHA256, _scheme_byte(key), len(signature)) + signature


def parse_digitally_signed(raw: bytes, key: PublicKey) -> bytes:
    """Return the signature inside a DigitallySigned structure, which must be one of a key's kind.

    Raises:
        MalformedError: Another algorithm than that of the key, or a length that does not fit.
        KeyUnusable: Neither P-256 nor RSA.
    """
    signature = raw[_DIGITALLY_SIGNED.size :]
    prefix = _DIGITALLY_SIGNED.pack(_SHA256, _scheme_byte(key), len(signature) & 0xFFFF)
    if prefix + signature[:0xFFFF] != raw:
        raise MalformedError("digitally signed structure", f"not of an {key.algorithm.key} key, or of another length")
    return signature


def _hint(origin: str, key: PublicKey) -> bytes:
    _scheme_byte(key)
    return VerifierKey(origin, SignatureType.TREE_HEAD, key).hint


def _scheme_byte(key: PublicKey) -> int:
    found = _KEYS.get(key.algorithm.key)
    if found is None:
        raise KeyUnusable(key.fingerprint, f"{key.algorithm.key} keys do not sign tree heads (RFC 6962 section 2.1.4)")
    return found
