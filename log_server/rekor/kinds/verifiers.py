"""X.509 verifiers as Rekor reads and writes them: a public key, a certificate, or a chain of certificates.

What a log keeps of one is not what was sent but its canonical form, PEM with lines of 64 characters, and that form
is part of the leaf: another line break would be another entry. Whether a certificate has expired is not looked at,
since a log records and does not judge time.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.core.keys.pem_file import check_key_file
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by, verify_may_issue
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.errors import CertificateError, KeyUnusable, LimitExceeded, MalformedError

MAX_CHAIN: Final = 10
"""Certificates in one verifier; the real server reads no more (rekor, pkg/pki/x509)."""

MAX_KNOWN_KEYS: Final = 1024
"""Public keys kept parsed, some 3 MB: those who sign with a key do so again and again. Only what parsed is kept, by
all of its octets, and a verifier does not change. Certificates are not kept, since nearly each is used once."""

_WHAT: Final = "verifier"
_BEGIN_KEY: Final = b"-----BEGIN PUBLIC KEY-----"
_MAX_KEY_PEM: Final = 2048
"""Octets of a key that is kept; one of RSA with 4096 bits has 800."""
_BEGIN: Final = b"-----BEGIN "
_END: Final = b"-----"


class Verifier(msgspec.Struct, frozen=True):
    """Who signed: the key, the canonical PEM that a log keeps, and the certificates it came in, leaf first, if any.

    A `msgspec` structure and no value, because one is made for each of thousands of entries a second.
    """

    key: PublicKey
    canonical: bytes
    chain: tuple[Certificate, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The bare hex of the SHA-256 of the canonical form, by which Rekor's index knows a key."""
        return hashlib.sha256(self.canonical).hexdigest()

    def search_keys(self) -> tuple[str, ...]:
        """Return what finds an entry of this verifier: its fingerprint, and the names of its leaf certificate.

        Raises:
            MalformedError: An extension that cannot be read: who cannot be searched for must not be logged.
            LimitExceeded: More names than are read.
        """
        if not self.chain:
            return (self.fingerprint,)
        return (self.fingerprint, *[name.text.lower() for name in subject_names(self.chain[0])])

    def verify_chain(self) -> None:
        """Show that each certificate was issued by the next, at the moment the leaf became valid.

        The last one is taken at its word: the log states who claims to have signed, not who is trusted.

        Raises:
            CertificateError: One was not, or its issuer may not issue or was not valid then.
            MalformedError: Extensions that cannot be read.
        """
        for below, (certificate, issuer) in enumerate(pairwise(self.chain)):
            verify_issued_by(certificate, issuer)
            verify_may_issue(issuer, below)
            if not issuer.not_before <= self.chain[0].not_before <= issuer.not_after:
                raise CertificateError("issuer certificate", "not valid when the leaf became valid")


def parse_x509_verifier(pem: bytes) -> Verifier:
    """Parse one public key, one certificate, or a chain of certificates, as PEM (rekor, types of format x509).

    Text before the first block is tolerated, as the real server does.

    Raises:
        MalformedError: Not that, a certificate that cannot be parsed, or a key of a kind or size that is not accepted.
        LimitExceeded: Larger than any such file, or more than `MAX_CHAIN` certificates.
    """
    if pem.startswith(_BEGIN_KEY) and len(pem) <= _MAX_KEY_PEM:
        return _parse_known(pem)
    return _parse_pem(pem)


def _parse_pem(pem: bytes) -> Verifier:
    blocks = tuple(_parse_blocks(pem))
    if len(blocks) == 1 and blocks[0].label == "PUBLIC KEY":
        return parse_key_verifier(blocks[0].body)
    for block in blocks:
        if block.label != "CERTIFICATE":
            raise MalformedError(_WHAT, f"a PEM block {block.label!r}, not a public key or certificates")
    return _build_from_certificates(blocks)


_parse_known: Final = lru_cache(MAX_KNOWN_KEYS)(_parse_pem)


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
    chain = tuple([Certificate.parse(block.body) for block in blocks])
    try:
        key = PublicKey.from_handle(load_der_public_key(chain[0].tbs.spki), what=_WHAT)  # type: ignore[arg-type] # it refuses others
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError(_WHAT, "a certificate with a key of an unknown kind") from error
    except KeyUnusable as error:
        raise MalformedError(_WHAT, error.why) from error
    return Verifier(key, b"".join([block.encode() for block in blocks]), chain)
