"""What a token has to prove; each case differs from a token that passes by one thing, and is signed as it is."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509 import BasicConstraints, ExtendedKeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.cms.signed_data import CONTENT_TYPE, encode_attribute
from cosignpy.core.timestamp.imprint import HASH_OIDS, MessageImprint, WeakHash
from cosignpy.core.timestamp.signing_certificate import SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2
from cosignpy.core.timestamp.verify import MAX_TOKEN, TimestampChain, verify_leaf, verify_timestamp
from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.tbs import Extension, encode_extension
from cosignpy.errors import (
    CertificateError,
    ClaimMismatch,
    CosignError,
    LimitExceeded,
    MalformedError,
    SignatureMismatch,
    TimestampError,
)
from tests.support.certificates import LIFETIME, START, Authority, Extensions, key
from tests.support.cms import sequence
from tests.support.timestamps import (
    CHAIN,
    INFO,
    ISSUERS,
    LEAF,
    MESSAGE,
    ROOT,
    STAMPING,
    TRUSTED,
    attribute_of,
    attributes,
    chain_of,
    good_token,
    info,
    leaf,
    rsa_authority,
    signer_info,
    token,
    usage,
)

CONTENT = INFO.encode()


@pytest.mark.parametrize("made", [good_token(), token()], ids=["by the authority", "by hand"])
@pytest.mark.parametrize("chain", [TRUSTED, ISSUERS], ids=["leaf known", "leaf comes along"])
def test_a_token_proves_its_time(made: bytes, chain: TimestampChain) -> None:
    proved = verify_timestamp(made, MESSAGE, chain, nonce=0xCAFE)
    assert proved.info == INFO
    assert proved.certificate == LEAF


def test_a_token_needs_no_certificates_where_the_leaf_is_known() -> None:
    assert verify_timestamp(token(certificates=()), MESSAGE, TRUSTED).certificate == LEAF
    with pytest.raises(CertificateError):
        verify_timestamp(token(certificates=()), MESSAGE, ISSUERS)


def test_certificates_that_come_along_are_not_trusted_for_it() -> None:
    other = Authority.root("other root").certificate_of("stamps", STAMPING)
    made = token(certificates=(other.der, LEAF.der))
    assert verify_timestamp(made, MESSAGE, TRUSTED).certificate == LEAF
    foreign = attributes(CONTENT, certificate=attribute_of(other))
    made = token(certificates=(other.der,), certificate=other, attributes=foreign)
    with pytest.raises(CertificateError):
        verify_timestamp(made, MESSAGE, ISSUERS)
    with pytest.raises(CertificateError):
        verify_timestamp(made, MESSAGE, TRUSTED)


def encode_v1(certificate: Any = LEAF, digest: bytes | None = None) -> bytes:

    hashed = digest if digest is not None else hashlib.sha1(certificate.der).digest()
    return encode_attribute(SIGNING_CERTIFICATE, sequence(sequence(sequence(encode_element(4, hashed)))))


def test_the_older_attribute_names_the_certificate_as_well() -> None:
    made = token(attributes=attributes(CONTENT, certificate=encode_v1()))
    assert verify_timestamp(made, MESSAGE, TRUSTED).info == INFO


def encode_v2(*identifier: bytes, more: bytes = b"") -> bytes:
    return encode_attribute(SIGNING_CERTIFICATE_V2, sequence(sequence(sequence(*identifier)), more))


def fingerprint(name: str = "sha256") -> bytes:

    return encode_element(4, hashlib.new(name, LEAF.der).digest())


NAME = sequence(encode_element(0xA4, LEAF.issuer))
OTHER_NAME = sequence(encode_element(0xA4, ROOT.certificate.subject))
SERIAL = b"\x02\x02\x03\xe8"


@pytest.mark.parametrize(
    "attribute",
    [
        encode_v2(fingerprint()),
        encode_v2(fingerprint(), more=sequence()),
        encode_v2(sequence(encode_element(6, HASH_OIDS["sha256"])), fingerprint()),
        encode_v2(sequence(encode_element(6, HASH_OIDS["sha512"])), fingerprint("sha512"), sequence(NAME, SERIAL)),
    ],
    ids=["hash alone", "policies", "default written", "SHA-512"],
)
def test_a_certificate_may_be_named_in_other_ways(attribute: bytes) -> None:
    made = token(attributes=attributes(CONTENT, certificate=attribute))
    assert verify_timestamp(made, MESSAGE, TRUSTED).info == INFO


@pytest.mark.parametrize(
    ("attribute", "error"),
    [
        (b"", TimestampError),
        (encode_v2(encode_element(4, bytes(32))), TimestampError),
        (encode_v1(digest=bytes(20)), TimestampError),
        (encode_v2(fingerprint(), sequence(NAME, b"\x02\x01\x07")), TimestampError),
        (encode_v2(fingerprint(), sequence(OTHER_NAME, SERIAL)), TimestampError),
        (encode_v2(sequence(bytes.fromhex("06052b0e03021a")), fingerprint()), MalformedError),
        (encode_v2(fingerprint(), sequence(NAME, SERIAL), sequence()), MalformedError),
        (encode_v2(fingerprint(), sequence(NAME, SERIAL, SERIAL)), MalformedError),
        (encode_v2(fingerprint(), sequence(sequence(NAME[2:], NAME[2:]), SERIAL)), MalformedError),
        (encode_v2(fingerprint(), more=sequence() * 2), MalformedError),
        (encode_v2(fingerprint(), sequence(sequence(encode_element(0xA4, sequence() * 2)), SERIAL)), MalformedError),
        (encode_attribute(SIGNING_CERTIFICATE_V2, sequence(sequence())), MalformedError),
        (encode_attribute(SIGNING_CERTIFICATE_V2, sequence(sequence(sequence()) * 17)), MalformedError),
    ],
)
def test_a_token_names_the_certificate_it_was_signed_with(attribute: bytes, error: type[CosignError]) -> None:
    with pytest.raises(error):
        verify_timestamp(token(attributes=attributes(CONTENT, certificate=attribute)), MESSAGE, TRUSTED)


def test_where_both_attributes_are_both_name_it() -> None:
    assert verify_timestamp(token(attributes=attributes(CONTENT, older=encode_v1())), MESSAGE, TRUSTED).info == INFO
    with pytest.raises(TimestampError):
        verify_timestamp(token(attributes=attributes(CONTENT, older=encode_v1(digest=bytes(20)))), MESSAGE, TRUSTED)


OTHER_TYPE = encode_attribute(CONTENT_TYPE, bytes.fromhex("06092a864886f70d010701"))


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"content": b""}, TimestampError),
        ({"content_type": bytes.fromhex("2a864886f70d010701")}, TimestampError),
        ({"data_version": b"\x02\x01\x01"}, TimestampError),
        ({"version": b"\x02\x01\x03"}, TimestampError),
        ({"signers": ()}, TimestampError),
        ({"signers": (signer_info(CONTENT), signer_info(CONTENT))}, TimestampError),
        ({"attributes": b""}, TimestampError),
        ({"attributes": attributes(CONTENT, type=b"")}, TimestampError),
        ({"attributes": attributes(CONTENT, type=OTHER_TYPE)}, TimestampError),
        ({"attributes": attributes(CONTENT, digest=b"")}, MalformedError),
        ({"attributes": attributes(CONTENT, more=OTHER_TYPE)}, MalformedError),
        ({"attributes": attributes(b"other")}, SignatureMismatch),
        ({"signature": b""}, SignatureMismatch),
        ({"key": key("another")}, SignatureMismatch),
        ({"digest": sequence(bytes.fromhex("06052b0e03021a"))}, MalformedError),
        ({"algorithm": "1.2.840.10045.4.1"}, MalformedError),
        ({"algorithm": "1.2.840.10045.4.3.4"}, TimestampError),
        ({"sid": sequence(LEAF.issuer, b"\x02\x01\x07")}, CertificateError),
        ({"sid": sequence(ROOT.certificate.subject, SERIAL)}, CertificateError),
    ],
)
def test_a_token_is_signed_as_it_should_be(parts: dict[str, Any], error: type[CosignError]) -> None:
    with pytest.raises(error):
        verify_timestamp(token(**parts), MESSAGE, TRUSTED)


def test_signed_attributes_are_in_the_order_of_der() -> None:
    turned = b"".join(
        [
            attribute_of(),
            attributes(CONTENT, type=b"", certificate=b""),
            attributes(CONTENT, digest=b"", certificate=b""),
        ]
    )
    assert sorted(turned) == sorted(attributes(CONTENT))
    with pytest.raises(MalformedError):
        verify_timestamp(token(attributes=turned), MESSAGE, TRUSTED)


@pytest.mark.parametrize("hash_name", ["sha384", "sha512"])
def test_other_hash_functions_are_good_for_signatures(hash_name: str) -> None:
    algorithm = {"sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4"}[hash_name]
    assert verify_timestamp(token(hash_name=hash_name, algorithm=algorithm), MESSAGE, TRUSTED).info == INFO


@pytest.mark.parametrize("algorithm", ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"])
def test_rsa_is_read_as_well(algorithm: str) -> None:
    own, certificate = rsa_authority()
    named = attributes(CONTENT, certificate=attribute_of(certificate))
    made = token(key=own, certificate=certificate, algorithm=algorithm, attributes=named)
    assert verify_timestamp(made, MESSAGE, chain_of(certificate)).certificate == certificate


@pytest.mark.parametrize(
    "changes",
    [
        {"imprint": MessageImprint.of(b"another message")},
        {"imprint": MessageImprint.of(b"another message", "sha512")},
        {"authority": encode_element(0xA4, ROOT.certificate.subject)},
        {"nonce": 0xBEEF},
        {"nonce": None},
    ],
)
def test_a_token_says_what_was_asked(changes: dict[str, Any]) -> None:
    with pytest.raises(ClaimMismatch):
        verify_timestamp(token(info(**changes)), MESSAGE, TRUSTED, nonce=0xCAFE)


def test_what_was_not_asked_may_be_missing() -> None:
    statement = info(nonce=None, authority=None, accuracy=None, imprint=MessageImprint.of(MESSAGE, "sha384"))
    assert verify_timestamp(token(statement), MESSAGE, TRUSTED).info == statement


def test_a_critical_extension_is_not_understood() -> None:
    oid = bytes.fromhex("2a0304")
    plain = info(extensions=(encode_extension(oid, Extension(critical=False, content=b"")),))
    assert verify_timestamp(token(plain), MESSAGE, TRUSTED).info == plain
    critical = info(extensions=(encode_extension(oid, Extension(critical=True, content=b"")),))
    with pytest.raises(TimestampError):
        verify_timestamp(token(critical), MESSAGE, TRUSTED)


def test_a_weak_hash_of_the_message_is_refused() -> None:
    content = CONTENT.replace(encode_element(6, HASH_OIDS["sha256"]), bytes.fromhex("0609608648016503040204"))
    made = token(content=encode_element(0xA0, encode_element(4, content)), attributes=attributes(content))
    with pytest.raises(WeakHash):
        verify_timestamp(made, MESSAGE, TRUSTED)


@pytest.mark.parametrize("moment", [START, START + LIFETIME])
def test_the_chain_is_valid_at_both_ends_of_its_time(moment: Any) -> None:
    assert verify_timestamp(token(info(moment=moment)), MESSAGE, TRUSTED).info.moment == moment


@pytest.mark.parametrize("moment", [START - timedelta(seconds=1), START + LIFETIME + timedelta(microseconds=1)])
def test_the_chain_has_to_be_valid_at_that_time(moment: Any) -> None:
    with pytest.raises(CertificateError):
        verify_timestamp(token(info(moment=moment)), MESSAGE, TRUSTED)


USAGE, PURPOSE = STAMPING
EKU = ExtendedKeyUsageOID


def purposes(*oids: Any, critical: bool = True) -> tuple[ExtendedKeyUsage, bool]:
    return ExtendedKeyUsage(oids), critical


@pytest.mark.parametrize(
    "extensions",
    [
        (PURPOSE,),
        ((usage("content_commitment"), True), PURPOSE),
        (*STAMPING, (BasicConstraints(ca=False, path_length=None), True)),
    ],
)
def test_a_certificate_for_timestamps_is_accepted(extensions: Extensions) -> None:
    verify_leaf(leaf(extensions))


@pytest.mark.parametrize(
    "extensions",
    [
        (USAGE,),
        (USAGE, purposes(EKU.TIME_STAMPING, critical=False)),
        (USAGE, purposes(EKU.TIME_STAMPING, EKU.CODE_SIGNING)),
        (USAGE, purposes(EKU.CODE_SIGNING)),
        ((usage("key_encipherment"), True), PURPOSE),
        (*STAMPING, (BasicConstraints(ca=True, path_length=None), True)),
    ],
    ids=["no purpose", "not critical", "two purposes", "another", "not for signatures", "an authority"],
)
def test_a_certificate_for_something_else_is_refused(extensions: Extensions) -> None:
    with pytest.raises(CertificateError):
        verify_leaf(leaf(extensions))


def test_what_a_leaf_must_be_is_asked_of_the_token_s() -> None:
    other = leaf((USAGE, purposes(EKU.TIME_STAMPING, critical=False)))
    named = attributes(CONTENT, certificate=attribute_of(other))
    with pytest.raises(CertificateError):
        verify_timestamp(token(certificate=other, attributes=named), MESSAGE, chain_of(other))


def test_a_leaf_alone_is_not_trusted() -> None:
    with pytest.raises(CertificateError):
        verify_timestamp(token(), MESSAGE, TimestampChain.parse(CHAIN[:1]))
    with pytest.raises(CertificateError):
        verify_timestamp(token(), MESSAGE, TimestampChain.parse(()))


def test_a_leaf_directly_under_the_root_is_as_good() -> None:
    other = leaf(issuer=ROOT)
    named = attributes(CONTENT, certificate=attribute_of(other))
    made = token(certificate=other, attributes=named)
    assert verify_timestamp(made, MESSAGE, chain_of(other, ROOT)).certificate == other


def test_a_chain_of_something_else_than_certificates_is_refused() -> None:
    with pytest.raises(MalformedError):
        TimestampChain.parse((CHAIN[0], b"\x30\x00"))


def test_a_token_longer_than_any_is_refused() -> None:
    """What comes along is not even looked at where the leaf is known, but for its length."""

    def padded(size: int) -> bytes:
        made = token(certificates=(encode_element(0x30, bytes(size)),), signers=(signer,))
        return made if len(made) == MAX_TOKEN else padded(size + MAX_TOKEN - len(made))

    signer = signer_info(CONTENT)  # once: signatures are not all of one length
    assert verify_timestamp(padded(MAX_TOKEN - 1000), MESSAGE, TRUSTED).info == INFO
    with pytest.raises(LimitExceeded):
        verify_timestamp(bytes(MAX_TOKEN + 1), MESSAGE, TRUSTED)


@pytest.mark.parametrize("change", [lambda raw: raw + b"\0", lambda raw: raw[:-1], lambda _: b""])
def test_what_is_not_a_token_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedError):
        verify_timestamp(change(good_token()), MESSAGE, TRUSTED)
