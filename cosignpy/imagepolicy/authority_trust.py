"""Whom an authority believes: the TrustRoots that it names, and who is believed otherwise for the rest."""

from collections.abc import Callable, Sequence

from cosignpy.core.policy.transparency import SkipLogUnsafe
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog, TrustedRoot
from cosignpy.imagepolicy.completeness import Trusting
from cosignpy.imagepolicy.model import Authority, Keyless, SignatureFormat
from cosignpy.imagepolicy.requirements import log_of_certificates
from cosignpy.values import value


def select_trusted_root(authority: Authority, otherwise: Callable[[], TrustedRoot]) -> TrustedRoot:
    """Return whom an authority believes; `otherwise` is asked for what it leaves open.

    Raises:
        CosignError: What is asked cannot be had.
    """
    chosen = _Chosen(authority, otherwise)
    if not any(named is not None for named in (chosen.issuers, chosen.logs, chosen.stamps)):
        return otherwise()
    return TrustedRoot(
        logs=tuple(chosen.select_logs()),
        certificate_authorities=tuple(chosen.select_issuers()),
        ct_logs=tuple(chosen.select_ct_logs()),
        timestamp_authorities=tuple(chosen.select_stamps()),
    )


@value
class _Chosen:
    """One authority, and who is asked for the rest."""

    authority: Authority
    otherwise: Callable[[], TrustedRoot]

    @property
    def issuers(self) -> TrustedRoot | None:
        signer = self.authority.signer
        return _content(signer) if isinstance(signer, Keyless) else None

    @property
    def logs(self) -> TrustedRoot | None:
        return _content(self.authority.ctlog)

    @property
    def stamps(self) -> TrustedRoot | None:
        return _content(self.authority.rfc3161timestamp)

    def select_issuers(self) -> Sequence[CertificateAuthority]:
        if not isinstance(self.authority.signer, Keyless):
            return ()
        return (self.issuers or self.otherwise()).certificate_authorities

    def select_ct_logs(self) -> Sequence[TransparencyLog]:
        if not isinstance(self.authority.signer, Keyless):
            return ()
        return (self.issuers or self.otherwise()).ct_logs

    def select_logs(self) -> Sequence[TransparencyLog]:
        """Return the logs: those of `ctlog`, for bundles those beside the issuers, none where none is asked for."""
        if self.logs is not None:
            return self.logs.logs
        if self.issuers is not None and self.authority.signature_format is SignatureFormat.BUNDLE:
            return self.issuers.logs
        keyless = isinstance(self.authority.signer, Keyless)
        waived = keyless and isinstance(log_of_certificates(self.authority), SkipLogUnsafe)
        return () if waived or (not keyless and self.authority.ctlog is None) else self.otherwise().logs

    def select_stamps(self) -> Sequence[CertificateAuthority]:
        """Return the timestamp authorities; where none is asked for, those beside the issuers may still say a time."""
        if self.stamps is not None:
            return self.stamps.timestamp_authorities
        if self.authority.rfc3161timestamp is not None:
            return self.otherwise().timestamp_authorities
        return () if self.issuers is None else self.issuers.timestamp_authorities


def _content(part: Trusting | None) -> TrustedRoot | None:
    if part is None or part.trust_root is None or not isinstance(part.trust_root.content, TrustedRoot):
        return None
    return part.trust_root.content
