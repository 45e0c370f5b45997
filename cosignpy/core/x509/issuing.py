"""Certificates as an authority makes them (RFC 5280 section 4.1): the signed bytes first, then whatever signs them.

`cryptography` builds certificates only for keys that it holds itself, and signs in the same step. An authority's key
may lie in a key management service, and of a precertificate and its certificate the signed bytes are needed too.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cosignpy.core.keys.algorithms import (
    ECDSA_P256,
    ECDSA_P384,
    ECDSA_P521,
    ED25519,
    RSA_2048,
    RSA_3072,
    RSA_4096,
    Algorithm,
)
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.der import (
    GENERALIZED_TIME,
    OBJECT_IDENTIFIER,
    SET,
    UTC_TIME,
    UTF8_STRING,
    encode_bit_string,
    encode_element,
    encode_integer,
    encode_sequence,
)
from cosignpy.core.x509.tbs import EXTENSIONS, VERSION, NamedExtension
from cosignpy.errors import KeyUnusable, UsageError
from cosignpy.values import field, value

EMPTY_NAME: Final = encode_sequence()
"""The subject of a certificate whose names are all in an extension (RFC 5280 section 4.1.2.6)."""

MAX_NAME: Final = 64
"""Octets of a common name or an organisation. RFC 5280 appendix A.1 (`ub-common-name`) counts characters, and a reader
that many clients use counts octets."""
MAX_SERIAL: Final = (1 << 159) - 1
"""The largest number that takes 20 octets (RFC 5280 section 4.1.2.2)."""

_ATTRIBUTES: Final = 0xA0
_V3: Final = encode_element(VERSION, encode_integer(2))
_FIRST_YEAR: Final = 1950
_FIRST_LONG_YEAR: Final = 2050
"""RFC 5280 section 4.1.2.5: years have two digits from 1950 to 2049, and four after that."""

_COMMON_NAME: Final = bytes.fromhex("550403")
_ORGANIZATION: Final = bytes.fromhex("55040a")
"""RFC 5280 appendix A.1, id-at-commonName and id-at-organizationName."""

_NULL: Final = b"\x05\x00"
_SHA256_RSA: Final = (bytes.fromhex("2a864886f70d01010b"), _NULL)
_IDENTIFIERS: Final[Mapping[str, bytes]] = {
    algorithm.name: encode_sequence(encode_element(OBJECT_IDENTIFIER, oid), parameters)
    for algorithm, (oid, parameters) in {
        ECDSA_P256: (bytes.fromhex("2a8648ce3d040302"), b""),  # RFC 5758 section 3.2
        ECDSA_P384: (bytes.fromhex("2a8648ce3d040303"), b""),
        ECDSA_P521: (bytes.fromhex("2a8648ce3d040304"), b""),
        RSA_2048: _SHA256_RSA,  # RFC 4055 section 5
        RSA_3072: _SHA256_RSA,
        RSA_4096: _SHA256_RSA,
        ED25519: (bytes.fromhex("2b6570"), b""),  # RFC 8410 section 3
    }.items()
}
"""The AlgorithmIdentifier of what each algorithm signs; the others are not known to any client of certificates."""


@value
class CertificateTemplate:
    """All that a certificate says, before anybody signs it; names and key in DER, times in UTC and whole seconds."""

    serial: int
    issuer: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime
    subject: bytes = field(repr=False)
    spki: bytes = field(repr=False)
    extensions: tuple[NamedExtension, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Refuse what has no encoding.

        Raises:
            UsageError: The serial number or a time is out of range, or the end is before the beginning.
        """
        if not 0 < self.serial <= MAX_SERIAL:
            raise UsageError("a serial number is positive and takes 20 octets at the most")
        for moment in (self.not_before, self.not_after):
            if moment.utcoffset() != timedelta() or moment.microsecond or moment.year < _FIRST_YEAR:
                raise UsageError(f"{moment} is not a whole second in UTC since {_FIRST_YEAR}")
        if self.not_after < self.not_before:
            raise UsageError(f"a certificate that ends at {self.not_after} cannot begin at {self.not_before}")


