"""Requests to log something, signed beforehand and each different from all others."""

import base64
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    CertificateBuilder,
    Name,
    NameAttribute,
    PrecertPoison,
    RFC822Name,
    SubjectAlternativeName,
)
from cryptography.x509.oid import NameOID

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey

_V2: Final = (
    b'{"hashedRekordRequestV002":{"digest":"%b","signature":{"content":"%b","verifier":'
    b'{"publicKey":{"rawBytes":"%b"},"keyDetails":"PKIX_ECDSA_P256_SHA_256"}}}}\n'
)
_V1: Final = (
    b'{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"%b"}},'
    b'"signature":{"content":"%b","publicKey":{"content":"%b"}}}}\n'
)
_CHAIN: Final = b'{"chain":["%b","%b","%b"]}\n'


def write_bodies(path: Path, lines: Iterator[bytes], number: int) -> Path:
    """Write so many requests to a file, one a line."""
    with path.open("wb") as file:
        file.writelines(islice(lines, number))
    return path


def v2_bodies() -> Iterator[bytes]:
    """Make hashedrekords for Rekor v2, by one P-256 key."""
    key = PrivateKey.generate(ECDSA_P256)
    spki = base64.b64encode(key.public_key.spki)
    while True:
        message = os.urandom(32)
        yield _V2 % (base64.b64encode(sha256(message).digest()), base64.b64encode(key.sign(message)), spki)


def v1_bodies() -> Iterator[bytes]:
    """Make hashedrekords for Rekor v1, by one P-256 key."""
    key = PrivateKey.generate(ECDSA_P256)
    pem = base64.b64encode(key.public_key.encode_pem())
    while True:
        message = os.urandom(32)
        yield _V1 % (sha256(message).hexdigest().encode(), base64.b64encode(key.sign(message)), pem)


class Authority:
    """A certificate authority as Fulcio is one: a P-384 root, a P-256 intermediate, leaves for ten minutes."""

    def __init__(self) -> None:
        self._start = datetime.now(UTC).replace(microsecond=0)
        root_key = ec.generate_private_key(ec.SECP384R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1()).public_key()
        root = self._certify("root", root_key.public_key(), "root", 1).sign(root_key, SHA384())
        issuer = self._certify("intermediate", self._key.public_key(), "root", 2).sign(root_key, SHA384())
        self.root = root.public_bytes(Encoding.PEM)
        self._above = (_encode(issuer), _encode(root))

    def bodies(self) -> Iterator[bytes]:
        """Make chains for add-pre-chain, their leaves by serial number different."""
        alternative, poison = SubjectAlternativeName([RFC822Name("someone@example.com")]), PrecertPoison()
        for serial in count(1000):
            end = self._start + timedelta(minutes=10)
            builder = CertificateBuilder(_name("intermediate"), Name([]), self._leaf_key, serial, self._start, end)
            builder = builder.add_extension(alternative, critical=True).add_extension(poison, critical=True)
            yield _CHAIN % (_encode(builder.sign(self._key, SHA256())), *self._above)

    def _certify(self, name: str, key: ec.EllipticCurvePublicKey, issuer: str, serial: int) -> CertificateBuilder:
        end = self._start + timedelta(days=1)
        builder = CertificateBuilder(_name(issuer), _name(name), key, serial, self._start, end)
        return builder.add_extension(BasicConstraints(ca=True, path_length=None), critical=True)


Bodies = Callable[[], Iterator[bytes]]


def _name(common: str) -> Name:
    return Name([NameAttribute(NameOID.COMMON_NAME, common)])


def _encode(certificate: Certificate) -> bytes:
    return base64.b64encode(certificate.public_bytes(Encoding.DER))
