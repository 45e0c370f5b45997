"""The certificate of a keyless signature: who vouches for it, was it valid, and can everybody see it.

Client specification, step "Certificate": a path to a trusted authority at every observed time, purpose, SCT.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.ct.precertificate import (
    build_certificate_entry,
    hash_issuer_key,
    is_precertificate,
    read_embedded_entry,
    read_embedded_scts,
    verify_sct,
)
from cosignpy.core.ct.sct import Sct
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.identity import CertificateIdentity
from cosignpy.core.policy.transparency import RequireSct, SkipSctUnsafe
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog, TrustedRoot
from cosignpy.core.verify.findings import ObservedTime, SctFinding
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by
from cosignpy.core.x509.extensions import CODE_SIGNING, Usage, is_authority, read_key_usage
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.path import verify_path
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.errors import CertificateError
from cosignpy.values import field, value

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LEAF: Final = "signing certificate"


@value
class Leaf:
    """The certificate that signed, and the key in it."""

    certificate: Certificate = field(repr=False)
    key: PublicKey


@lru_cache(maxsize=8)
def parse_leaf(material: CertificateMaterial) -> Leaf:
    """Return the leaf of a bundle's certificates, which have to be in order: each one issued by the one behind it.

    It is asked for at several steps of a verification, and parsed once.

    Raises:
        MalformedError: A certificate that cannot be read, or a key of an unknown kind.
        KeyUnusable: An RSA key of a size that is not accepted.
        CertificateError: Certificates that are no chain.
    """
    certificates = [Certificate.parse(der, what=_LEAF) for der in material.certificates]
    for below, issuer in pairwise(certificates):
        verify_issued_by(below, issuer, what="certificate of the bundle's chain")
    leaf = certificates[0]
    return Leaf(leaf, PublicKey.parse_der(leaf.tbs.spki, what=_LEAF))


def read_identity(leaf: Certificate) -> CertificateIdentity:
    """Return who a certificate names.

    Raises:
        MalformedError: Names or Fulcio's extensions that cannot be read.
    """
    names = tuple(name.text for name in subject_names(leaf, what=_LEAF))
    return CertificateIdentity(names, {found.number: found.text for found in fulcio_extensions(leaf, what=_LEAF)})


def verify_authority(leaf: Leaf, times: Sequence[ObservedTime], trust: TrustedRoot) -> CertificateAuthority:
    """Show that one trusted authority issued a leaf for signing code, and that all was valid at each of these times.

    Raises:
        CertificateError: No trusted authority did, or something was not valid at one of the times.
        MalformedError: A certificate that cannot be read.
    """
    verify_signer(leaf.certificate)
    issuer = leaf.certificate.issuer
    candidates = [one for one in trust.certificate_authorities if one.chain[0].subject == issuer]
    failure: CertificateError | None = None
    for authority in candidates:
        try:
            _verify_at(leaf.certificate, authority, times)
        except CertificateError as error:
            failure = error
        else:
            return authority
    raise failure or CertificateError(
        _LEAF, f"issued by {leaf.certificate.issuer_name!r}, whom the trusted root does not name"
    )


def _verify_at(leaf: Certificate, authority: CertificateAuthority, times: Sequence[ObservedTime]) -> None:
    """Show it at every time, not at any: a time that is outside proves that the certificate was used outside."""
    for time in times:
        if not authority.validity.covers(time.moment):
            raise CertificateError(
                _LEAF, f"{authority.uri} was not trusted at {time.moment.isoformat()}, when it signed ({time.source})"
            )
        verify_path(leaf, authority.chain, CODE_SIGNING, time.moment)


def verify_signer(leaf: Certificate) -> None:
    """Show that a certificate is a leaf, whose key makes signatures: an authority's would be one for everybody.

    Raises:
        CertificateError: It may issue certificates, or its key is not for signatures.
        MalformedError: Its extensions cannot be read.
    """
    if is_authority(leaf, what=_LEAF):
        raise CertificateError(_LEAF, "it may issue certificates itself")
    usage = read_key_usage(leaf, what=_LEAF)
    if usage is not None and Usage.DIGITAL_SIGNATURE not in usage:
        raise CertificateError(_LEAF, "its key usage does not allow signatures")


def verify_scts(
    leaf: Leaf,
    authority: CertificateAuthority,
    trust: TrustedRoot,
    rule: RequireSct | SkipSctUnsafe,
    detached: Sequence[Sct] = (),
) -> tuple[SctFinding, ...]:
    """Show that enough trusted logs promised to show the certificate; one that a trusted log did not make is fatal.

    Raises:
        CertificateError: Too few promises by trusted logs, or one of a log at a time when it was not trusted.
        SignatureMismatch: A promise that the log did not sign over this certificate.
        MalformedError: SCTs that cannot be read.
    """
    if is_precertificate(leaf.certificate.tbs, what=_LEAF):
        raise CertificateError(_LEAF, "it is a precertificate, which proves nothing to a client")
    if isinstance(rule, SkipSctUnsafe):
        return ()
    found: dict[bytes, SctFinding] = {}
    embedded = read_embedded_entry(leaf.certificate.tbs, _hash_key(authority.chain[0]))
    for sct in read_embedded_scts(leaf.certificate.tbs, what=_LEAF):
        for log, key in _select_ct_log(sct, trust):
            verify_sct(sct, embedded, key)
            found[sct.log_id] = SctFinding(log.base_url, _moment(sct), sct.log_id)
    for sct in detached:
        for log, key in _select_ct_log(sct, trust):
            verify_sct(sct, build_certificate_entry(leaf.certificate.der), key)
            found[sct.log_id] = SctFinding(log.base_url, _moment(sct), sct.log_id)
    if len(found) < rule.threshold:
        raise CertificateError(
            _LEAF,
            f"{len(found)} SCTs by logs that the trusted root names, {rule.threshold} needed: nobody may have seen it",
        )
    return tuple(found.values())


@lru_cache(maxsize=64)
def _hash_key(issuer: Certificate) -> bytes:
    """Hash an authority's key once, however many bundles are verified with it."""
    return hash_issuer_key(issuer.tbs)


def _select_ct_log(sct: Sct, trust: TrustedRoot) -> Sequence[tuple[TransparencyLog, PublicKey]]:
    """Return the log that an SCT names, and nothing for one that nobody trusts: a certificate may be in many logs."""
    named = [(log, log.key) for log in trust.ct_logs if log.log_id == sct.log_id and log.key is not None]
    used = [pair for pair in named if pair[0].validity.covers(_moment(sct))]
    if named and not used:
        raise CertificateError(
            _LEAF, f"its SCT is of {_moment(sct).isoformat()}, when {named[0][0].base_url} was not trusted"
        )
    return used[:1]


def _moment(sct: Sct) -> datetime:
    """Return when the log made the promise.

    Raises:
        CertificateError: Later than dates go.
    """
    try:
        return _EPOCH + timedelta(milliseconds=sct.timestamp_ms)
    except OverflowError as error:
        raise CertificateError(_LEAF, "its SCT is of a time beyond all dates") from error
