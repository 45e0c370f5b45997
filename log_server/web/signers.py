"""Keys and certificates as a page shows them."""

from datetime import datetime
from typing import Final

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import LABEL, fingerprint
from cosignpy.core.x509.fulcio_extensions import FulcioExtension, fulcio_extensions
from cosignpy.core.x509.names import describe_name
from cosignpy.core.x509.subject_alt_name import SubjectName, subject_names
from cosignpy.errors import CosignError
from cosignpy.values import field, value

NOBODY: Final = "(empty)"
"""Fulcio's certificates have no subject but the alternative name."""
UNREADABLE_NAME: Final = "(cannot be read)"
"""Whoever signs a certificate can write anything where its names are, and a log takes it all the same."""


@value
class KeyView:
    """A public key: what it is, the SHA-256 of its DER, and its PEM to copy."""

    algorithm: str
    fingerprint: str
    pem: str = field(repr=False)


@value
class CertificateView:
    """A certificate in words; `problem` says why names or extensions are missing. Lists ask for the names only."""

    certificate: Certificate = field(repr=False)
    names: tuple[SubjectName, ...] = ()
    extensions: tuple[FulcioExtension, ...] = ()
    problem: str = ""

    @property
    def title(self) -> str:
        """Whom it names, in one line."""
        return ", ".join(name.text for name in self.names) or self.subject

    @property
    def subject(self) -> str:
        """The distinguished name of its subject."""
        return _write_name(self.certificate.subject)

    @property
    def issuer(self) -> str:
        """The distinguished name of who issued it."""
        return _write_name(self.certificate.issuer)

    @property
    def serial(self) -> str:
        """The serial number in hex."""
        return f"{self.certificate.serial_number:x}"

    @property
    def not_before(self) -> datetime:
        """The first moment at which it is valid."""
        return self.certificate.not_before

    @property
    def not_after(self) -> datetime:
        """The last moment at which it is valid."""
        return self.certificate.not_after

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its DER."""
        return f"sha256:{fingerprint(self.certificate).hex()}"

    @property
    def pem(self) -> str:
        """All of it, to copy."""
        return PemBlock(LABEL, self.certificate.der).encode().decode("ascii")


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
            return self.certificate.title
        return f"{self.key.algorithm} key {self.key.fingerprint}" if self.key is not None else f"key {self.search}"


def _write_name(name: bytes) -> str:
    """Write a distinguished name, which is parsed only when it is asked for."""
    try:
        return describe_name(name, what="name") or NOBODY
    except CosignError:
        return UNREADABLE_NAME


def view_key(key: PublicKey) -> KeyView:
    """Describe a key."""
    return KeyView(key.algorithm.key, key.fingerprint, key.encode_pem().decode("ascii"))


def view_certificate(certificate: Certificate) -> CertificateView:
    """Describe a certificate; one whose extensions cannot be read is in the log all the same, and is shown without."""
    names: tuple[SubjectName, ...] = ()
    try:
        names = subject_names(certificate)
        return CertificateView(certificate, names, fulcio_extensions(certificate))
    except CosignError as error:
        return CertificateView(certificate, names, problem=str(error))
