"""A certificate authority as Fulcio is one, for signatures by identity: every certificate carries an SCT of our log."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    Certificate,
    CertificateBuilder,
    ExtendedKeyUsage,
    ExtensionType,
    KeyUsage,
    Name,
    NameAttribute,
    ObjectIdentifier,
    PrecertPoison,
    RFC822Name,
    SubjectAlternativeName,
    SubjectKeyIdentifier,
    UnrecognizedExtension,
    random_serial_number,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cosignpy.core.x509.der import OCTET_STRING, encode_element
from tests.interop.log_workshop import CT, IDENTITY, log_client, write_key
from tests.interop.programs import Workshop
from tests.support.log_process import LogProcess

ISSUER: Final = "https://issuer.example.com"

_SCT_LIST: Final = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_OLD_ISSUER_EXTENSION: Final = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_ISSUER_EXTENSION: Final = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_UTF8_STRING: Final = 0x0C
_NAME: Final = Name(
    [NameAttribute(NameOID.ORGANIZATION_NAME, "tests"), NameAttribute(NameOID.COMMON_NAME, "authority")]
)

Extensions = Sequence[tuple[ExtensionType, bool]]


class SmallFulcio:
    """A root that issues short-lived certificates, each by way of a precertificate that the log promised to log."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._now = datetime.now(UTC)
        identifier = SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = self._builder(_NAME, self._key.public_key(), random_serial_number(), timedelta(days=1))
        extensions: Extensions = (
            (BasicConstraints(ca=True, path_length=0), True),
            (_usage(signs_certificates=True), True),
            (identifier, False),
        )
        self.certificate = self._sign(builder, extensions)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, workshop: Workshop, log: LogProcess, name: str) -> None:
        """Issue a certificate for the identity: its key to `name`.pem, itself to `name`.crt."""
        key = ec.generate_private_key(ec.SECP256R1())
        serial = random_serial_number()
        builder = self._builder(Name([]), key.public_key(), serial, timedelta(minutes=10))
        usual: Extensions = (
            (_usage(signs_certificates=False), True),
            (ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False),
            (SubjectAlternativeName([RFC822Name(IDENTITY)]), True),
            (UnrecognizedExtension(_OLD_ISSUER_EXTENSION, ISSUER.encode()), False),
            (UnrecognizedExtension(_ISSUER_EXTENSION, encode_element(_UTF8_STRING, ISSUER.encode())), False),
        )
        promised = self._promise(workshop, log, self._sign(builder, (*usual, (PrecertPoison(), True))))
        certificate = self._sign(builder, (*usual, (UnrecognizedExtension(_SCT_LIST, promised), False)))
        pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(workshop, f"{name}.pem", pkcs8)
        _write(workshop, f"{name}.crt", certificate.public_bytes(Encoding.PEM))

    def _promise(self, workshop: Workshop, log: LogProcess, precertificate: Certificate) -> bytes:
        """Have a precertificate logged; return the content of the SCT extension."""
        chain = _write(workshop, "chain.pem", precertificate.public_bytes(Encoding.PEM) + self.pem)
        key = write_key(log.shards(CT)[-1], workshop.folder)
        sct = base64.b64decode(log_client(workshop, "ct-add-pre", log.url, key, chain)["sct"])
        one = len(sct).to_bytes(2, "big") + sct
        return encode_element(OCTET_STRING, len(one).to_bytes(2, "big") + one)

    def _builder(
        self, subject: Name, key: ec.EllipticCurvePublicKey, serial: int, lifetime: timedelta
    ) -> CertificateBuilder:
        begin = self._now - timedelta(minutes=1)
        return CertificateBuilder(_NAME, subject, key, serial, begin, begin + lifetime)

    def _sign(self, builder: CertificateBuilder, extensions: Extensions) -> Certificate:
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, SHA256())


def _usage(*, signs_certificates: bool) -> KeyUsage:
    return KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(workshop: Workshop, name: str, content: bytes) -> Path:
    path = workshop.folder / name
    path.write_bytes(content)
    return path
