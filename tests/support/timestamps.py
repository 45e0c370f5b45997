"""Timestamp tokens, good ones and ones that differ in one thing, by an authority of the tests."""

import hashlib
from datetime import timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.x509 import BasicConstraints, ExtendedKeyUsage, KeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.cms.signed_data import CONTENT_TYPE, MESSAGE_DIGEST, encode_attribute
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.timestamp.imprint import HASH_OIDS, MessageImprint
from cosignpy.core.timestamp.info import TST_INFO, TimestampInfo
from cosignpy.core.timestamp.signing_certificate import encode_signing_certificate
from cosignpy.core.timestamp.token import TokenSigner
from cosignpy.core.timestamp.verify import TimestampChain
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import OBJECT_IDENTIFIER, encode_element
from cosignpy.core.x509.der_values import encode_signed_integer
from cosignpy.values import replace
from tests.support.certificates import MIDDLE, Authority, Extensions, key
from tests.support.cms import of_set, oid_element, sequence

MESSAGE: Final = b"a signature\n"
POLICY: Final = "1.3.6.1.4.1.57264.2"
NAMES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage(*allowed: str) -> KeyUsage:
    """Return a key usage."""
    return KeyUsage(**{name: name in allowed for name in NAMES})


STAMPING: Final[Extensions] = (
    (usage("digital_signature"), True),
    (ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
)
CONSTRAINED: Final[Extensions] = (
    (BasicConstraints(ca=True, path_length=0), True),
    (ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), False),
)

ROOT: Final = Authority.root("timestamp root")
INTERMEDIATE: Final = ROOT.authority("timestamp intermediate", CONSTRAINED)


def leaf(extensions: Extensions = STAMPING, *, issuer: Authority = INTERMEDIATE) -> Certificate:
    """Issue a timestamp authority's certificate; its key is that of the name "stamps"."""
    return issuer.certificate_of("stamps", extensions)


LEAF: Final = leaf()
CHAIN: Final = (LEAF.der, INTERMEDIATE.der, ROOT.der)
TRUSTED: Final = TimestampChain.parse(CHAIN)
"""With the leaf; without it clients depend on what comes along."""
ISSUERS: Final = TimestampChain.parse(CHAIN[1:])
SIGNER: Final = PrivateKey.from_handle(key("stamps"))

INFO: Final = TimestampInfo(
    POLICY,
    MessageImprint.of(MESSAGE),
    0x1234,
    MIDDLE,
    timedelta(seconds=1),
    nonce=0xCAFE,
    authority=encode_element(0xA4, LEAF.subject),
)

ECDSA_SHA256: Final = "1.2.840.10045.4.3.2"
_HASHES: Final = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}


def info(**changes: Any) -> TimestampInfo:
    """Return a statement that differs from a good one."""
    return replace(INFO, **changes)


def good_token(statement: TimestampInfo = INFO, certificate: Certificate = LEAF) -> bytes:
    """Return a token as the authority makes it."""
    signer = TokenSigner.of(SIGNER, certificate.der)
    return signer.sign(statement.encode(), statement.moment, with_certificates=True)


def attribute_of(certificate: Certificate = LEAF) -> bytes:
    """Return the attribute that names a certificate."""
    return encode_signing_certificate(certificate.der, certificate.issuer, certificate.serial_number)


def attributes(content: bytes, hash_name: str = "sha256", **changed: bytes) -> bytes:
    """Return signed attributes, in order; those that are changed to nothing are left out."""
    digest = encode_element(4, hashlib.new(hash_name, content).digest())
    parts = {
        "type": encode_attribute(CONTENT_TYPE, encode_element(OBJECT_IDENTIFIER, TST_INFO)),
        "digest": encode_attribute(MESSAGE_DIGEST, digest),
        "certificate": attribute_of(),
    }
    return b"".join(sorted((parts | changed).values()))


def sign_bytes(content: bytes, hash_name: str, signing_key: Any) -> bytes:
    """Sign as CMS wants it."""
    if isinstance(signing_key, EllipticCurvePrivateKey):
        return signing_key.sign(content, ECDSA(_HASHES[hash_name]))
    assert isinstance(signing_key, rsa.RSAPrivateKey)
    return signing_key.sign(content, padding.PKCS1v15(), _HASHES[hash_name])


def signer_info(content: bytes, /, **parts: Any) -> bytes:
    """Return a SignerInfo; `parts` stand in for its fields, and it is signed over what they are."""
    hash_name = parts.get("hash_name", "sha256")
    certificate: Certificate = parts.get("certificate", LEAF)
    signed = parts.get("attributes", attributes(content, hash_name))
    signature = sign_bytes(of_set(signed) if signed else content, hash_name, parts.get("key", key("stamps")))
    sid = sequence(certificate.issuer, encode_signed_integer(certificate.serial_number))
    return sequence(
        parts.get("version", b"\x02\x01\x01"),
        parts.get("sid", sid),
        parts.get("digest", sequence(encode_element(6, HASH_OIDS[hash_name]))),
        encode_element(0xA0, signed) if signed else b"",
        sequence(oid_element(parts.get("algorithm", ECDSA_SHA256))),
        encode_element(4, parts.get("signature", signature)),
    )


def token(statement: TimestampInfo = INFO, /, **parts: Any) -> bytes:
    """Return a token; `parts` stand in for its fields and those of its signer."""
    content = statement.encode()
    kind = encode_element(OBJECT_IDENTIFIER, parts.get("content_type", TST_INFO))
    body = sequence(
        parts.get("data_version", b"\x02\x01\x03"),
        of_set(sequence(encode_element(6, HASH_OIDS["sha256"]))),
        sequence(kind, parts.get("content", encode_element(0xA0, encode_element(4, content)))),
        encode_element(0xA0, b"".join(parts.get("certificates", (LEAF.der,)))),
        of_set(*parts.get("signers", (signer_info(content, **parts),))),
    )
    return sequence(bytes.fromhex("06092a864886f70d010702"), encode_element(0xA0, body))


def chain_of(certificate: Certificate, *issuers: Authority) -> TimestampChain:
    """Return a chain that is trusted, with that leaf."""
    above = issuers or (INTERMEDIATE, ROOT)
    return TimestampChain.parse([certificate.der, *(one.der for one in above)])


def rsa_authority() -> tuple[rsa.RSAPrivateKey, Certificate]:
    """Return a key that stamps with RSA, and its certificate."""
    own = rsa.generate_private_key(65537, 2048)
    return own, INTERMEDIATE.certificate_for("stamps", own, STAMPING)
