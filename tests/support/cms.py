"""CMS signed data made by hand, one field changed at a time (RFC 5652 section 5)."""

import datetime as dt
import hashlib
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cosignpy.core.x509.der import OBJECT_IDENTIFIER, encode_element
from cosignpy.core.x509.der_values import encode_oid

DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
SHA256_OID = bytes.fromhex("0609608648016503040201")
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
ANY_ALGORITHM = encode_element(0x30, bytes.fromhex("06092a864886f70d010101"))
ONE = b"\x02\x01\x01"


def sequence(*parts: bytes) -> bytes:
    """Encode a SEQUENCE."""
    return encode_element(0x30, b"".join(parts))


def of_set(*parts: bytes) -> bytes:
    """Encode a SET in the order given."""
    return encode_element(0x31, b"".join(parts))


def oid_element(dotted: str) -> bytes:
    """Encode an OBJECT IDENTIFIER."""
    return encode_element(OBJECT_IDENTIFIER, encode_oid(dotted, what="test"))


@cache
def key_of(kind: str) -> Any:
    """Return a private key; the same for the same kind."""
    makers = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
        "dsa": lambda: dsa.generate_private_key(2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    return makers[kind]()


@cache
def certificate(kind: str) -> x509.Certificate:
    """Return a certificate that the key of a kind issued to itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kind)])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key_of(kind).public_key(), 7)
    builder = builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=1))
    return builder.sign(key_of(kind), None if kind == "ed25519" else SHA256())


def sign(kind: str, content: bytes) -> bytes:
    """Sign with the key of a kind."""
    makers = {
        "rsa": lambda key: key.sign(content, padding.PKCS1v15(), SHA256()),
        "ec": lambda key: key.sign(content, ec.ECDSA(SHA256())),
        "dsa": lambda key: key.sign(content, SHA256()),
        "ed25519": lambda key: key.sign(content),
    }
    made: bytes = makers[kind](key_of(kind))
    return made


def message_digest(content: bytes, *more: bytes) -> bytes:
    """Return the attribute that states the digest of the content."""
    digests = (hashlib.sha256(content).digest(), *more)
    return sequence(MESSAGE_DIGEST, of_set(*(encode_element(4, each) for each in digests)))


def signer(kind: str, content: bytes, /, *, attributes: bytes | None = None, **parts: bytes) -> bytes:
    """Return a SignerInfo; `parts` stand in for its fields."""
    signed = content if attributes is None else of_set(attributes)
    fields = {
        "version": ONE,
        "sid": sequence(certificate(kind).issuer.public_bytes(), b"\x02\x01\x07"),
        "digest": sequence(SHA256_OID),
        "attributes": b"" if attributes is None else encode_element(0xA0, attributes),
        "algorithm": ANY_ALGORITHM,
        "signature": encode_element(4, sign(kind, signed)),
        "unsigned": b"",
    }
    return sequence(*(fields | parts).values())


def signed_data(kind: str, content: bytes, /, **parts: bytes) -> bytes:
    """Return a ContentInfo with one signer and the content inside; `parts` stand in for its fields."""
    fields = {
        "version": ONE,
        "digests": of_set(sequence(SHA256_OID)),
        "content": sequence(DATA, encode_element(0xA0, encode_element(4, content))),
        "certificates": encode_element(0xA0, certificate(kind).public_bytes(Encoding.DER)),
        "crls": b"",
        "signers": of_set(signer(kind, content)),
        "more": b"",
    }
    return sequence(SIGNED_DATA, encode_element(0xA0, sequence(*(fields | parts).values())))
