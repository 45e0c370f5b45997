"""Flags about certificates that do not come from the trusted root's authorities, with cosign's names."""

from typing import TYPE_CHECKING, Annotated

import typer

from cosignpy.cli.input_files import read_input
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.core.policy.transparency import SkipLogUnsafe
from cosignpy.errors import UsageError
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.core.bundle.model import CertificateMaterial
    from cosignpy.core.bundle.versions import ChainRule
    from cosignpy.core.trust.trusted_root import CertificateAuthority, TrustedRoot
    from cosignpy.operations.beside import Beside
    from cosignpy.operations.ports import TrustSource


CertificateFlag = Annotated[
    str,
    typer.Option(
        "--certificate",
        "--cert",
        metavar="FILE",
        show_default=False,
        help="The certificate (PEM) of who signed, for signatures that hold none.",
    ),
]


@value
class OwnPkiFlags:
    """Whose certificates count in place of those that the trusted root names, and what comes beside signatures."""

    certificate_chain: Annotated[
        str,
        typer.Option(
            "--certificate-chain",
            "--cert-chain",
            metavar="FILE",
            show_default=False,
            help="Believe the issuers in here (PEM): the nearest first, the root last.",
        ),
    ] = ""
    ca_roots: Annotated[
        str,
        typer.Option("--ca-roots", metavar="FILE", show_default=False, help="Believe these root certificates (PEM)."),
    ] = ""
    ca_intermediates: Annotated[
        str,
        typer.Option(
            "--ca-intermediates", metavar="FILE", show_default=False, help="What leads up to --ca-roots (PEM)."
        ),
    ] = ""
    sct: Annotated[
        str, typer.Option("--sct", metavar="FILE", show_default=False, help="A CT log's promise about the certificate.")
    ] = ""
    timestamp_certificate_chain: Annotated[
        str,
        typer.Option(
            "--timestamp-certificate-chain",
            metavar="FILE",
            show_default=False,
            help="Believe this timestamp authority (PEM): its own certificate first, the root last.",
        ),
    ] = ""
    allow_certificate_chain: Annotated[
        bool,
        typer.Option(
            "--allow-certificate-chain/--no-allow-certificate-chain",
            help="Pass over the issuers in bundles of 0.3, which must not have any.",
        ),
    ] = False

    def check(self, who: SignerFlags, certificate: str = "") -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: Two ways to name the issuers, intermediates without roots, or a key, which has no issuer.
        """
        if self.certificate_chain and (self.ca_roots or self.ca_intermediates):
            raise UsageError(
                "the issuers are named twice", "give --certificate-chain, or --ca-roots with --ca-intermediates"
            )
        if self.ca_intermediates and not self.ca_roots:
            raise UsageError("--ca-intermediates lead up to no root", "give --ca-roots too")
        if who.key and (certificate or self.certificate_chain or self.ca_roots or self.sct):
            raise UsageError("a key is given, which nobody certifies", "leave the flags about certificates out")

    def trust(self, who: SignerFlags) -> "TrustSource":
        """Return whom to believe: the trusted root, with the authorities of these flags in place of its own."""
        if not (self.certificate_chain or self.ca_roots or self.timestamp_certificate_chain):
            return who.trust
        return _OwnPki(self, who)

    def beside(self, certificate: str = "") -> "Beside | None":
        """Read what comes beside signatures, the certificate (PEM) too where it is a file of its own; None for nothing.

        Raises:
            FileError: One of the files cannot be read.
            MalformedError: It is not what it should be.
        """
        if not (certificate or self.sct or self.allow_certificate_chain or self.ca_roots):
            return None
        from cosignpy.core.ct.submission import parse_sct_answer
        from cosignpy.operations.beside import Beside

        return Beside(
            (parse_sct_answer(read_input(self.sct), what=f"SCT {self.sct}"),) if self.sct else (),
            _read_certificate(certificate) if certificate else None,
            self._chain_rule,
        )

    @property
    def _chain_rule(self) -> "ChainRule":
        """Roots without intermediates are for signatures that hold those themselves."""
        from cosignpy.core.bundle.versions import ChainRule

        if self.ca_roots and not self.ca_intermediates:
            return ChainRule.COMPLETE
        return ChainRule.ALLOW if self.allow_certificate_chain else ChainRule.REFUSE

    def authorities(self) -> "tuple[CertificateAuthority, ...]":
        """Read the authorities of certificates; none where the trusted root's count.

        Raises:
            FileError: A file cannot be read.
            MalformedError: There are no certificates in it.
        """
        from cosignpy.core.trust.building import build_authority
        from cosignpy.core.trust.own_pki import build_authorities
        from cosignpy.core.trust.validity import Validity

        if self.certificate_chain:
            chain = read_input(self.certificate_chain)
            return (build_authority(self.certificate_chain, chain, Validity(None), what="--certificate-chain"),)
        if not self.ca_roots:
            return ()
        below = read_input(self.ca_intermediates) if self.ca_intermediates else None
        return build_authorities(read_input(self.ca_roots), below, self.ca_roots)

    def timestamp_authorities(self) -> "tuple[CertificateAuthority, ...]":
        """Read the timestamp authority; none where the trusted root's count.

        Raises:
            FileError: The file cannot be read.
            MalformedError: There are no certificates in it.
        """
        from cosignpy.core.trust.building import build_authority
        from cosignpy.core.trust.validity import Validity

        path = self.timestamp_certificate_chain
        if not path:
            return ()
        return (build_authority(path, read_input(path), Validity(None), what="--timestamp-certificate-chain"),)


@value
class _OwnPki:
    """A trusted root in which some authorities are those of the flags."""

    flags: OwnPkiFlags
    who: SignerFlags

    def trusted_root(self) -> "TrustedRoot":
        """Put it together; where nothing else has to be believed nobody is asked for the rest.

        Raises:
            CosignError: A file or the trusted root cannot be had.
        """
        from cosignpy.core.trust.trusted_root import TrustedRoot
        from cosignpy.values import replace

        root = TrustedRoot() if self._stands_alone else self.who.trust.trusted_root()
        return replace(
            root,
            certificate_authorities=self.flags.authorities() or root.certificate_authorities,
            timestamp_authorities=self.flags.timestamp_authorities() or root.timestamp_authorities,
        )

    @property
    def _stands_alone(self) -> bool:
        """Whether neither a log nor an SCT is demanded, and the issuers are named."""
        named = bool(self.flags.certificate_chain or self.flags.ca_roots)
        waived = self.who.insecure_ignore_sct and isinstance(self.who.transparency, SkipLogUnsafe)
        return named and waived and not self.who.trusted_root


def _read_certificate(path: str) -> "CertificateMaterial":
    from cosignpy.core.bundle.model import CertificateMaterial
    from cosignpy.core.x509.chain import parse_chain_pem

    return CertificateMaterial(parse_chain_pem(read_input(path), most=1, what=f"certificate {path}"))
