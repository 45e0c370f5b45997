"""Certificates of one's own, valid now, in the files that flags name: a root, an intermediate, and a leaf for a key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509 import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    Certificate,
    CertificateBuilder,
    ExtendedKeyUsage,
    KeyUsage,
    Name,
    NameAttribute,
    RFC822Name,
    SubjectAlternativeName,
    SubjectKeyIdentifier,
    random_serial_number,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cosignpy.core.keys.public import PublicKey

NAME: Final = "own@example.com"
LEAF: Final = "own.pem"
CHAIN: Final = "own-chain.pem"
ROOT: Final = "own-root.pem"
INTERMEDIATE: Final = "own-intermediate.pem"
IDENTITY: Final = ("--certificate-identity", NAME, "--certificate-oidc-issuer-regexp", "^$")
"""Whom verifiers ask for: no issuer vouched for the name."""

_DAY: Final = timedelta(days=1)


def write_own_pki(folder: Path, key: PublicKey) -> None:
    """Write the certificate of a key and its issuers, as Go reads them too."""
    root_key, middle_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _issue("own root", root_key.public_key(), "own root", root_key, authority=True)
    middle = _issue("own intermediate", middle_key.public_key(), "own root", root_key, authority=True)
    public = load_der_public_key(key.spki)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    leaf = _issue("own leaf", public, "own intermediate", middle_key, authority=False)
    for name, certificates in ((LEAF, [leaf]), (CHAIN, [middle, root]), (ROOT, [root]), (INTERMEDIATE, [middle])):
        (folder / name).write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in certificates))


def _issue(
    name: str,
    public: ec.EllipticCurvePublicKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> Certificate:
    now = datetime.now(UTC)
    usage = KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        CertificateBuilder(_named(issuer), _named(name), public, random_serial_number(), now - _DAY, now + _DAY)
        .add_extension(BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not authority:
        builder = builder.add_extension(ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        builder = builder.add_extension(SubjectAlternativeName([RFC822Name(NAME)]), critical=False)
    return builder.sign(issuer_key, SHA256())


def _named(name: str) -> Name:
    return Name([NameAttribute(NameOID.COMMON_NAME, name)])
