"""The two spellings of a certificate that a key on a curve signed.

Whoever has such a certificate can turn the second number of its signature around, and has another file with another
digest that verifies as well: (r, s) and (r, n - s) are both signatures (SEC 1 section 4.1.4). What knows a certificate
by its digest has to look for both.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import read_key
from cosignpy.core.x509.der import SEQUENCE, encode_bit_string, encode_sequence, read_children, read_whole


def spell_path(path: Sequence[Certificate]) -> Iterator[bytes]:
    """Return certificates, each issued by the next, in every spelling: in DER, the last one as it is."""
    for below, issuer in pairwise(path):
        yield from spell_certificate(below, issuer)
    yield path[-1].der


def spell_certificate(certificate: Certificate, issuer: Certificate) -> tuple[bytes, ...]:
    """Return a certificate that this issuer signed, in DER, and its other spelling where it has one."""
    der, key = certificate.der, read_key(issuer).handle
    if not isinstance(key, EllipticCurvePublicKey):
        return (der,)
    r, s = decode_dss_signature(certificate.signature)
    other = encode_bit_string(encode_dss_signature(r, key.curve.group_order - s))
    signed, algorithm, _ = read_children(der, read_whole(der, SEQUENCE, what="certificate"), what="certificate")
    return der, encode_sequence(der[signed.start : signed.end], der[algorithm.start : algorithm.end], other)
