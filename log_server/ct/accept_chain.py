"""Whether a submitted chain is logged, and as what (RFC 6962 sections 3.1 and 4.1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.core.ct.entry import MAX_CERTIFICATE, EntryType, SignedEntry
from cosignpy.core.ct.precertificate import (
    build_certificate_entry,
    build_precertificate_entry,
    is_precertificate,
)
from cosignpy.core.encoding import JsonObject, decode_b64
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by
from cosignpy.core.x509.extensions import (
    CODE_SIGNING,
    TIME_STAMPING,
    read_purposes,
)
from cosignpy.errors import CertificateError, LimitExceeded, MalformedError, UsageError
from cosignpy.values import field, value
from log_server.ct.entries import encode_content
from log_server.ct.issuer_paths import IssuerPath, IssuerPaths
from log_server.tlog.values import Draft, index_key

MAX_CHAIN: Final = 10
"""Certificates of a submitted chain: Fulcio sends three, the Web PKI rarely four."""
MAX_CHAIN_BODY: Final = 512 << 10
"""Octets of a submission; TesseraCT takes as many."""

SUBMITTED: Final = "certificate 1 of the chain"


class Expired(StrEnum):
    """What becomes of a certificate whose time is over, or has not come."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Purpose(StrEnum):
    """Extended key usages, by the names that other logs give them in their settings."""

    CODE_SIGNING = "CodeSigning"
    SERVER_AUTH = "ServerAuth"
    CLIENT_AUTH = "ClientAuth"
    EMAIL_PROTECTION = "EmailProtection"
    TIME_STAMPING = "TimeStamping"
    OCSP_SIGNING = "OCSPSigning"


PURPOSES: Final[Mapping[Purpose, bytes]] = MappingProxyType(
    {
        Purpose.CODE_SIGNING: CODE_SIGNING,
        Purpose.SERVER_AUTH: bytes.fromhex("2b06010505070301"),
        Purpose.CLIENT_AUTH: bytes.fromhex("2b06010505070302"),
        Purpose.EMAIL_PROTECTION: bytes.fromhex("2b06010505070304"),
        Purpose.TIME_STAMPING: TIME_STAMPING,
        Purpose.OCSP_SIGNING: bytes.fromhex("2b06010505070309"),
    }
)


@value
class ChainRule:
    """What a log demands of certificates besides a path to its roots: nothing, unless it is configured."""

    expired: Expired = Expired.ACCEPTED
    purposes: tuple[Purpose, ...] = ()
    """A certificate needs one of these extended key usages; without any, it needs none."""


@value
class AcceptedChain:
    """A chain that is to be logged: what is certified, the certificate as submitted, the path above it."""

    entry: SignedEntry
    submitted: bytes = field(repr=False)
    certificate: Certificate = field(repr=False, compare=False)
    path: IssuerPath = field(repr=False)

    @property
    def content(self) -> bytes:
        """What the engine logs of it: all but its place."""
        precertificate = self.submitted if self.entry.kind is EntryType.PRECERTIFICATE else b""
        return encode_content(self.entry, precertificate, self.path.fingerprints)

    def draft(self, keys: tuple[bytes, ...] = ()) -> Draft:
        """Hand it to the engine; the same certificate under another path is the same entry."""
        return Draft(self.content, index_key("certificate", self.entry.identity), keys, self.path.objects)


def select_purposes(names: Sequence[str]) -> tuple[Purpose, ...]:
    """Return the extended key usages that settings name.

    Raises:
        UsageError: An unknown name; the hint lists the known.
    """
    for name in names:
        if name not in set(Purpose):
            raise UsageError(f"unknown extended key usage {name!r}", hint=f"known are {', '.join(Purpose)}")
    return tuple([Purpose(name) for name in names])


def parse_chain(body: bytes) -> tuple[bytes, ...]:
    """Parse the body of add-chain and add-pre-chain (RFC 6962 section 4.1).

    Raises:
        MalformedError: Not an object with a list of certificates in base64.
        LimitExceeded: More than `MAX_CHAIN` certificates, or one larger than `MAX_CERTIFICATE`.
    """
    texts = JsonObject.parse(body, what="chain").texts("chain", most=MAX_CHAIN)
    return tuple([decode_b64(text, what=f"certificate {place} of the chain") for place, text in enumerate(texts, 1)])


def accept_chain(
    chain: Sequence[bytes], kind: EntryType, paths: IssuerPaths, rule: ChainRule, moment: datetime
) -> AcceptedChain:
    """Show that a chain may be logged as a certificate or precertificate: each link holds, up to an accepted root.

    The certificates above the submitted one may have expired: a log records, and its roots say whom it trusts.

    Raises:
        MalformedError: Something that is not a certificate, or of the other kind than it was submitted as.
        LimitExceeded: More certificates, or larger ones, than are accepted.
        CertificateError: A link that does not hold, no accepted root, or against the rule.
    """
    _refuse_size(chain)
    submitted = chain[0]
    certificate = Certificate.parse(submitted, what=SUBMITTED)
    path = paths.find(certificate, chain[1:])
    verify_issued_by(certificate, path.issuer, what=SUBMITTED)
    _apply_rule(certificate, rule, moment)
    return AcceptedChain(_build_entry(certificate, kind, path), submitted, certificate, path)


def _refuse_size(chain: Sequence[bytes]) -> None:
    if not chain:
        raise MalformedError("chain", "it has no certificate")
    if len(chain) > MAX_CHAIN:
        raise LimitExceeded("chain", f"{len(chain)} certificates, at most {MAX_CHAIN} are accepted")
    for place, der in enumerate(chain, start=1):
        if len(der) > MAX_CERTIFICATE:
            raise LimitExceeded(
                f"certificate {place} of the chain", f"{len(der)} bytes, at most {MAX_CERTIFICATE} are accepted"
            )


def _build_entry(submitted: Certificate, kind: EntryType, path: IssuerPath) -> SignedEntry:
    tbs = submitted.tbs
    if is_precertificate(tbs, what=SUBMITTED):
        if kind is not EntryType.PRECERTIFICATE:
            raise MalformedError(SUBMITTED, "it is a precertificate (it has the poison); submit it to add-pre-chain")
        return build_precertificate_entry(tbs, path.key_hash)
    if kind is not EntryType.X509:
        raise MalformedError(SUBMITTED, "it is not a precertificate (it has no poison); submit it to add-chain")
    return build_certificate_entry(submitted.der)


def _apply_rule(certificate: Certificate, rule: ChainRule, moment: datetime) -> None:
    if rule.expired is Expired.REFUSED:
        first, last = certificate.not_before, certificate.not_after
        if not first <= moment <= last:
            raise CertificateError(SUBMITTED, f"valid from {first.isoformat()} to {last.isoformat()}, which is not now")
    if rule.purposes:
        found = read_purposes(certificate, what=SUBMITTED) or ()
        if not any(PURPOSES[purpose] in found for purpose in rule.purposes):
            raise CertificateError(SUBMITTED, f"its extended key usage is none of: {', '.join(rule.purposes)}")
