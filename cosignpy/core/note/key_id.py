"""What identifies a key in a note, and keys as one line of text (C2SP signed-note, "Signatures" and "Verifier keys").

A hint is the first 4 bytes of a key id. It says which key to try and proves nothing.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.core.keys.algorithms import ED25519, Scheme
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.core.note.signed_note import HINT_SIZE, refuse_wrong_name
from cosignpy.errors import KeyUnusable, MalformedError, SignatureMismatch
from cosignpy.values import value


class SignatureType(IntEnum):
    """The byte that says how the key signs, and what."""

    ED25519 = 0x01
    ECDSA = 0x02
    COSIGNATURE = 0x04
    TREE_HEAD = 0x05
    UNASSIGNED = 0xFF


_PREFIXES: Final[Mapping[SignatureType, bytes]] = {SignatureType.UNASSIGNED: b"PKIX-RSA-PKCS#1v1.5"}
"""What follows the byte of types that have none of their own: Sigstore's name for RSA."""
_LOG_TYPES: Final[Mapping[Scheme, SignatureType]] = {
    Scheme.ED25519: SignatureType.ED25519,
    Scheme.ECDSA: SignatureType.ECDSA,
    Scheme.RSA_PKCS1V15: SignatureType.UNASSIGNED,
}
_SCHEMES: Final[Mapping[SignatureType, tuple[Scheme, ...]]] = {
    SignatureType.ED25519: (Scheme.ED25519,),
    SignatureType.ECDSA: (Scheme.ECDSA,),
    SignatureType.COSIGNATURE: (Scheme.ED25519,),
    SignatureType.TREE_HEAD: (Scheme.ECDSA, Scheme.RSA_PKCS1V15),
    SignatureType.UNASSIGNED: (Scheme.RSA_PKCS1V15,),
}
_VKEY: Final = re.compile(r"(?P<name>[^+]+)\+(?P<hint>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)")


@value
class VerifierKey:
    """A key, the name it signs under, and the type of its signatures: all that a verifier has to be told."""

    name: str
    type: SignatureType
    key: PublicKey

    def __post_init__(self) -> None:
        """Refuse a key that cannot make this type of signature, or a name that is none.

        Raises:
            MalformedError: Not the name of a key.
            KeyUnusable: A key of another kind than the type needs.
        """
        refuse_wrong_name(self.name)
        if self.key.algorithm.scheme not in _SCHEMES[self.type]:
            raise _unusable(self.key)

    @property
    def key_id(self) -> bytes:
        """The whole key id, 32 bytes."""
        return key_id(self.name, self.type, self.key)

    @property
    def hint(self) -> bytes:
        """What stands in front of its signatures."""
        return self.key_id[:HINT_SIZE]


def key_id(name: str, kind: SignatureType, key: PublicKey) -> bytes:
    """Return the id of a key that makes one type of signatures under a name, all 32 bytes of it.

    ECDSA keys have the hash of their DER as the id, whatever the name (C2SP signed-note, type 0x02).
    """
    if kind is SignatureType.ECDSA:
        return spki_key_id(key)
    # A certificate transparency log has an id already (RFC 6962 section 3.2), which stands for its key.
    material = spki_key_id(key) if kind is SignatureType.TREE_HEAD else _material(kind, key)
    return sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + material).digest()


def log_key_id(origin: str, key: PublicKey) -> bytes:
    """Return the id of a log's key as Rekor v2 has it: 32 bytes, `logId.keyId` in its answers.

    Raises:
        KeyUnusable: A kind of key that signs no notes.
    """
    return key_id(origin, log_signature_type(key), key)


def spki_key_id(key: PublicKey) -> bytes:
    """Return the id of a log's key as Rekor v1 and RFC 6962 have it, whatever the key: the hash of its DER.

    For ECDSA it is the same as `log_key_id`, for Ed25519 and RSA it is not.
    """
    return sha256(key.spki).digest()


def log_signature_type(key: PublicKey) -> SignatureType:
    """Return which type of signatures a log with this key makes.

    Raises:
        KeyUnusable: A kind of key that signs no notes.
    """
    found = _LOG_TYPES.get(key.algorithm.scheme)
    if found is None:
        raise _unusable(key)
    return found


def encode_vkey(vkey: VerifierKey) -> str:
    """Encode as the line that people configure: name, hint in hex, type and key in base64."""
    body = bytes([vkey.type]) + _material(vkey.type, vkey.key)
    return f"{vkey.name}+{vkey.hint.hex()}+{encode_b64(body)}"


def parse_vkey(text: str) -> VerifierKey:
    """Parse a verifier key.

    Raises:
        MalformedError: Not of the form, of an unknown type, a broken key, or a hint that is not that of the key.
        KeyUnusable: A key of another kind than the type needs.
    """
    match = _VKEY.fullmatch(text)
    if match is None:
        raise MalformedError("verifier key", "not of the form <name>+<hint>+<key>")
    body = decode_b64(match["key"], what="verifier key")
    found = VerifierKey(match["name"], *_parse_typed_key(body))
    if found.hint.hex() != match["hint"]:
        raise MalformedError("verifier key", f"the hint of this key is {found.hint.hex()}, not {match['hint']}")
    return found


def verify_registered(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Show that a key made a signature by its registered scheme; the prehashed Ed25519 is for artifacts only.

    Raises:
        SignatureMismatch: It did not.
    """
    used = verify_signature(key, signature, message)
    if used.scheme is not key.algorithm.scheme:
        raise SignatureMismatch(f"made with {used.scheme} instead of {key.algorithm.scheme}")


def _parse_typed_key(body: bytes) -> tuple[SignatureType, PublicKey]:
    if body[0] not in set(SignatureType):
        raise MalformedError("verifier key", f"unknown signature type {body[0]:#04x}")
    kind = SignatureType(body[0])
    prefix = _PREFIXES.get(kind, b"")
    if not body.startswith(prefix, 1):
        raise MalformedError("verifier key", "unknown signature type without a byte of its own")
    material = body[1 + len(prefix) :]
    if Scheme.ED25519 in _SCHEMES[kind]:
        material = ED25519.spki_prefix + material
    return kind, PublicKey.parse_der(material, what="verifier key")


def _material(kind: SignatureType, key: PublicKey) -> bytes:
    """Return a key as vkeys hold it: Ed25519 as its 32 bytes, the others as DER."""
    return _PREFIXES.get(kind, b"") + key.spki.removeprefix(ED25519.spki_prefix)


def _unusable(key: PublicKey) -> KeyUnusable:
    return KeyUnusable(key.fingerprint, f"{key.algorithm.key} keys do not make such signatures on notes")
