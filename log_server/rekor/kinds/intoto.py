"""intoto 0.0.1 and 0.0.2 as they are proposed (rekor, pkg/types/intoto): signed attestations, kept beside the log."""

from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonObject
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.intoto import IntotoSignature, IntotoV001, IntotoV002, decode_twice
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.envelopes import (
    MAX_SIGNATURES,
    build_attestation,
    build_pae,
    build_statement_keys,
    build_verifier_keys,
    parse_envelope,
    refuse_unverified,
    select_signature,
)
from log_server.rekor.kinds.verifiers import Verifier, parse_x509_verifier

MAX_ATTESTATION: Final = 100 * 1024
"""The largest payload that is kept beside the log, the real server's default; larger ones are logged all the same."""


def accept_v001(spec: JsonObject, *, max_attestation: int = MAX_ATTESTATION) -> Accepted:
    """Verify a proposed entry and return what is logged: an envelope as text, one of whose signatures is the key's.

    Raises:
        MalformedError: A member is missing or not what it must be.
        LimitExceeded: More signatures or subjects than are accepted.
        SignatureMismatch: The key made no signature of the envelope.
    """
    text = spec.child("content").text("envelope")
    envelope = parse_envelope(text)
    verifier = parse_x509_verifier(spec.b64("publicKey"))
    select_signature(envelope, build_pae(envelope, 1), verifier)
    entry = IntotoV001(
        envelope_hash=EntryHash("sha256", Digest.of(text.encode("utf-8")).hex),
        verifier=verifier.canonical,
        payload_hash=EntryHash("sha256", Digest.of(envelope.payload).hex),
    )
    keys = (
        str(entry.envelope_hash),
        *build_verifier_keys(iter((verifier,))),
        str(entry.payload_hash),
        *build_statement_keys(envelope.payload_type, envelope.payload),
    )
    return Accepted(entry.encode(), keys, build_attestation(envelope.payload, max_attestation))


def accept_v002(spec: JsonObject, *, max_attestation: int = MAX_ATTESTATION) -> Accepted:
    """Verify a proposed entry and return what is logged: an envelope in parts, each signature with its key.

    Keys are logged as they were sent, not in their canonical form, and the hash of the envelope is what the client
    says it is: both as the real server does.

    Raises:
        MalformedError: A member is missing or not what it must be.
        LimitExceeded: More signatures or subjects than are accepted.
        SignatureMismatch: A signature that none of the keys made, or a key that made none.
    """
    content = spec.child("content")
    proposed = content.child("envelope")
    signatures = tuple(_parse_signature(item) for item in proposed.children("signatures", most=MAX_SIGNATURES))
    payload, hashed = decode_twice(proposed, "payload"), content.child("hash")
    entry = IntotoV002(
        payload_type=proposed.text("payloadType"),
        signatures=signatures,
        envelope_hash=EntryHash(hashed.text("algorithm"), hashed.text("value")),
        payload_hash=EntryHash("sha256", Digest.of(payload).hex),
    )
    verifiers = _verify(entry, payload)
    keys = (
        *build_verifier_keys(iter(verifiers)),
        str(entry.payload_hash),
        *build_statement_keys(entry.payload_type, payload),
    )
    return Accepted(entry.encode(), keys, build_attestation(payload, max_attestation))


def _parse_signature(found: JsonObject) -> IntotoSignature:
    return IntotoSignature(decode_twice(found, "sig"), found.b64("publicKey"), found.optional_text("keyid"))


def _verify(entry: IntotoV002, payload: bytes) -> list[Verifier]:
    envelope = Envelope(
        entry.payload_type, payload, tuple(EnvelopeSignature(item.signature) for item in entry.signatures)
    )
    verifiers = [parse_x509_verifier(item.verifier) for item in entry.signatures]
    pae = build_pae(envelope, len(verifiers))
    refuse_unverified(envelope, {select_signature(envelope, pae, verifier): verifier for verifier in verifiers})
    return verifiers
