"""What issuing needs of an authority: the certificate to issue under now, and all that clients have to trust."""

from datetime import datetime
from hashlib import sha256
from typing import Protocol, Self

from cryptography.x509 import SubjectKeyIdentifier

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.chain import find_extension, parse_certificate
from cosignpy.core.x509.extensions import identify_key
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
        own = TbsCertificate.parse(chain[0])
        parsed = [parse_certificate(certificate) for certificate in chain]
        named = find_extension(parsed[0], SubjectKeyIdentifier)
        return cls(
            signer,
            chain,
            own.subject,
            named.digest if named is not None else identify_key(own.spki),
            sha256(own.spki).digest(),
            max(certificate.not_valid_before_utc for certificate in parsed),
            min(certificate.not_valid_after_utc for certificate in parsed),
            encode_chain(chain),
        )


class Authority(Protocol):
    """Who issues certificates: the ports that issuing and the trust bundle have."""

    def current(self) -> IssuingCertificate:
        """Return what certificates are issued under now."""
        ...

    def trusted_chains(self) -> tuple[Chain, ...]:
        """Return the chains of all certificates that clients must be able to verify now, the current one first."""
        ...


def encode_chain(chain: Chain) -> tuple[str, ...]:
    """Encode certificates in PEM."""
    return tuple(PemBlock("CERTIFICATE", certificate).encode().decode() for certificate in chain)
