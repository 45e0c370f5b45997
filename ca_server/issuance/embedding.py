"""How a promise of a log gets into a certificate (RFC 6962 sections 3.1 to 3.3).

The authority signs twice: a precertificate, in which a poison keeps clients away, and the certificate, where the
list of promises stands in its place. All other bytes are the same, and they are what the log signs.
"""

from collections.abc import Sequence
from typing import Final

from ca_server.authority.protocol import IssuingCertificate
from cosignpy.core.ct.entry import EntryType, SignedEntry
from cosignpy.core.ct.precertificate import poison, sct_list
from cosignpy.core.ct.sct import Sct
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.issuing import CertificateTemplate, encode_tbs, sign_certificate

_POISON: Final = poison()


def issue_precertificate(template: CertificateTemplate, signer: Signer) -> bytes:
    """Sign a precertificate, with the key of certificates: its issuer is theirs.

    Raises:
        CosignError: The signer cannot sign.
    """
    return sign_certificate(template, signer, _POISON)


def build_logged_entry(template: CertificateTemplate, issuing: IssuingCertificate) -> SignedEntry:
    """Build what a log certifies of a precertificate: what is signed without the poison, bound to the issuer's key.

    Raises:
        KeyUnusable: The signer's kind of key signs no certificates.
    """
    tbs = encode_tbs(template, issuing.signer.public_key.algorithm)
    return SignedEntry(EntryType.PRECERTIFICATE, issuing.key_hash, tbs)


def issue_with_scts(template: CertificateTemplate, scts: Sequence[Sct], signer: Signer) -> bytes:
    """Sign the certificate that these SCTs are about.

    Raises:
        CosignError: The signer cannot sign.
    """
    return sign_certificate(template, signer, sct_list(scts))
