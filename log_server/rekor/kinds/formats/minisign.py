"""Minisign and signify keys and signatures (https://jedisct1.github.io/minisign/#signature-format).

Only the signature over the content is logged. The trusted comment and the global signature that covers it
are not, so they are not judged either.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.formats.verified import Verified

_MAX_TEXT: Final = 16 * 1024
"""Two short lines of base64 and two comments, which minisign itself limits to 8 KiB."""
_KEY: Final = "minisign public key"
_SIGNATURE: Final = "minisign signature"
_PLAIN: Final = b"Ed"
_PREHASHED: Final = b"ED"
_ID_SIZE: Final = 8
_PREFIX_SIZE: Final = 2 + _ID_SIZE
_KEY_SIZE: Final = 32
_SIGNATURE_SIZE: Final = 64
_KEY_LINES: Final = 2
_SIGNIFY_LINES: Final = 2
_MINISIGN_LINES: Final = 4
_GLOBAL_SIGNATURE: Final = 3


def verify_minisign(key: bytes, signature: bytes, content: bytes) -> Verified:
    """Show that a minisign or signify key signed the content.

    Raises:
        MalformedError: The key or the signature is not of the format.
        SignatureMismatch: The key did not sign this.
    """
    public = _parse_key(key)
    signed = _parse_signature(signature)
    message = hashlib.blake2b(content).digest() if signed.startswith(_PREHASHED) else content
    try:
        Ed25519PublicKey.from_public_bytes(public[_PREFIX_SIZE:]).verify(signed[_PREFIX_SIZE:], message)
    except InvalidSignature as error:
        raise SignatureMismatch("the minisign key did not sign this content") from error
    return Verified(encode_b64(public).encode(), b"untrusted comment:\n" + encode_b64(signed).encode())


def canonical_minisign_key(raw: bytes) -> bytes:
    """Return the form of a key by which entries are found.

    Raises:
        MalformedError: Not a key of minisign or signify.
    """
    return encode_b64(_parse_key(raw)).encode()


def _parse_key(raw: bytes) -> bytes:
    """Return algorithm, key id and key, from a key file, its base64 alone, or the 32 bytes old entries carry."""
    if len(raw) == _KEY_SIZE:
        return _PLAIN + bytes(_ID_SIZE) + raw
    lines = _lines(raw, _KEY)
    found = decode_b64(lines[-1], what=_KEY)
    if len(lines) > _KEY_LINES or len(found) != _PREFIX_SIZE + _KEY_SIZE or not found.startswith(_PLAIN):
        raise MalformedError(_KEY, "expected a comment and 42 bytes in base64 that begin with Ed")
    return found


def _parse_signature(raw: bytes) -> bytes:
    """Return algorithm, key id and signature, of signify's two lines or minisign's four."""
    lines = _lines(raw, _SIGNATURE)
    if len(lines) not in {_SIGNIFY_LINES, _MINISIGN_LINES}:
        raise MalformedError(_SIGNATURE, f"expected two or four lines, found {len(lines)}")
    found = decode_b64(lines[1], what=_SIGNATURE)
    if len(found) != _PREFIX_SIZE + _SIGNATURE_SIZE or found[:2] not in {_PLAIN, _PREHASHED}:
        raise MalformedError(_SIGNATURE, "expected 74 bytes in base64 that begin with Ed or ED")
    if len(lines) == _MINISIGN_LINES and len(decode_b64(lines[_GLOBAL_SIGNATURE], what=_SIGNATURE)) != _SIGNATURE_SIZE:
        raise MalformedError(_SIGNATURE, "expected a global signature of 64 bytes in the fourth line")
    return found


def _lines(raw: bytes, what: str) -> Sequence[str]:
    if len(raw) > _MAX_TEXT:
        raise LimitExceeded(what, f"more than {_MAX_TEXT} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(what, "not UTF-8") from error
    return [line.rstrip("\r") for line in text.rstrip("\r\n").split("\n")]
