"""X.509 verifiers as Rekor reads and writes them: a public key, a certificate, or a chain of certificates.

What a log keeps of one is not what was sent but its canonical form, PEM with lines of 64 characters, and that form
is part of the leaf: another line break would be another entry. Whether a certificate has expired is not looked at,
since a log records and does not judge time.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1

from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.core.keys.pem_file import check_key_file
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import KeyUnusable, LimitExceeded, MalformedError, SignatureMismatch

MAX_CHAIN: Final = 10
"""Certificates in one verifier; the real server reads no more (rekor, pkg/pki/x509)."""

MAX_NAMES: Final = 256
"""Subject alternative names of one certificate: each becomes a row of the search index."""

FULCIO_OTHER_NAME: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
"""The user name of a Fulcio certificate without a URI or an address (fulcio, docs/oid-info.md)."""

_WHAT: Final = "verifier"
_BEGIN: Final = b"-----BEGIN "
_END: Final = b"-----"


class Verifier(msgspec.Struct, frozen=True):
    """Who signed: the key, the canonical PEM that a log keeps, and the certificates it came in, leaf first, if any.

    A `msgspec` structure and no value, because one is made for each of thousands of entries a second.
    """

    key: PublicKey
    canonical: bytes
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The bare hex of the SHA-256 of the canonical form, by which Rekor's index knows a key."""
        return hashlib.sha256(self.canonical).hexdigest()

    def search_keys(self) -> tuple[str, ...]:
        """Return what finds an entry of this verifier: its fingerprint, and the names of its leaf certificate.

        Raises:
            MalformedError: An extension that cannot be read: who cannot be searched for must not be logged.
            LimitExceeded: More than `MAX_NAMES` names.
        """
        return (self.fingerprint, *_read_names(self.chain[0])) if self.chain else (self.fingerprint,)

    def verify_chain(self) -> None:
        """Show that each certificate was issued by the next, at the moment the leaf became valid.

        The last one is taken at its word: the log states who claims to have signed, not who is trusted.

        Raises:
            SignatureMismatch: One was not, or its issuer may not issue or was not valid then.
        """
        for certificate, issuer in pairwise(self.chain):
            _verify_issued(certificate, issuer, self.chain[0])


def parse_x509_verifier(pem: bytes) -> Verifier:
    """Parse one public key, one certificate, or a chain of certificates, as PEM (rekor, types of format x509).

    Text before the first block is tolerated, as the real server does.

    Raises:
        MalformedError: Not that, a certificate that cannot be parsed, or a key of a kind or size that is not accepted.
        LimitExceeded: Larger than any such file, or more than `MAX_CHAIN` certificates.
    """
    blocks = tuple(_parse_blocks(pem))
    if len(blocks) == 1 and blocks[0].label == "PUBLIC KEY":
        return parse_key_verifier(blocks[0].body)
    for block in blocks:
        if block.label != "CERTIFICATE":
            raise MalformedError(_WHAT, f"a PEM block {block.label!r}, not a public key or certificates")
    return _build_from_certificates(blocks)


def parse_certificate_verifier(der: bytes) -> Verifier:
    """Parse one certificate in DER.

    Raises:
        MalformedError: Not a certificate, or a key of a kind or size that is not accepted.
    """
    return _build_from_certificates((PemBlock("CERTIFICATE", der),))


def parse_key_verifier(spki: bytes) -> Verifier:
    """Parse one SubjectPublicKeyInfo in DER.

    Raises:
        MalformedError: Not a public key, or of a kind or size that is not accepted.
    """
    try:
        return Verifier(PublicKey.parse_der(spki, what=_WHAT), PemBlock("PUBLIC KEY", spki).encode())
    except KeyUnusable as error:
        raise MalformedError(_WHAT, error.why) from error


def _parse_blocks(pem: bytes) -> Iterator[PemBlock]:
    check_key_file(pem, what=_WHAT)
    pieces = pem.split(_BEGIN)[1:]
    if not pieces or not pem.rstrip().endswith(_END):
        raise MalformedError(_WHAT, "no complete PEM block, or text after the last one")
    if len(pieces) > MAX_CHAIN:
        raise LimitExceeded(_WHAT, f"{len(pieces)} PEM blocks, at most {MAX_CHAIN} are accepted")
    for piece in pieces:
        yield parse_pem(_BEGIN + piece, what=_WHAT)


def _build_from_certificates(blocks: tuple[PemBlock, ...]) -> Verifier:
    try:
        chain = tuple([x509.load_der_x509_certificate(block.body) for block in blocks])
        key = PublicKey.from_handle(chain[0].public_key(), what=_WHAT)  # type: ignore[arg-type] # it refuses others
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError(_WHAT, "not a certificate, or with a key of an unknown kind") from error
    except KeyUnusable as error:
        raise MalformedError(_WHAT, error.why) from error
    return Verifier(key, b"".join([block.encode() for block in blocks]), chain)


def _read_other_name(name: x509.GeneralName) -> str:
    if not isinstance(name, x509.OtherName) or name.type_id != FULCIO_OTHER_NAME:
        return ""
    try:
        return asn1.decode_der(str, name.value)
    except ValueError as error:
        raise MalformedError("certificate", "a user name that is not UTF-8 text") from error


_READERS: Final[Mapping[type[x509.GeneralName], Callable[[x509.GeneralName], str]]] = {
    x509.DNSName: lambda name: str(name.value),
    x509.RFC822Name: lambda name: str(name.value),
    x509.IPAddress: lambda name: str(name.value),
    x509.UniformResourceIdentifier: lambda name: str(name.value),
    x509.OtherName: _read_other_name,
}


def _read_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise MalformedError("certificate", "an extension that cannot be read") from error
    names = [_READERS[type(name)](name) for name in extension.value if type(name) in _READERS]
    if len(names) > MAX_NAMES:
        raise LimitExceeded("certificate", f"{len(names)} subject alternative names, at most {MAX_NAMES} are accepted")
    return tuple([name.lower() for name in names if name])


def _verify_issued(certificate: x509.Certificate, issuer: x509.Certificate, leaf: x509.Certificate) -> None:
    """Check one link (RFC 5280 section 6.1.3 and 6.1.4 (k))."""
    moment = leaf.not_valid_before_utc
    try:
        certificate.verify_directly_issued_by(issuer)
        may_issue = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, UnsupportedAlgorithm) as error:
        raise SignatureMismatch("a certificate of the chain was not issued by the next one") from error
    if not may_issue:
        raise SignatureMismatch("a certificate of the chain was issued by one that may not issue")
    if not issuer.not_valid_before_utc <= moment <= issuer.not_valid_after_utc:
        raise SignatureMismatch("a certificate of the chain was not valid when the first one became valid")
