"""OpenPGP key rings and detached signatures, as Rekor's older kinds carry them (RFC 4880).

Times are not judged: a key that has expired still proves what it signed. A revoked key proves nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import field, value
from log_server.rekor.kinds.formats.pgp_armor import PUBLIC_KEY, SIGNATURE, encode_armor, find_armor
from log_server.rekor.kinds.formats.pgp_certificate import Certificate, parse_certificates
from log_server.rekor.kinds.formats.pgp_keys import WHAT as KEY
from log_server.rekor.kinds.formats.pgp_keys import verify_signature
from log_server.rekor.kinds.formats.pgp_packets import Signature, Tag, parse_signature, read_packets
from log_server.rekor.kinds.formats.proposal import is_email
from log_server.rekor.kinds.formats.verified import Verified

_MAX_KEY: Final = 1024 * 1024
"""A key with a thousand certifications by others."""
_MAX_SIGNATURE: Final = 64 * 1024
"""RSA of 16384 bits with notations; signatures of several signers together."""
_SIGNATURE: Final = "OpenPGP signature"
_TEXT: Final = 1
_BINARY: Final = 0
"""The two kinds of signatures over documents (section 5.2.1)."""
_MAX_LINES: Final = 1 << 20
"""Lines of a text whose ends are brought into the signed form: some tenths of a second."""
_LINE_END: Final = re.compile(rb"\r.|\n", re.DOTALL)


@value
class KeyRing:
    """The certificates that a signature is checked against."""

    certificates: tuple[Certificate, ...] = field(repr=False)

    @property
    def canonical(self) -> bytes:
        """All of them in one block of armor."""
        return encode_armor(PUBLIC_KEY, b"".join(certificate.encode() for certificate in self.certificates))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The e-mail addresses of the user ids, lower-cased."""
        texts = (name.text.decode("utf-8", "replace") for each in self.certificates for name in each.names)
        return tuple(address.lower() for address in map(_email_of, texts) if is_email(address))


def verify_pgp(key: bytes, signature: bytes, content: bytes) -> Verified:
    """Show that an OpenPGP key signed the content, armored or not.

    Raises:
        MalformedError: The key or the signature is not of the format.
        SignatureMismatch: The key did not sign this.
    """
    ring = parse_key_ring(key)
    if len(signature) > _MAX_SIGNATURE:
        raise LimitExceeded(_SIGNATURE, f"more than {_MAX_SIGNATURE} bytes")
    armored = find_armor(signature, what=_SIGNATURE)
    if armored is None:
        verify_detached(ring, signature, content)
        return Verified(ring.canonical, encode_armor(SIGNATURE, signature), ring.subjects)
    if armored.label != SIGNATURE:
        raise MalformedError(_SIGNATURE, f"a {armored.label} in its place")
    verify_detached(ring, armored.body, content)
    return Verified(ring.canonical, signature, ring.subjects)


def parse_key_ring(raw: bytes) -> KeyRing:
    """Parse public keys, binary or as blocks of armor one behind the other.

    Raises:
        MalformedError: No public key, a private one, or a broken one.
        LimitExceeded: More than `_MAX_KEY` bytes.
    """
    if len(raw) > _MAX_KEY:
        raise LimitExceeded(KEY, f"more than {_MAX_KEY} bytes")
    if not raw.startswith(b"-----BEGIN PGP"):
        return KeyRing(tuple(parse_certificates(raw)))
    blocks = list(_read_blocks(raw))
    return KeyRing(tuple(certificate for block in blocks for certificate in parse_certificates(block)))


def _read_blocks(raw: bytes) -> Iterator[bytes]:
    block = find_armor(raw, what=KEY)
    if block is None:
        raise MalformedError(KEY, "no complete block of armor")
    while block is not None:
        if block.label != PUBLIC_KEY:
            raise MalformedError(KEY, f"a {block.label} in its place; send the public key")
        yield block.body
        block = find_armor(block.after, what=KEY)


def verify_detached(ring: KeyRing, signature: bytes, content: bytes) -> None:
    """Show that a key of the ring made the first of the signatures whose key it holds.

    Raises:
        MalformedError: Not signatures, or of a kind that is not over a document.
        LimitExceeded: Signed as a text of more lines than are read.
        SignatureMismatch: No key of the ring, or none that made it.
    """
    for made in _read_signatures(signature):
        keys = [key for certificate in ring.certificates for key in certificate.signing_keys(made.issuer)]
        if keys:
            verify_signature(keys[0], made, _signed_form(made, content))
            return
    raise SignatureMismatch("made by a key that is not among those sent, may not sign, or was revoked")


def _read_signatures(raw: bytes) -> Sequence[Signature]:
    packets = list(read_packets(raw, what=_SIGNATURE))
    if not packets or any(packet.tag != Tag.SIGNATURE for packet in packets):
        raise MalformedError(_SIGNATURE, "expected signature packets and nothing else")
    return [parse_signature(packet.body, what=_SIGNATURE) for packet in packets]


def _signed_form(signature: Signature, content: bytes) -> bytes:
    """Return what is hashed: the bytes, or the text with its line ends as CRLF (section 5.2.4)."""
    if signature.kind == _BINARY:
        return content
    if signature.kind != _TEXT:
        raise MalformedError(_SIGNATURE, f"of kind {signature.kind:#x}, which is not over a document")
    if content.count(b"\n") + content.count(b"\r") > _MAX_LINES:
        raise LimitExceeded("text", f"more than {_MAX_LINES} lines, which only a signature over bytes can have")
    return _LINE_END.sub(lambda match: b"\r\n" if match[0] == b"\n" else match[0], content)


def _email_of(user_id: str) -> str:
    """Return what stands in angle brackets in `Name (comment) <address>`."""
    _, opened, rest = user_id.partition("<")
    return rest.partition(">")[0].strip() if opened else ""