def sign_certificate(template: CertificateTemplate, signer: Signer, *more: NamedExtension) -> bytes:
    """Make the certificate, in DER, with `more` extensions at its end.

    That the issuer's name is the signer's is the caller's business.

    Raises:
        KeyUnusable: The signer's kind of key signs no certificates.
        CosignError: The signer cannot sign.
    """
    return sign_tbs(encode_tbs(template, signer.public_key.algorithm, *more), signer)


def sign_tbs(tbs: bytes, signer: Signer) -> bytes:
    """Sign what is signed of a certificate, which `encode_tbs` made for the signer's algorithm, or of a request.

    Raises:
        KeyUnusable: The signer's kind of key signs no certificates.
        CosignError: The signer cannot sign.
    """
    algorithm = encode_algorithm(signer.public_key.algorithm)
    return encode_sequence(tbs, algorithm, encode_bit_string(signer.sign(tbs)))


def sign_request(subject: bytes, signer: Signer) -> bytes:
    """Ask for a certificate of the signer's key: a request in DER (PKCS#10, RFC 2986 section 4), without attributes.

    Raises:
        KeyUnusable: The signer's kind of key signs no requests either.
        CosignError: The signer cannot sign.
    """
    key = signer.public_key
    return sign_tbs(encode_sequence(encode_integer(0), subject, key.spki, encode_element(_ATTRIBUTES, b"")), signer)


def encode_tbs(template: CertificateTemplate, algorithm: Algorithm, *more: NamedExtension) -> bytes:
    """Encode the part of a certificate that is signed by an algorithm, which stands in it (RFC 5280 section 4.1.2.3).

    `more` extensions come behind those of the template.

    Raises:
        KeyUnusable: By this algorithm no certificates are signed.
    """
    extensions = b"".join([extension.raw for extension in (*template.extensions, *more)])
    return encode_sequence(
        _V3,
        encode_integer(template.serial),
        encode_algorithm(algorithm),
        template.issuer,
        encode_sequence(encode_time(template.not_before), encode_time(template.not_after)),
        template.subject,
        template.spki,
        encode_element(EXTENSIONS, encode_sequence(extensions)) if extensions else b"",
    )


def encode_algorithm(algorithm: Algorithm) -> bytes:
    """Encode the AlgorithmIdentifier of signatures by an algorithm.

    Raises:
        KeyUnusable: By this algorithm no certificates are signed.
    """
    found = _IDENTIFIERS.get(algorithm.name)
    if found is None:
        raise KeyUnusable(algorithm.name, "certificates are signed by ECDSA, RSA and Ed25519 keys only")
    return found


@lru_cache(maxsize=64)
def encode_time(moment: datetime) -> bytes:
    """Encode a time in UTC in the one form that its year allows (RFC 5280 section 4.1.2.5)."""
    if moment.year < _FIRST_LONG_YEAR:
        return encode_element(UTC_TIME, f"{moment:%y%m%d%H%M%SZ}".encode())
    return encode_element(GENERALIZED_TIME, f"{moment:%Y%m%d%H%M%SZ}".encode())


def encode_name(common_name: str, organization: str) -> bytes:
    """Encode an authority's name; released clients want both parts.

    Raises:
        UsageError: One of them is empty, too long, or has characters that are not to be shown.
    """
    parts = ((_ORGANIZATION, organization, "organisation"), (_COMMON_NAME, common_name, "common name"))
    return encode_sequence(*[encode_element(SET, _encode_attribute(*part)) for part in parts])


def _encode_attribute(oid: bytes, text: str, what: str) -> bytes:
    octets = text.encode()
    if not 1 <= len(octets) <= MAX_NAME:
        raise UsageError(f"the {what} has {len(octets)} octets", f"allowed are 1 to {MAX_NAME}")
    if not text.isprintable():
        raise UsageError(f"the {what} {text!r} has characters that cannot be shown")
    return encode_sequence(encode_element(OBJECT_IDENTIFIER, oid), encode_element(UTF8_STRING, octets))
