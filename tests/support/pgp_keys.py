"""OpenPGP packets made by hand, for what GnuPG does not write: version 3, odd subpackets, bindings that disagree."""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from log_server.rekor.kinds.formats.pgp_packets import Tag, encode_packet

CREATED: Final = b"\x05\x02\x69\x55\xb9\x00"
NAME: Final = b"Heidi <heidi@example.com>"


def number(value: int) -> bytes:
    """Encode a multi-precision integer."""
    return value.bit_length().to_bytes(2, "big") + value.to_bytes((value.bit_length() + 7) // 8, "big")


def subpacket(kind: int, content: bytes) -> bytes:
    """Encode a subpacket, with five bytes of length where one does not do."""
    size = len(content) + 1
    return (bytes([size]) if size < 192 else b"\xff" + size.to_bytes(4, "big")) + bytes([kind]) + content


@dataclass(frozen=True, slots=True)
class HandMade:
    """An RSA key and what it signs."""

    private: RSAPrivateKey

    @property
    def body(self) -> bytes:
        """The body of its public key packet."""
        numbers = self.private.public_key().public_numbers()
        return b"\x04\x69\x55\xb9\x00\x01" + number(numbers.n) + number(numbers.e)

    @property
    def hashed(self) -> bytes:
        """How it is signed."""
        return b"\x99" + len(self.body).to_bytes(2, "big") + self.body

    @property
    def key_id(self) -> bytes:
        """By which signatures name it."""
        return hashlib.sha1(self.hashed).digest()[-8:]

    def sign(self, kind: int, content: bytes, hashed: bytes = CREATED, unhashed: bytes | None = None) -> bytes:
        """Sign as version 4; the issuer stands outside of what is hashed unless told otherwise."""
        loose = subpacket(16, self.key_id) if unhashed is None else unhashed
        prefix = bytes([4, kind, 1, 8]) + len(hashed).to_bytes(2, "big") + hashed
        digest = hashlib.sha256(content + prefix + b"\x04\xff" + len(prefix).to_bytes(4, "big")).digest()
        return prefix + len(loose).to_bytes(2, "big") + loose + digest[:2] + self._sign_digest(digest)

    def sign_v3(self, kind: int, content: bytes) -> bytes:
        """Sign as version 3."""
        suffix = bytes([kind]) + b"\x69\x55\xb9\x00"
        digest = hashlib.sha256(content + suffix).digest()
        return b"\x03\x05" + suffix + self.key_id + b"\x01\x08" + digest[:2] + self._sign_digest(digest)

    def _sign_digest(self, digest: bytes) -> bytes:
        return number(int.from_bytes(self.private.sign(digest, PKCS1v15(), Prehashed(SHA256())), "big"))

    def certificate(self, hashed: bytes = CREATED, name: bytes = NAME) -> bytes:
        """Return the key with a name bound to it."""
        content = self.hashed + b"\xb4" + len(name).to_bytes(4, "big") + name
        binding = encode_packet(Tag.SIGNATURE, self.sign(0x13, content, hashed))
        return encode_packet(Tag.PUBLIC_KEY, self.body) + encode_packet(Tag.USER_ID, name) + binding

    def subkey(self, other: "HandMade", *bindings: tuple[int, bytes]) -> bytes:
        """Return another key, bound or revoked as told by kind of signature and subpackets."""
        content = self.hashed + other.hashed
        signatures = (self.sign(kind, content, hashed) for kind, hashed in bindings)
        return encode_packet(Tag.PUBLIC_SUBKEY, other.body) + b"".join(encode_packet(2, each) for each in signatures)


@cache
def hand_made(which: int = 0) -> HandMade:
    """Return a key; the same for the same number."""
    del which
    return HandMade(generate_private_key(65537, 2048))
