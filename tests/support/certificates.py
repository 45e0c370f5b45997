"""A small authority for tests: certificates, precertificates and chains, each different from a good one at will."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    ExtensionType,
    Name,
    NameAttribute,
    ObjectIdentifier,
    PrecertPoison,
    RFC822Name,
    SubjectAlternativeName,
    UnrecognizedExtension,
)
from cryptography.x509.oid import NameOID

from cosignpy.core.ct.sct import Sct, encode_sct_list
from cosignpy.core.encoding import PemBlock
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import LABEL
from cosignpy.core.x509.der import OCTET_STRING, encode_element
from cosignpy.core.x509.names import COMMON_NAME, find_attribute
from cosignpy.values import field, value

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
LIFETIME: Final = timedelta(minutes=10)
MIDDLE: Final = START + LIFETIME / 2

SCT_LIST: Final = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")

Extensions = Sequence[tuple[ExtensionType, bool]]

CA: Final[Extensions] = ((BasicConstraints(ca=True, path_length=None), True),)
NAMED: Final[Extensions] = ((SubjectAlternativeName([RFC822Name("someone@example.com")]), True),)
POISONED: Final[Extensions] = (*NAMED, (PrecertPoison(), True))


@cache
def key(_name: str, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """Return the key of that name, the same in a whole run."""
    return ec.generate_private_key(curve())


def named(name: str) -> Name:
    """Return a distinguished name; an empty one for leaves."""
    return Name([NameAttribute(NameOID.COMMON_NAME, name)] if name else [])


@value
class Authority:
    """A certificate and the key it is for."""

    certificate: Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def root(
        cls, name: str = "root", extensions: Extensions = CA, *, curve: type[ec.EllipticCurve] = ec.SECP256R1
    ) -> Self:
        """Make an authority that issued itself."""
        own = key(name, curve)
        return cls(_issue(name, own, name, own, extensions), own)

    def authority(self, name: str = "intermediate", extensions: Extensions = CA) -> "Authority":
        """Issue an authority's certificate."""
        return Authority(self.certificate_of(name, extensions), key(name))

    def certificate_of(self, name: str, extensions: Extensions) -> Certificate:
        """Issue a certificate."""
        return self.certificate_for(name, key(name or "leaf"), extensions)

    def certificate_for(
        self, name: str, subject_key: ec.EllipticCurvePrivateKey | RSAPrivateKey, extensions: Extensions
    ) -> Certificate:
        """Issue a certificate for a given key."""
        issuer = find_attribute(self.certificate.subject, COMMON_NAME, what="test")
        return _issue(name, subject_key, issuer, self.key, extensions)

    def leaf(self, extensions: Extensions = NAMED) -> bytes:
        """Issue a leaf."""
        return self.certificate_of("", extensions).der

    def leaf_with(self, scts: Sequence[Sct], extensions: Extensions = NAMED) -> bytes:
        """Issue a leaf with embedded SCTs."""
        content = encode_element(OCTET_STRING, encode_sct_list(scts))
        return self.leaf((*extensions, (UnrecognizedExtension(SCT_LIST, content), False)))

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.der

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return PemBlock(LABEL, self.der).encode()


def _issue(
    name: str,
    subject_key: ec.EllipticCurvePrivateKey | RSAPrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    extensions: Extensions,
) -> Certificate:
    builder = CertificateBuilder(named(issuer), named(name), subject_key.public_key(), 1000, START, START + LIFETIME)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return sign(builder, issuer_key)


def sign(builder: CertificateBuilder, issuer_key: ec.EllipticCurvePrivateKey) -> Certificate:
    """Sign what a builder has, with the hash function of the curve."""
    signed = builder.sign(issuer_key, SHA384() if issuer_key.curve.name == "secp384r1" else SHA256())
    return Certificate.parse(signed.public_bytes(Encoding.DER))
