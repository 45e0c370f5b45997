"""What a timestamp token proves, checked in the order of RFC 3161 section 2.4.2 and of the Sigstore client's needs.

A verifier is given an authority's certificates and asks no clock: the chain has to be valid at the token's own time.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Self

from cosignpy.core.cms.signature import find_certificate, verify_signer
from cosignpy.core.cms.signed_data import (
    CONTENT_TYPE,
    MAX_ATTRIBUTES,
    SignedData,
    SignerInfo,
    parse_attributes,
    parse_signed_data,
)
from cosignpy.core.timestamp.imprint import HASH_NAMES, MessageImprint
from cosignpy.core.timestamp.info import TST_INFO, TimestampInfo
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.signing_certificate import verify_signing_certificate
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import OBJECT_IDENTIFIER, SET, encode_element
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import encode_oid
from cosignpy.core.x509.extensions import (
    EXTENDED_KEY_USAGE,
    TIME_STAMPING,
    Usage,
    is_authority,
    read_key_usage,
    read_purposes,
)
from cosignpy.core.x509.path import verify_path
from cosignpy.core.x509.tbs import parse_extension
from cosignpy.errors import CertificateError, ClaimMismatch, LimitExceeded, MalformedError, TimestampError
from cosignpy.values import field, record, value

MAX_TOKEN: Final = 64 << 10
"""Octets of a token; real ones have one or two kilobytes, with a chain of RSA certificates ten."""

_WHAT: Final = "timestamp token"
_LEAF: Final = "certificate of the timestamp authority"
_SIGNED_DATA_VERSION: Final = 3
"""Of signed data with any content but plain data (RFC 5652 section 5.1)."""
_SIGNER_VERSION: Final = 1
"""Of a signer that is named by issuer and serial number (section 5.3)."""
_DIRECTORY_NAME: Final = 0xA4

_RSA: Final = "1.2.840.113549.1.1.1"
_SIGNATURE_HASHES: Final[Mapping[bytes, str | None]] = {
    encode_oid(oid, what="signature algorithm"): name
    for oid, name in {
        "1.2.840.10045.4.3.2": "sha256",  # ECDSA (RFC 5754 section 3.3)
        "1.2.840.10045.4.3.3": "sha384",
        "1.2.840.10045.4.3.4": "sha512",
        "1.2.840.113549.1.1.11": "sha256",  # RSA with PKCS #1 v1.5 (section 3.2)
        "1.2.840.113549.1.1.12": "sha384",
        "1.2.840.113549.1.1.13": "sha512",
        _RSA: None,  # with whatever the digest algorithm says
    }.items()
}
"""Signature algorithms, and the hash function that each is made with."""


@record
class UnknownSigner(CertificateError):
    """A token that names another certificate than the authority's: it may well be good, as one of another authority."""


@value
class TimestampChain:
    """The certificates that an authority is trusted by, parsed: its leaf, if it is known, and the leaf's issuers."""

    leaf: Certificate | None = field(repr=False)
    issuers: tuple[Certificate, ...] = field(repr=False)

    @classmethod
    def parse(cls, chain: Sequence[bytes]) -> Self:
        """Parse certificates in DER, from the leaf, or from its issuer, up to the root.

        Raises:
            MalformedError: One of them cannot be read.
        """
        return cls.of(
            [
                Certificate.parse(der, what=f"certificate {place} of the timestamp authority")
                for place, der in enumerate(chain, 1)
            ]
        )

    @classmethod
    def of(cls, certificates: Sequence[Certificate]) -> Self:
        """Build from certificates in the same order.

        Raises:
            MalformedError: The extensions of the first cannot be read.
        """
        known = bool(certificates) and not is_authority(certificates[0], what=_LEAF)
        return cls(certificates[0] if known else None, tuple(certificates[known:]))


@value
class VerifiedTimestamp:
    """What was proved: the statement, and the certificate that stands for it."""

    info: TimestampInfo
    certificate: Certificate = field(repr=False)


def verify_timestamp(
    token: bytes, message: bytes, chain: TimestampChain, *, nonce: int | None = None
) -> VerifiedTimestamp:
    """Show that an authority vouches that a message existed at a time; `nonce` is what was asked with, if it is known.

    Raises:
        MalformedError: Not a token in DER, or with an algorithm that is unknown or too weak.
        TimestampError: A token that is not signed as RFC 3161 wants it.
        SignatureMismatch: The certificate's key did not sign it.
        CertificateError: The certificate is not one of the authority, or was not valid, or not for timestamps.
        ClaimMismatch: It states another message, another nonce or another authority.
    """
    signed = _parse_token(token)
    content, signer = _single_statement(signed)
    leaf = _select_leaf(signed, signer, chain)
    _verify_attributes(signer, leaf)
    _verify_algorithms(signer)
    verify_signer(signer, leaf, content, what=_WHAT)
    info = TimestampInfo.parse(content)
    verify_leaf(leaf)
    verify_path(leaf, chain.issuers, TIME_STAMPING, info.moment)
    _verify_statement(info, leaf)
    _verify_imprint(info, message)
    if nonce is not None and info.nonce != nonce:
        raise ClaimMismatch("nonce of the timestamp", str(nonce), str(info.nonce))
    return VerifiedTimestamp(info, leaf)


