"""What has to hold of a chain before anything is signed under it: what clients check, found out before they do."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtendedKeyUsage,
    ExtensionNotFound,
    KeyUsage,
    ObjectIdentifier,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from ca_server.authority.profile import Role, show_time
from ca_server.authority.protocol import Chain
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.core.x509.chain import (
    find_extension,
    parse_certificate,
    read_extensions,
    verify_issued_by,
    verify_may_issue,
)
from cosignpy.core.x509.issuing import encode_algorithm
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CertificateError, KeyUnusable

MAX_CHAIN: Final = 10
"""Certificates of a chain: ours have two, those of large organisations four."""

_SHORTEST_STAMPING: Final = 2
_PROBE: Final = b"does this key sign for its certificate"


def verify_chain(chain: Chain, role: Role, at: datetime, *, what: str) -> None:
    """Show that a chain leads to a root, is valid at a moment, and may be used for what it is to be used for.

    Raises:
        CertificateError: It is not so; the error says which certificate, and why.
        MalformedError: A certificate cannot be read.
    """
    names = [f"certificate {place} of {what}" for place in range(1, len(chain) + 1)]
    parsed = [parse_certificate(one, what=name) for one, name in zip(chain, names, strict=True)]
    for certificate, name in zip(parsed, names, strict=True):
        _verify_time(certificate, at, name)
    for (below, issuer), name in zip(pairwise([*parsed, parsed[-1]]), names, strict=True):
        verify_issued_by(below, issuer, what=name)
    _RULES[role](parsed, names)


def verify_key(chain: Chain, signer: Signer, *, what: str) -> None:
    """Show that a signer's key is that of a chain's first certificate, and that it signs.

    Raises:
        KeyUnusable: It is another, or of a kind that signs no certificates.
        SignatureMismatch: It does not sign what it is given.
        CosignError: It cannot sign.
    """
    if signer.public_key.spki != TbsCertificate.parse(chain[0]).spki:
        raise KeyUnusable(what, "its certificate is for another key", "put back the key that belongs to it")
    encode_algorithm(signer.public_key.algorithm)
    verify_signature(signer.public_key, signer.sign(_PROBE), _PROBE)


def _verify_time(certificate: Certificate, at: datetime, what: str) -> None:
    if at > certificate.not_valid_after_utc:
        raise CertificateError(what, f"it expired at {show_time(certificate.not_valid_after_utc)}")
    if at < certificate.not_valid_before_utc:
        raise CertificateError(what, f"it is not valid before {show_time(certificate.not_valid_before_utc)}")


def _verify_issuing(parsed: Sequence[Certificate], names: Sequence[str]) -> None:
    """All of them are authorities, and those below the root for code signing, as clients want it all the way up."""
    for below, (certificate, name) in enumerate(zip(parsed, names, strict=True)):
        verify_may_issue(certificate, below, what=name)
    for certificate, name in zip(parsed[:-1], names[:-1], strict=True):
        _verify_purpose(certificate, ExtendedKeyUsageOID.CODE_SIGNING, name)


def _verify_timestamping(parsed: Sequence[Certificate], names: Sequence[str]) -> None:
    """Only the first is for stamping, and for nothing else (RFC 3161 section 2.3); clients want a root above it."""
    if len(parsed) < _SHORTEST_STAMPING:
        raise CertificateError(names[0], "it issued itself: a timestamp authority needs a root above it")
    for below, (certificate, name) in enumerate(zip(parsed[1:], names[1:], strict=True)):
        verify_may_issue(certificate, below, what=name)
    for certificate, name in zip(parsed[1:-1], names[1:-1], strict=True):
        _verify_purpose(certificate, ExtendedKeyUsageOID.TIME_STAMPING, name)
    leaf, name = parsed[0], names[0]
    constraints = find_extension(leaf, BasicConstraints, what=name)
    if constraints is not None and constraints.ca:
        raise CertificateError(name, "it is the certificate of an authority, which must not stamp")
    usage = find_extension(leaf, KeyUsage, what=name)
    if usage is not None and not usage.digital_signature:
        raise CertificateError(name, "its key usage does not allow digital signatures")
    try:
        purposes = read_extensions(leaf, what=name).get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound as error:
        raise CertificateError(name, "it has no extended key usage timeStamping") from error
    if not purposes.critical or list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise CertificateError(name, "its extended key usage is not timeStamping alone and critical")


def _verify_purpose(certificate: Certificate, purpose: ObjectIdentifier, what: str) -> None:
    purposes = find_extension(certificate, ExtendedKeyUsage, what=what)
    if purposes is None or purpose not in purposes:
        raise CertificateError(what, f"its extended key usage does not name {purpose.dotted_string}")


_RULES: Final[Mapping[Role, Callable[[Sequence[Certificate], Sequence[str]], None]]] = {
    Role.ISSUING: _verify_issuing,
    Role.TIMESTAMPING: _verify_timestamping,
}
