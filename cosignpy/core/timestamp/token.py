"""Making a timestamp token (RFC 3161 section 2.4.2): signed data of one signer, in the form that released clients read.

What is the same in every token of a certificate is encoded once: an authority makes thousands of them a second.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, Self

from cosignpy.core.cms.signed_data import (
    CONTENT_TYPE,
    FIRST,
    MESSAGE_DIGEST,
    SIGNED_DATA,
    SIGNING_TIME,
    encode_attribute,
    encode_content_info,
)
from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.timestamp.imprint import HASH_OIDS
from cosignpy.core.timestamp.info import TST_INFO
from cosignpy.core.timestamp.signing_certificate import encode_signing_certificate
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import OBJECT_IDENTIFIER, OCTET_STRING, SET, encode_element, encode_sequence
from cosignpy.core.x509.der_values import encode_signed_integer
from cosignpy.core.x509.issuing import encode_algorithm, encode_time
from cosignpy.errors import KeyUnusable
from cosignpy.values import field, value

_V1: Final = encode_signed_integer(1)
_V3: Final = encode_signed_integer(3)
"""Of signed data whose content is not plain data, and of a signer that is named by issuer and serial number
(RFC 5652 sections 5.1 and 5.3)."""
_DIGEST_ALGORITHMS: Final[Mapping[str, bytes]] = {
    name: encode_sequence(encode_element(OBJECT_IDENTIFIER, oid)) for name, oid in HASH_OIDS.items()
}
"""RFC 5754 section 2: without parameters."""
_CONTENT_TYPE_ATTRIBUTE: Final = encode_attribute(CONTENT_TYPE, encode_element(OBJECT_IDENTIFIER, TST_INFO))
_MESSAGE_DIGEST_KIND: Final = encode_element(OBJECT_IDENTIFIER, MESSAGE_DIGEST)
_INFO_KIND: Final = encode_element(OBJECT_IDENTIFIER, TST_INFO)


@value
class TokenSigner:
    """What signs tokens: a key, and what tokens of its certificate have in common."""

    signer: Signer = field(repr=False)
    hash: str
    signing_certificate: bytes = field(repr=False)
    """The attribute that names the certificate."""
    name: bytes = field(repr=False)
    """Version and `sid` of the SignerInfo, and its digest algorithm."""
    algorithm: bytes = field(repr=False)
    certificates: bytes = field(repr=False)
    """The field with the certificates, for those who ask for them."""

    @classmethod
    def of(cls, signer: Signer, leaf: bytes, chain: Sequence[bytes] = ()) -> Self:
        """Prepare for a certificate in DER; `chain` is what comes along with it.

        Raises:
            KeyUnusable: The key is not ECDSA: sigstore-js knows no other signatures of tokens, and reads none by them.
            MalformedError: The certificate cannot be read.
        """
        algorithm = signer.public_key.algorithm
        if algorithm.scheme is not Scheme.ECDSA:
            raise KeyUnusable("key of the timestamp authority", f"it is {algorithm.key}; released clients want ECDSA")
        certificate = Certificate.parse(leaf, what="certificate of the timestamp authority")
        issuer, serial = certificate.issuer, certificate.serial_number
        sid = encode_sequence(issuer, encode_signed_integer(serial))
        return cls(
            signer,
            algorithm.hash,
            encode_signing_certificate(leaf, issuer, serial),
            _V1 + sid + _DIGEST_ALGORITHMS[algorithm.hash],
            encode_algorithm(algorithm),
            encode_element(FIRST, b"".join(sorted((leaf, *chain)))),
        )

    def sign(self, info: bytes, moment: datetime, *, with_certificates: bool) -> bytes:
        """Make a token of a statement; `moment` is when it is signed, which nobody relies on.

        Raises:
            CosignError: The signer cannot sign.
        """
        digest = encode_element(OCTET_STRING, hashlib.new(self.hash, info).digest())
        attributes = b"".join(
            sorted(
                (
                    _CONTENT_TYPE_ATTRIBUTE,
                    _signing_time(moment),
                    encode_sequence(_MESSAGE_DIGEST_KIND, encode_element(SET, digest)),
                    self.signing_certificate,
                )
            )
        )
        signature = self.signer.sign(encode_element(SET, attributes))
        signed = encode_sequence(
            self.name, encode_element(FIRST, attributes), self.algorithm, encode_element(OCTET_STRING, signature)
        )
        body = encode_sequence(
            _V3,
            encode_element(SET, _DIGEST_ALGORITHMS[self.hash]),
            encode_sequence(_INFO_KIND, encode_element(FIRST, encode_element(OCTET_STRING, info))),
            self.certificates if with_certificates else b"",
            encode_element(SET, signed),
        )
        return encode_content_info(SIGNED_DATA, body)


@lru_cache(maxsize=4)
def _signing_time(moment: datetime) -> bytes:
    """Encode once for all tokens of a second."""
    return encode_attribute(SIGNING_TIME, encode_time(moment))
