"""Keys and certificates as a page shows them."""

from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.fulcio_extensions import FulcioExtension, fulcio_extensions
from cosignpy.core.x509.subject_alt_name import SubjectName, subject_names
from cosignpy.errors import CosignError
from cosignpy.values import field, value

NOBODY: Final = "(empty)"
"""Fulcio's certificates have no subject but the alternative name."""


@value
class KeyView:
    """A public key: what it is, the SHA-256 of its DER, and its PEM to copy."""

    algorithm: str
    fingerprint: str
    pem: str = field(repr=False)


@value
class CertificateView:
    """A certificate in words; `problem` says why names or extensions are missing."""

    names: tuple[SubjectName, ...]
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    extensions: tuple[FulcioExtension, ...]
    fingerprint: str
    pem: str = field(repr=False)
    problem: str = ""


@value
class SignerView:
    """Who signed: a certificate, a key, or the text of something else; `search` finds all entries by the same."""

    search: str
    key: KeyView | None = None
    certificate: CertificateView | None = None
    text: str = ""

    @property
    def title(self) -> str:
        """The shortest name: whom the certificate names, or which key it is."""
        if self.certificate is not None:
            return title_of(self.certificate)
        return f"{self.key.algorithm} key {self.key.fingerprint}" if self.key is not None else f"key {self.search}"


def title_of(certificate: CertificateView) -> str:
    """Return whom a certificate names, in one line."""
    return ", ".join(name.text for name in certificate.names) or certificate.subject


def view_key(key: PublicKey) -> KeyView:
    """Describe a key."""
    return KeyView(key.algorithm.key, key.fingerprint, key.encode_pem().decode("ascii"))


def view_certificate(certificate: Certificate) -> CertificateView:
    """Describe a certificate; one whose extensions cannot be read is in the log all the same, and is shown without."""
    names: tuple[SubjectName, ...] = ()
    extensions: tuple[FulcioExtension, ...] = ()
    problem = ""
    try:
        names = subject_names(certificate)
        extensions = fulcio_extensions(certificate)
    except CosignError as error:
        problem = str(error)
    return CertificateView(
        names,
        certificate.subject.rfc4514_string() or NOBODY,
        certificate.issuer.rfc4514_string() or NOBODY,
        f"{certificate.serial_number:x}",
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        extensions,
        f"sha256:{certificate.fingerprint(SHA256()).hex()}",
        certificate.public_bytes(Encoding.PEM).decode("ascii"),
        problem,
    )
