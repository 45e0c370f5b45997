"""The flow of issuing, from a token to a certificate (Fulcio `docs/how-certificate-issuing-works.md`)."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Self

from ca_server.authority.protocol import Authority, Chain, IssuingCertificate
from ca_server.config import CertificateSettings, Embedding
from ca_server.identity.claims import TokenRefused
from ca_server.identity.identify import Identified
from ca_server.identity.issuer import Issuer
from ca_server.identity.principal import Principal
from ca_server.issuance.audit import AuditRecord, Outcome
from ca_server.issuance.certificate import (
    SERIAL_SIZE,
    Lifetime,
    build_serial,
    build_template,
    build_validity,
)
from ca_server.issuance.errors import AuthorityFailed
from ca_server.issuance.proof_of_possession import prove_possession
from ca_server.issuance.public_keys import AllowedKeys
from ca_server.issuance.publication import PUBLICATIONS, Published, Submit, blaming_authority
from ca_server.issuance.refusals import refusal_of
from ca_server.issuance.request import SigningRequest
from ca_server.issuance.self_check import Wanted
from cosignpy.core.ct.sct import Sct
from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.issuing import CertificateTemplate
from cosignpy.errors import CosignError, MalformedError
from cosignpy.values import record, value


@value
class Profile:
    """What an operator decides about certificates."""

    lifetime: Lifetime
    allowed: AllowedKeys
    embedding: Embedding

    @classmethod
    def of(cls, certificates: CertificateSettings, embedding: Embedding) -> Self:
        """Build it from settings, which were checked when they were read."""
        lifetime = Lifetime(timedelta(seconds=certificates.validity), timedelta(seconds=certificates.backdate))
        return cls(lifetime, AllowedKeys.select(certificates.algorithms), embedding)


@value
class Ports:
    """What issuing needs of the rest of the server, and of the world.

    Attributes:
        identify: Verifies a token, and says whose issuer it is of and whom it names; raises TokenRefused.
        admit: Counts a certificate for an identity; raises TooMany.
        authorities: By name; the one for all issuers that have none of their own has the empty one.
        submit: Gets a log's promise; see `CtSubmissions.submit`.
        audit: Keeps on record what became of a request.
    """

    identify: Callable[[str], Awaitable[Identified]]
    admit: Callable[[Principal], None]
    authorities: Mapping[str, Authority]
    submit: Submit
    audit: Callable[[AuditRecord], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    random: Callable[[int], bytes] = os.urandom


@value
class IssuedCertificate:
    """A certificate, the chain it is under, and a log's promise, which is in the certificate if it is embedded."""

    published: Published
    issuing: IssuingCertificate
    principal: Principal
    serial: int
    embedding: Embedding

    @property
    def leaf(self) -> bytes:
        """The certificate in DER."""
        return self.published.leaf

    @property
    def sct(self) -> Sct | None:
        """The promise of the log."""
        return self.published.sct

    @property
    def chain(self) -> Chain:
        """The certificates above it in DER, up to the root."""
        return self.issuing.chain

    @property
    def pems(self) -> tuple[str, ...]:
        """It and those above it in PEM, as answers have them."""
        return PemBlock("CERTIFICATE", self.leaf).encode().decode(), *self.issuing.pems


@record
class _Attempt:
    """What is known of a request so far, for its line in the audit log."""

    principal: Principal | None = None
    key: PublicKey | None = None
    template: CertificateTemplate | None = None

    def end(self, outcome: Outcome, sct: Sct | None = None, error: BaseException | None = None) -> AuditRecord:
        """Say how it ended."""
        principal, template = self.principal, self.template
        return AuditRecord(
            outcome,
            issuer=principal.issuer if principal else "",
            subject=principal.subject if principal else "",
            name=f"{principal.name.kind}:{principal.name.text}" if principal else "",
            key=self.key.algorithm.key if self.key else "",
            serial=template.serial if template else None,
            not_after=template.not_after if template else None,
            log_id=sct.log_id if sct else b"",
            sct_ms=sct.timestamp_ms if sct else None,
            status=refusal_of(error).status if error else HTTPStatus.OK,
            refusal=type(error).__name__ if error else "",
            reason=_reason(error),
        )


def _reason(error: BaseException | None) -> str:
    """Say why; the words of errors that are not ours may hold anything, a token too."""
    return str(error) if isinstance(error, CosignError) else ""


class CertificateIssuer:
    """Issues certificates; what it holds does not change, so that requests need not wait for each other."""

    def __init__(self, profile: Profile, ports: Ports) -> None:
        self._profile = profile
        self._ports = ports

    async def issue(self, request: SigningRequest, token: str) -> IssuedCertificate:
        """Issue a certificate to whoever a token names, and keep on record what became of that.

        Raises:
            TokenRefused: The token is not believed, or names nobody who can be in a certificate.
            IssuanceRefused: Something else is wrong; `refusal_of` says what to answer.
        """
        attempt = _Attempt()
        try:
            issued = await self._issue(request, token, attempt)
        except (Exception, asyncio.CancelledError) as error:
            self._ports.audit(attempt.end(Outcome.REFUSED, error=error))
            raise
        self._ports.audit(attempt.end(Outcome.ISSUED, issued.sct))
        return issued

    def refuse(self, error: Exception, status: HTTPStatus) -> None:
        """Keep on record that a request could not be read, and what it is answered."""
        self._ports.audit(
            AuditRecord(Outcome.REFUSED, status=status, refusal=type(error).__name__, reason=_reason(error))
        )

    async def _issue(self, request: SigningRequest, token: str, attempt: _Attempt) -> IssuedCertificate:
        identified = await self._ports.identify(token)
        principal = attempt.principal = identified.principal
        self._ports.admit(principal)
        issuing = self._select_issuing(identified.issuer)
        key = attempt.key = prove_possession(request, principal.challenge, self._profile.allowed)
        template = attempt.template = self._build_template(principal, key, issuing)
        publish = PUBLICATIONS[self._profile.embedding]  # precertificate, log, SCT, certificate, self-check
        published = await publish(Wanted(principal, template, issuing), self._ports.submit)
        return IssuedCertificate(published, issuing, principal, template.serial, self._profile.embedding)

    def _select_issuing(self, issuer: Issuer) -> IssuingCertificate:
        authority = self._ports.authorities.get(issuer.authority)
        if authority is None:
            raise AuthorityFailed(f"{issuer.url} is to have the authority {issuer.authority!r}, which there is not")
        with blaming_authority():
            return authority.current()

    def _build_template(self, principal: Principal, key: PublicKey, issuing: IssuingCertificate) -> CertificateTemplate:
        validity = build_validity(self._profile.lifetime, issuing, self._ports.now())
        serial = build_serial(self._ports.random(SERIAL_SIZE))
        try:
            return build_template(principal, key, issuing, validity, serial)
        except MalformedError as error:
            raise TokenRefused(f"a {error.what} that cannot be in a certificate: {error.why}") from error
