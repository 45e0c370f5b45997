"""What issuing needs of an authority: the certificate to issue under now, and all that clients have to trust."""

from datetime import datetime
from hashlib import sha256
from typing import Protocol, Self

from ca_server.authority.profile import Issuer, Period
from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import LABEL
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.values import field, value

Chain = tuple[bytes, ...]
"""Certificates in DER, each issued by the next; the last is the root."""


@value
class IssuingCertificate:
    """A key, its certificate and that certificate's issuers, and what every certificate under it takes from them.

    Attributes:
        signer: What signs.
        chain: The issuer of leaves first, the root last.
        subject: The issuer's name, as it stands in leaves: the octets of its own certificate.
        key_identifier: What the issuer's key is called in leaves.
        key_hash: SHA-256 of the issuer's public key, which certificate transparency binds precertificates to.
        not_before: When the first certificate of the chain becomes valid that becomes so last.
        not_after: When the first one of the chain expires: no leaf may be valid for longer.
        pems: The chain, each certificate as answers have it.
    """

    signer: Signer = field(repr=False)
    chain: Chain = field(repr=False)
    subject: bytes
    key_identifier: bytes
    key_hash: bytes
    not_before: datetime
    not_after: datetime
    pems: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, signer: Signer, chain: Chain) -> Self:
        """Look everything up once. That the chain is one, and the key its first certificate's, was shown before.

        Raises:
            MalformedError: A certificate cannot be read.
        """
        period = period_of(chain)
        issuer = Issuer.of(chain[0])
        return cls(
            signer,
            chain,
            issuer.name,
            issuer.key_identifier,
            sha256(TbsCertificate.parse(chain[0]).spki).digest(),
            period.begin,
            period.end,
            encode_chain(chain),
        )


@value
class CertifiedKey:
    """A key, and the chain of its certificate: what stamps."""

    signer: Signer = field(repr=False)
    chain: Chain = field(repr=False)


class Authority(Protocol):
    """Who issues certificates: the ports that issuing and the trust bundle have."""

    def current(self) -> IssuingCertificate:
        """Return what certificates are issued under now."""
        ...

    def trusted_chains(self) -> tuple[Chain, ...]:
        """Return the chains of all certificates that clients must be able to verify now, the current one first."""
        ...


class TimestampAuthority(Protocol):
    """Who stamps: the same ports, for a key that issues nothing."""

    def current(self) -> CertifiedKey:
        """Return what timestamps are signed with now."""
        ...

    def trusted_chains(self) -> tuple[Chain, ...]:
        """Return the chains of all timestamps that clients must be able to verify now, the current one first."""
        ...


def period_of(chain: Chain) -> Period:
    """Return when all of a chain is valid.

    Raises:
        MalformedError: A certificate cannot be read.
    """
    parsed = [Certificate.parse(certificate) for certificate in chain]
    return Period(
        max(certificate.not_before for certificate in parsed),
        min(certificate.not_after for certificate in parsed),
    )


def encode_chain(chain: Chain) -> tuple[str, ...]:
    """Encode certificates in PEM."""
    return tuple(PemBlock(LABEL, certificate).encode().decode() for certificate in chain)
