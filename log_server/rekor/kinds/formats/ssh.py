"""OpenSSH keys and the signatures of `ssh-keygen -Y sign` (OpenSSH PROTOCOL.sshsig).

The canonical form is what the real server writes: the armor over version 1, namespace `file` and SHA-512. It is
the form that is verified, so a signature with another hash is refused rather than logged as what it is not.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

from cosignpy.core.encoding import PemBlock, decode_b64, encode_b64, parse_pem
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import field, value
from log_server.rekor.kinds.formats.verified import Verified
from log_server.rekor.kinds.formats.wire import Reader

_MAX_SIZE: Final = 64 * 1024
"""What the real server reads of a key; an RSA key of 16384 bits takes 3 KiB."""
_KEY: Final = "SSH public key"
_SIGNATURE: Final = "SSH signature"
_LABEL: Final = "SSH SIGNATURE"
_MAGIC: Final = b"SSHSIG"
_NAMESPACE: Final = b"file"
_HASH: Final = b"sha512"

_RSA_HASHES: Final[Mapping[bytes, HashAlgorithm]] = {b"rsa-sha2-256": SHA256(), b"rsa-sha2-512": SHA512()}
"""RFC 8332; PROTOCOL.sshsig rules out `ssh-rsa`, which is SHA-1."""
_CURVE_HASHES: Final[Mapping[int, HashAlgorithm]] = {256: SHA256(), 384: SHA384(), 521: SHA512()}
"""RFC 5656 section 6.2.1."""


_Handle: TypeAlias = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey


@value
class _Key:
    blob: bytes
    handle: _Handle = field(repr=False, compare=False)


@value
class _Signature:
    """A parsed SSHSIG: the signer's key and the signature, both in SSH's wire form."""

    key: bytes
    signature: bytes


def verify_ssh(key: bytes, signature: bytes, content: bytes) -> Verified:
    """Show that an SSH key signed the content, in the namespace `file`.

    Raises:
        MalformedError: The key or the signature is not of the format, or of a kind that is not understood.
        SignatureMismatch: The key did not sign this, or the signature names another key.
    """
    public = _parse_key(key)
    signed = _parse_signature(signature)
    if signed.key != public.blob:
        raise SignatureMismatch("the SSH signature names another key than the one that was sent")
    message = _MAGIC + _string(_NAMESPACE) + _string(b"") + _string(_HASH) + _string(hashlib.sha512(content).digest())
    inner = Reader(signed.signature, _SIGNATURE)
    name, made = inner.string(), inner.string()
    inner.finish()
    try:
        _verify(public.handle, name, made, message)
    except InvalidSignature as error:
        raise SignatureMismatch("the SSH key did not sign this content in the namespace file") from error
    return Verified(_encode_key(public), _encode_signature(signed))


def canonical_ssh_key(raw: bytes) -> bytes:
    """Return the form of a key by which entries are found: type and base64, without its comment.

    Raises:
        MalformedError: Not an SSH key, or of a kind that is not understood.
    """
    return _encode_key(_parse_key(raw))


def _parse_key(raw: bytes) -> _Key:
    """Parse the first line that is neither blank nor a comment (sshd(8), authorized_keys)."""
    if len(raw) > _MAX_SIZE:
        raise LimitExceeded(_KEY, f"more than {_MAX_SIZE} bytes")
    line = next((line for line in raw.splitlines() if line.strip() and not line.startswith(b"#")), b"")
    fields = line.split(None, 2)
    try:
        handle = load_ssh_public_key(b" ".join(fields[:2]))
    except (ValueError, UnsupportedAlgorithm, NotImplementedError) as error:
        raise MalformedError(_KEY, "not a key of a known kind in the form `type base64 comment`") from error
    if not isinstance(handle, _Handle):
        raise MalformedError(_KEY, "only RSA, ECDSA and Ed25519 keys are understood")
    canonical = handle.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
    if canonical != fields[1]:
        raise MalformedError(_KEY, "not in canonical form")
    return _Key(decode_b64(canonical.decode(), what=_KEY), handle)


def _parse_signature(raw: bytes) -> _Signature:
    if len(raw) > _MAX_SIZE:
        raise LimitExceeded(_SIGNATURE, f"more than {_MAX_SIZE} bytes")
    block = parse_pem(raw, what=_SIGNATURE)
    if block.label != _LABEL or not block.body.startswith(_MAGIC):
        raise MalformedError(_SIGNATURE, f"expected a block {_LABEL} that begins with {_MAGIC.decode()}")
    reader = Reader(block.body, _SIGNATURE, len(_MAGIC))
    version = reader.integer(4)
    key, namespace, _reserved, digest, signature = (reader.string() for _ in range(5))
    reader.finish()
    if (version, namespace, digest) != (1, _NAMESPACE, _HASH):
        raise MalformedError(_SIGNATURE, "expected version 1, namespace file and hash sha512")
    return _Signature(key, signature)


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _encode_key(key: _Key) -> bytes:
    return Reader(key.blob, _KEY).string() + b" " + encode_b64(key.blob).encode() + b"\n"


def _encode_signature(signed: _Signature) -> bytes:
    fields = (signed.key, _NAMESPACE, b"", _HASH, signed.signature)
    return PemBlock(_LABEL, _MAGIC + (1).to_bytes(4, "big") + b"".join(map(_string, fields))).encode()


def _verify(handle: _Handle, name: bytes, signature: bytes, message: bytes) -> None:
    match handle:
        case RSAPublicKey():
            _verify_rsa(handle, name, signature, message)
        case EllipticCurvePublicKey():
            _verify_ecdsa(handle, name, signature, message)
        case Ed25519PublicKey():
            _verify_ed25519(handle, name, signature, message)


def _verify_rsa(handle: RSAPublicKey, name: bytes, signature: bytes, message: bytes) -> None:
    digest = _RSA_HASHES.get(name)
    if digest is None:
        raise InvalidSignature
    # RFC 8332 section 3: some signers leave out leading zeros.
    handle.verify(signature.rjust(handle.key_size // 8, b"\0"), message, PKCS1v15(), digest)


def _verify_ecdsa(handle: EllipticCurvePublicKey, name: bytes, signature: bytes, message: bytes) -> None:
    size = handle.curve.key_size
    if name != f"ecdsa-sha2-nistp{size}".encode():
        raise InvalidSignature
    numbers = Reader(signature, _SIGNATURE)
    r, s = (int.from_bytes(numbers.string(), "big", signed=True) for _ in range(2))
    numbers.finish()
    if min(r, s) <= 0:
        raise InvalidSignature
    handle.verify(encode_dss_signature(r, s), message, ECDSA(_CURVE_HASHES[size]))


def _verify_ed25519(handle: Ed25519PublicKey, name: bytes, signature: bytes, message: bytes) -> None:
    if name != b"ssh-ed25519":
        raise InvalidSignature
    handle.verify(signature, message)
