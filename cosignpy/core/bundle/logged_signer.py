"""What a log entry says of the signature that it is about, for signatures that came without saying it themselves."""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.bundle.model import Bundle, MessageSignature, PublicKeyMaterial
from cosignpy.core.encoding import parse_pem
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.rekor import dsse, hashedrekord, intoto
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.x509.chain import LABEL
from cosignpy.errors import MalformedError
from cosignpy.values import replace

_WHAT: Final = "signature"
_HASHES: Final[Mapping[str, str]] = dict(zip(("sha256", "sha384", "sha512"), hashedrekord.DIGEST_SIZES, strict=True))

_VERIFIERS: Final[Mapping[tuple[str, str], Callable[[bytes], bytes]]] = {
    (hashedrekord.KIND, hashedrekord.V001): lambda body: hashedrekord.HashedRekordV001.parse(body).verifier,
    (dsse.KIND, dsse.V001): lambda body: dsse.DsseV001.parse(body).signatures[0].verifier,
    (intoto.KIND, intoto.V001): lambda body: intoto.IntotoV001.parse(body).verifier,
    (intoto.KIND, intoto.V002): lambda body: intoto.IntotoV002.parse(body).signatures[0].verifier,
}
"""Kinds and versions of entries of Rekor v1: where the PEM of who signed is."""


def complete_by_entry(bundle: Bundle) -> Bundle:
    """Return a bundle that says by which key and of what it is, as its first log entry does: nothing of it is shown.

    Raises:
        MalformedError: It has no entry that says so.
        KeyUnusable: The key in the entry is of a kind that is not known, or too weak.
    """
    if not bundle.log_entries:
        raise MalformedError(_WHAT, "without a log entry it does not say of what it is, or by whom")
    entry = bundle.log_entries[0]
    if isinstance(bundle.material, PublicKeyMaterial) and not bundle.material.hint:
        bundle = replace(bundle, material=PublicKeyMaterial(_read_key(entry).hint))
    if isinstance(bundle.content, MessageSignature) and not bundle.content.algorithm:
        bundle = replace(bundle, content=_read_content(entry, bundle.content.signature))
    return bundle


def _read_key(entry: LogEntry) -> PublicKey:
    read = _VERIFIERS.get((entry.kind, entry.version))
    if read is None:
        raise MalformedError(_WHAT, f"its log entry is of a kind that is not known: {entry.kind} {entry.version}")
    pem = read(entry.body)
    if parse_pem(pem, what=_WHAT).label == LABEL:
        raise MalformedError(_WHAT, "it comes without the certificate that its log entry names")
    return PublicKey.parse_pem(pem, what="key of the log entry")


def _read_content(entry: LogEntry, signature: bytes) -> MessageSignature:
    if (entry.kind, entry.version) != (hashedrekord.KIND, hashedrekord.V001):
        raise MalformedError(_WHAT, f"its log entry does not say of what it is: {entry.kind} {entry.version}")
    found = hashedrekord.HashedRekordV001.parse(entry.body)
    if found.signature != signature:
        raise MalformedError(_WHAT, "its log entry is about another")
    return MessageSignature(_HASHES[found.hash.algorithm], bytes.fromhex(found.hash.hex), signature)
