"""What a log entry says must be what the bundle says: this signature, by this signer, over this content (client spec).

A log keeps whatever it is given. Without this comparison any entry of the log would do as the proof for any signature.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import PemBlock, encode_b64, encode_json, parse_pem
from cosignpy.core.keys.algorithms import ALGORITHMS
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.rekor import dsse, dsse_v2, hashedrekord, intoto
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.dsse import DsseV001
from cosignpy.core.rekor.dsse_v2 import DsseV002
from cosignpy.core.rekor.hashedrekord import HashedRekordV001, HashedRekordV002, VerifierForm
from cosignpy.core.rekor.intoto import IntotoV001, IntotoV002
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.verify.artifact import HASH_NAMES, SignedContent
from cosignpy.core.x509.chain import LABEL
from cosignpy.errors import ClaimMismatch, MalformedError
from cosignpy.values import field, value


@value
class LoggedSigner:
    """Who signed: the key, and the certificate in DER where there is one, which then is what an entry has to name."""

    key: PublicKey
    certificate: bytes | None = field(default=None, repr=False)


def verify_entry_claims(entry: LogEntry, content: SignedContent, signer: LoggedSigner) -> None:
    """Show that an entry is about this signature over this content by this signer.

    Raises:
        MalformedError: A kind of entry that is not known, or a body that is not of that kind.
        ClaimMismatch: It is about another signature, signer or content.
    """
    verify = _KINDS.get((entry.kind, entry.version))
    if verify is None:
        raise MalformedError("log entry", f"unknown kind {entry.kind!r} {entry.version!r}")
    verify(entry.body, content, signer)


def _verify_hashedrekord_v001(body: bytes, content: SignedContent, signer: LoggedSigner) -> None:
    found = HashedRekordV001.parse(body)
    _verify_signature(found.signature, content)
    _verify_pem(found.verifier, signer)
    _verify_digest("content", content.digest(found.hash.algorithm), bytes.fromhex(found.hash.hex))


def _verify_hashedrekord_v002(body: bytes, content: SignedContent, signer: LoggedSigner) -> None:
    found = HashedRekordV002.parse(body)
    _verify_signature(found.signature, content)
    _verify_der(found.form, found.verifier, signer)
    _verify_details(found.key_details, signer.key, HASH_NAMES[found.algorithm])
    _verify_digest("content", content.digest(HASH_NAMES[found.algorithm]), found.digest)


def _verify_dsse_v001(body: bytes, content: SignedContent, signer: LoggedSigner) -> None:
    """The hash of the envelope is over JSON that nobody keeps; all that it has is compared one by one."""
    found = DsseV001.parse(body)
    envelope = _envelope(content)
    _verify_payload(found.payload_hash, envelope)
    if len(found.signatures) != 1:
        raise ClaimMismatch("number of logged signatures", "1", str(len(found.signatures)))
    _verify_signature(found.signatures[0].signature, content)
    _verify_pem(found.signatures[0].verifier, signer)


def _verify_dsse_v002(body: bytes, content: SignedContent, signer: LoggedSigner) -> None:
    found = DsseV002.parse(body)
    envelope = _envelope(content)
    name = HASH_NAMES[found.algorithm]
    _verify_digest("payload", hashlib.new(name, envelope.payload).digest(), found.payload_digest)
    if len(found.signatures) != 1:
        raise ClaimMismatch("number of logged signatures", "1", str(len(found.signatures)))
    logged = found.signatures[0]
    _verify_signature(logged.signature, content)
    _verify_der(logged.form, logged.verifier, signer)
    _verify_details(logged.key_details, signer.key, None)


def _verify_intoto_v001(body: bytes, content: SignedContent, signer: LoggedSigner) -> None:
    """The signature is in the hash of the envelope alone, so one of the spellings that clients send must have it."""
    found = IntotoV001.parse(body)
    envelope = _envelope(content)
    _verify_pem(found.verifier, signer)
    if found.payload_hash is not None:
        _verify_payload(found.payload_hash, envelope)
    known = [hashlib.sha256(spelling).hexdigest() for spelling in _spellings(envelope)]
    if found.envelope_hash.hex.lower() not in known:
        raise ClaimMismatch("envelope hash of the log entry", known[0], found.envelope_hash.hex)


def _verify_intoto_v002(body: bytes, content: SignedContent, signer: LoggedSigner) -> None:
    found = IntotoV002.parse(body)
    envelope = _envelope(content)
    _verify_payload(found.payload_hash, envelope)
    if found.payload_type != envelope.payload_type:
        raise ClaimMismatch("payload type of the log entry", envelope.payload_type, found.payload_type)
    if len(found.signatures) != 1:
        raise ClaimMismatch("number of logged signatures", "1", str(len(found.signatures)))
    _verify_signature(found.signatures[0].signature, content)
    _verify_pem(found.signatures[0].verifier, signer)


_KINDS: Final[Mapping[tuple[str, str], Callable[[bytes, SignedContent, LoggedSigner], None]]] = {
    (hashedrekord.KIND, hashedrekord.V001): _verify_hashedrekord_v001,
    (hashedrekord.KIND, hashedrekord.V002): _verify_hashedrekord_v002,
    (dsse.KIND, dsse.V001): _verify_dsse_v001,
    (dsse.KIND, dsse_v2.V002): _verify_dsse_v002,
    (intoto.KIND, intoto.V001): _verify_intoto_v001,
    (intoto.KIND, intoto.V002): _verify_intoto_v002,
}
"""Kinds and versions of entries that signatures are logged as; the kind has to be that of the body too."""


def _envelope(content: SignedContent) -> Envelope:
    if content.envelope is None:
        raise ClaimMismatch("kind of the log entry", "a signature over an artifact", "a signature over an envelope")
    return content.envelope


def _spellings(envelope: Envelope) -> list[bytes]:
    """Return the envelope's JSON as Go's encoder writes it, with and without an empty key id, and as others do."""
    payload, kind = encode_b64(envelope.payload), envelope.payload_type
    signed = [{"keyid": item.keyid, "sig": encode_b64(item.signature)} for item in envelope.signatures]
    bare = [{"sig": encode_b64(item.signature)} for item in envelope.signatures]
    return [
        encode_json({"payloadType": kind, "payload": payload, "signatures": signed}),
        encode_json({"payloadType": kind, "payload": payload, "signatures": bare}),
        encode_json({"payload": payload, "payloadType": kind, "signatures": signed}),
        encode_json({"payload": payload, "payloadType": kind, "signatures": bare}),
    ]


def _verify_signature(logged: bytes, content: SignedContent) -> None:
    if logged != content.signature:
        raise ClaimMismatch(
            "signature of the log entry",
            base64.b64encode(content.signature).decode(),
            base64.b64encode(logged).decode(),
        )


def _verify_payload(logged: EntryHash, envelope: Envelope) -> None:
    found = hashlib.new(logged.algorithm, envelope.payload).digest()
    _verify_digest("payload", found, bytes.fromhex(logged.hex))


def _verify_digest(what: str, wanted: bytes, logged: bytes) -> None:
    if logged != wanted:
        raise ClaimMismatch(f"{what} digest of the log entry", wanted.hex(), logged.hex())


def _verify_pem(logged: bytes, signer: LoggedSigner) -> None:
    """Compare what Rekor v1 keeps: a PEM file, of which the first block says who signed."""
    if signer.certificate is not None and logged == PemBlock(LABEL, signer.certificate).encode():
        return  # in the one spelling that the log writes, there is nothing to parse
    block = parse_pem(logged, what="verifier of the log entry")
    form = VerifierForm.CERTIFICATE if block.label == LABEL else VerifierForm.PUBLIC_KEY
    _verify_der(form, block.body, signer)


def _verify_der(form: VerifierForm, logged: bytes, signer: LoggedSigner) -> None:
    wanted = VerifierForm.PUBLIC_KEY if signer.certificate is None else VerifierForm.CERTIFICATE
    own = signer.key.spki if signer.certificate is None else signer.certificate
    if (form, logged) != (wanted, own):
        raise ClaimMismatch("signer of the log entry", _name(wanted, own), _name(form, logged))


def _name(form: VerifierForm, der: bytes) -> str:
    return f"{form} sha256:{hashlib.sha256(der).hexdigest()}"


def _verify_details(details: str, key: PublicKey, hash_name: str | None) -> None:
    """Compare the algorithm that the log checked the signature by: one of this key, with the hash that it states."""
    algorithm = ALGORITHMS.get(details)
    if algorithm is None or algorithm.key != key.algorithm.key:
        raise ClaimMismatch("key details of the log entry", key.algorithm.name, details)
    if hash_name is not None and algorithm.hash != hash_name:
        raise ClaimMismatch("hash function of the log entry", algorithm.hash, hash_name)
