"""Entries of a trusted root from what an operator has: a key or a chain in PEM, and where the service is."""

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.key_id import log_key_id, spki_key_id
from cosignpy.core.trust.trusted_root import (
    MAX_CHAIN,
    SHA2_256,
    CertificateAuthority,
    TransparencyLog,
)
from cosignpy.core.trust.validity import Validity
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.core.x509.names import COMMON_NAME, ORGANIZATION, find_attribute
from cosignpy.values import replace


def build_log(url: str, key: PublicKey, validity: Validity, origin: str = "") -> TransparencyLog:
    """Build the entry of a log; with an origin its id is that of Rekor v2, else that of Rekor v1 and RFC 6962.

    Raises:
        KeyUnusable: An origin, and a kind of key that signs no checkpoints.
    """
    return TransparencyLog(
        base_url=url,
        hash_algorithm=SHA2_256,
        key=key,
        raw_key=key.spki,
        key_details=key.algorithm.name,
        log_id=log_key_id(origin, key) if origin else spki_key_id(key),
        validity=validity,
    )


def build_authority(url: str, chain_pem: bytes, validity: Validity, *, what: str = "chain") -> CertificateAuthority:
    """Build the entry of an authority, named as its root is; without a start it begins when all of its chain had.

    Raises:
        MalformedError: Not a chain in PEM, or a certificate that cannot be read.
        LimitExceeded: More certificates than a chain has.
    """
    ders = parse_chain_pem(chain_pem, most=MAX_CHAIN, what=what)
    chain = tuple([Certificate.parse(der, what=what) for der in ders])
    if validity.start is None:
        validity = replace(validity, start=max(each.not_before for each in chain))
    return CertificateAuthority(
        uri=url,
        organization=find_attribute(chain[-1].subject, ORGANIZATION, what=what),
        common_name=find_attribute(chain[-1].subject, COMMON_NAME, what=what),
        chain=chain,
        validity=validity,
    )
