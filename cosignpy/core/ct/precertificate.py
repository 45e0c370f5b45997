"""Precertificates and embedded SCTs (RFC 6962 sections 3.1 to 3.3).

A log certifies a TBSCertificate before the certificate exists: the precertificate has the poison extension
where the certificate will have the list of SCTs, and both without it are the same bytes.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cosignpy.core.ct.entry import EntryType, SignedEntry, TimestampedEntry
from cosignpy.core.ct.sct import Sct, encode_sct_list, parse_sct_list
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.der import OCTET_STRING, encode_element, read_whole
from cosignpy.core.x509.tbs import Extension, NamedExtension, TbsCertificate, encode_extension
from cosignpy.errors import ClaimMismatch, MalformedError

POISON: Final = bytes.fromhex("2b06010401d679020403")
"""1.3.6.1.4.1.11129.2.4.3 (RFC 6962 section 3.1)."""
SCT_LIST: Final = bytes.fromhex("2b06010401d679020402")
"""1.3.6.1.4.1.11129.2.4.2 (RFC 6962 section 3.3)."""

_NULL: Final = b"\x05\x00"


def poison() -> NamedExtension:
    """Say that this is a precertificate, which no client may accept (RFC 6962 section 3.1)."""
    return encode_extension(POISON, Extension(critical=True, content=_NULL))


def sct_list(scts: Sequence[Sct]) -> NamedExtension:
    """Say which logs hold the certificate (RFC 6962 section 3.3): an OCTET STRING inside the one of the extension."""
    content = encode_element(OCTET_STRING, encode_sct_list(scts))
    return encode_extension(SCT_LIST, Extension(critical=False, content=content))


def is_precertificate(tbs: TbsCertificate, *, what: str = "certificate") -> bool:
    """Tell whether the poison is there.

    Raises:
        MalformedError: It is, but not critical or not NULL, so that a client might accept the certificate.
    """
    poison = tbs.extension(POISON, what=what)
    if poison is None:
        return False
    if not poison.critical or poison.content != _NULL:
        raise MalformedError(what, "its poison is not a critical extension with the value NULL")
    return True


def hash_issuer_key(issuer: TbsCertificate) -> bytes:
    """Hash the key of the authority that will issue the certificate (RFC 6962 section 3.2)."""
    return sha256(issuer.spki).digest()


def build_precertificate_entry(tbs: TbsCertificate, issuer_key_hash: bytes) -> SignedEntry:
    """Build what a log certifies of a precertificate: all of it but the poison."""
    return SignedEntry(EntryType.PRECERTIFICATE, issuer_key_hash, tbs.encode_without(POISON))


def build_embedded_entry(tbs: TbsCertificate, issuer_key_hash: bytes) -> SignedEntry:
    """Build what a log certified before its SCT went into the certificate: all of it but the list of SCTs."""
    return SignedEntry(EntryType.PRECERTIFICATE, issuer_key_hash, tbs.encode_without(SCT_LIST))


def build_certificate_entry(certificate: bytes) -> SignedEntry:
    """Build what a log certifies of a finished certificate, whose SCT travels beside it."""
    return SignedEntry(EntryType.X509, b"", certificate)


def parse_embedded_scts(leaf: bytes, *, what: str = "certificate") -> tuple[Sct, ...]:
    """Return the SCTs inside a certificate in DER; none where it has no list.

    Raises:
        MalformedError: Not a certificate, or a list of another form.
    """
    return read_embedded_scts(TbsCertificate.parse(leaf, what=what), what=what)


def read_embedded_scts(tbs: TbsCertificate, *, what: str = "certificate") -> tuple[Sct, ...]:
    """Return the SCTs inside a certificate that is parsed already; none where it has no list.

    Raises:
        MalformedError: A list of another form.
    """
    extension = tbs.extension(SCT_LIST, what=what)
    if extension is None:
        return ()
    inner = read_whole(extension.content, OCTET_STRING, what=f"SCT list of the {what}")
    return parse_sct_list(extension.content[inner.content :])


def verify_sct(sct: Sct, entry: SignedEntry, log_key: PublicKey) -> None:
    """Show that the log promised to hold an entry (RFC 6962 section 3.2).

    Raises:
        ClaimMismatch: The SCT names another log.
        SignatureMismatch: The log's key did not sign it over this entry.
    """
    log_id = sha256(log_key.spki).digest()
    if sct.log_id != log_id:
        raise ClaimMismatch("log id of the SCT", log_id.hex(), sct.log_id.hex())
    sct.signed.verify(log_key, TimestampedEntry(sct.timestamp_ms, entry, sct.extensions).encode_leaf())


def verify_embedded_sct(sct: Sct, leaf: bytes, issuer: bytes, log_key: PublicKey) -> None:
    """Show that the log promised to hold the certificate that an SCT is embedded in; both certificates in DER.

    That the issuer issued the leaf, and that the key was the log's at that time, is for the caller to show.

    Raises:
        MalformedError: One of them is not a certificate, or the leaf is a precertificate.
        ClaimMismatch: The SCT names another log.
        SignatureMismatch: The log's key did not sign it over this certificate and this issuer.
    """
    entry = read_embedded_entry(
        TbsCertificate.parse(leaf), hash_issuer_key(TbsCertificate.parse(issuer, what="issuer certificate"))
    )
    verify_sct(sct, entry, log_key)


def read_embedded_entry(tbs: TbsCertificate, issuer_key_hash: bytes) -> SignedEntry:
    """Return what logs certified of a certificate, once it is shown to be one.

    Raises:
        MalformedError: It is a precertificate.
    """
    if is_precertificate(tbs):
        raise MalformedError("certificate", "it is a precertificate, which proves nothing to a client")
    return build_embedded_entry(tbs, issuer_key_hash)