def verify_answer(response: TimestampResponse, request: TimestampRequest) -> TimestampInfo:
    """Show that an answer is one to a request: a timestamp of that, with the nonce (RFC 3161 section 2.2).

    What is not shown is that anybody in particular signed it: see `verify_timestamp`.

    Raises:
        TimestampError: The authority refused, or its token is of another form.
        MalformedError: Not a token in DER, or with an algorithm that is unknown or too weak.
        ClaimMismatch: It states something else than was asked for.
        CertificateError: Certificates were asked for, and that of the signer does not come along.
    """
    signed = _parse_token(response.granted())
    content, signer = _single_statement(signed)
    info = TimestampInfo.parse(content)
    if info.imprint != request.imprint:
        raise ClaimMismatch("imprint of the timestamp", str(request.imprint), str(info.imprint))
    if info.nonce != request.nonce:
        raise ClaimMismatch("nonce of the timestamp", str(request.nonce), str(info.nonce))
    if request.policy not in {None, info.policy}:
        raise ClaimMismatch("policy of the timestamp", str(request.policy), info.policy)
    if request.certificates:
        _select_leaf(signed, signer, TimestampChain(None, ()))
    return info


@lru_cache(maxsize=64)
def verify_leaf(leaf: Certificate) -> None:
    """Show that a certificate is for timestamps and nothing else (RFC 3161 section 2.3).

    An authority uses one for years; one that holds is not looked at again.

    Raises:
        CertificateError: It is not, or it is an authority's, or its key is not for signatures.
        MalformedError: Its extensions cannot be read.
    """
    if is_authority(leaf, what=_LEAF):
        raise CertificateError(_LEAF, "it may issue certificates itself")
    purposes = leaf.tbs.extension(EXTENDED_KEY_USAGE, what=_LEAF)
    if purposes is None:
        raise CertificateError(_LEAF, "it does not say that it is for timestamps")
    if read_purposes(leaf, what=_LEAF) != (TIME_STAMPING,) or not purposes.critical:
        raise CertificateError(_LEAF, "its one extended key usage is not timeStamping, or it is not critical")
    usage = read_key_usage(leaf, what=_LEAF)
    if usage is not None and not usage & {Usage.DIGITAL_SIGNATURE, Usage.CONTENT_COMMITMENT}:
        raise CertificateError(_LEAF, "its key is not for signatures")


def _parse_token(token: bytes) -> SignedData:
    if len(token) > MAX_TOKEN:
        raise LimitExceeded(_WHAT, f"{len(token)} octets, at most {MAX_TOKEN} are accepted")
    return parse_signed_data(token, what=_WHAT)


def _single_statement(signed: SignedData) -> tuple[bytes, SignerInfo]:
    """Return the statement and the one who signed it: a second signer could be anybody (RFC 3161 section 2.4.2)."""
    if signed.content is None or signed.content_type != TST_INFO or signed.version != _SIGNED_DATA_VERSION:
        raise TimestampError(_WHAT, "its content is not a timestamp")
    if len(signed.signers) != 1 or signed.signers[0].version != _SIGNER_VERSION:
        raise TimestampError(_WHAT, f"it has {len(signed.signers)} signers, or one that is not named as it says")
    return signed.content, signed.signers[0]


def _select_leaf(signed: SignedData, signer: SignerInfo, chain: TimestampChain) -> Certificate:
    """Find the signer's certificate: the one that is trusted; only where none is known, one that comes along."""
    what = f"certificate of the {_WHAT}"
    if chain.leaf is not None:
        candidates = [chain.leaf]
    else:
        candidates = [Certificate.parse(der, what=what) for der in signed.certificates]
    found = find_certificate(signer, candidates)
    if found is None:
        raise UnknownSigner(_LEAF, "the token is signed with another, or with one that does not come along")
    return found


def _verify_attributes(signer: SignerInfo, leaf: Certificate) -> None:
    """Show that the signed attributes are in DER, about a timestamp, and of this certificate (RFC 5652 section 11.1).

    The digest among them is compared with the content together with the signature.
    """
    items = Fields.of(signer.signed_attributes, tag=SET, what=_WHAT).items(most=MAX_ATTRIBUTES)
    if list(items) != sorted(items):
        raise MalformedError(_WHAT, "signed attributes whose order is not DER")
    attributes = parse_attributes(signer.attributes, what=_WHAT)
    if attributes.get(CONTENT_TYPE) != encode_element(OBJECT_IDENTIFIER, TST_INFO):
        raise TimestampError(_WHAT, "it was not signed as a timestamp")
    verify_signing_certificate(attributes, leaf)


def _verify_algorithms(signer: SignerInfo) -> None:
    """Show that the signature is of a kind that is believed, and made with the hash function that it states."""
    name = HASH_NAMES.get(signer.digest)
    if name is None or signer.algorithm not in _SIGNATURE_HASHES:
        raise MalformedError(_WHAT, "an algorithm that is not understood, or too weak")
    if _SIGNATURE_HASHES[signer.algorithm] not in {None, name}:
        raise TimestampError(_WHAT, "two hash functions for one signature")


def _verify_statement(info: TimestampInfo, leaf: Certificate) -> None:
    named = encode_element(_DIRECTORY_NAME, leaf.subject)
    if info.authority not in {None, named}:
        raise ClaimMismatch("authority of the timestamp", leaf.subject_name, "another")
    if any(parse_extension(extension.raw, what=_WHAT).critical for extension in info.extensions):
        raise TimestampError(_WHAT, "it has a critical extension, which nobody here understands")


def _verify_imprint(info: TimestampInfo, message: bytes) -> None:
    expected = MessageImprint.of(message, info.imprint.algorithm)
    if info.imprint != expected:
        raise ClaimMismatch("imprint of the timestamp", str(expected), str(info.imprint))
