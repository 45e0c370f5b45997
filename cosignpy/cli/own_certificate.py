"""Flags for a certificate of one's own: of the key that signs, and from an authority that nobody has to ask."""

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cosignpy.cli.input_files import read_input
from cosignpy.errors import CertificateError, UsageError
from cosignpy.values import replace, value

if TYPE_CHECKING:
    from cosignpy.cli.wiring_signing import Signing
    from cosignpy.core.trust.trusted_root import CertificateAuthority
    from cosignpy.operations.complete_bundle import SigningKey

_ORDER: Final = "--certificate is the one of --key; --certificate-chain goes from its issuer up to the root"


@value
class OwnCertificateFlags:
    """The certificate of --key, and its issuers."""

    certificate: Annotated[
        str,
        typer.Option(
            "--certificate", "--cert", metavar="FILE", show_default=False, help="The certificate of --key (PEM)."
        ),
    ] = ""
    certificate_chain: Annotated[
        str,
        typer.Option(
            "--certificate-chain",
            "--cert-chain",
            metavar="FILE",
            show_default=False,
            help="Its issuers (PEM): the nearest first, the root last.",
        ),
    ] = ""

    def check(self, key: str) -> None:
        """Refuse what does not go together, before anything is read.

        Raises:
            UsageError: A certificate without its key, or issuers of none.
        """
        if self.certificate and not key:
            raise UsageError("a certificate is given without its key", "name the key with --key")
        if self.certificate_chain and not self.certificate:
            raise UsageError("issuers of no certificate are given", "name the certificate with --certificate")

    def certify(self, signing: "Signing") -> "Signing":
        """Return the same, but that the key signs with its certificate; where none is given, as it was.

        Whatever is wrong with the certificate is said when the key is asked for.
        """
        return replace(signing, key=_Certified(self, signing)) if self.certificate else signing

    def of_key(self, key: "SigningKey") -> "SigningKey":
        """Return a key with its certificate, once it was found to be one to sign with.

        Raises:
            CertificateError: It is of another key, not valid now, or its issuers are not in order.
            MalformedError: A file is not certificates in PEM.
            FileError: One cannot be read.
        """
        from cosignpy.core.bundle.blob_files import parse_certificate_file
        from cosignpy.core.trust.trusted_root import MAX_CHAIN
        from cosignpy.core.verify.own_certificate import verify_own_certificate
        from cosignpy.core.x509.chain import parse_chain_pem
        from cosignpy.operations.complete_bundle import OwnCertificate

        now, pem = datetime.now(UTC), self._read_chain()
        what = f"certificate {self.certificate}"
        (leaf,) = parse_chain_pem(parse_certificate_file(read_input(self.certificate), what), most=1, what=what)
        issuers = (
            parse_chain_pem(pem, most=MAX_CHAIN, what=f"chain {self.certificate_chain}") if pem is not None else ()
        )
        try:
            verify_own_certificate(leaf, issuers, key.signer.public_key, now)
        except CertificateError as error:
            error.hint = error.hint or _ORDER
            raise
        return replace(key, certificate=leaf, issuers=issuers, own=OwnCertificate(self._authority(pem), now))

    def _read_chain(self) -> bytes | None:
        return read_input(self.certificate_chain) if self.certificate_chain else None

    def _authority(self, pem: bytes | None) -> "CertificateAuthority | None":
        from cosignpy.core.trust.building import build_authority
        from cosignpy.core.trust.validity import Validity

        return build_authority(self.certificate_chain, pem, Validity(None)) if pem is not None else None


class _Certified:
    """Asks for the key, and looks at its certificate once, however many signatures are made."""

    def __init__(self, flags: OwnCertificateFlags, signing: "Signing") -> None:
        self._flags = flags
        self._signing = signing
        self._lock = threading.Lock()
        self._key: SigningKey | None = None

    def __call__(self) -> "SigningKey":
        with self._lock:
            if self._key is None:
                self._key = self._flags.of_key(self._signing.key())
            return self._key
