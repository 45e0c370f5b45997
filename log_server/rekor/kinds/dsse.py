"""dsse 0.0.1 as it is proposed: an envelope as text, and those who signed it (rekor, pkg/types/dsse/v0.0.1)."""

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject, decode_b64
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.dsse import DsseV001, LoggedSignature
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.envelopes import (
    MAX_SIGNATURES,
    build_pae,
    build_statement_keys,
    build_verifier_keys,
    parse_envelope,
    refuse_unverified,
    select_signature,
)
from log_server.rekor.kinds.verifiers import Verifier, parse_x509_verifier


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify a proposed entry and return what is logged.

    Raises:
        MalformedError: A member is missing or not what it must be, or what the log computes was given.
        LimitExceeded: More signatures, verifiers or subjects than are accepted.
        SignatureMismatch: A signature that no verifier made, or a verifier that made none.
    """
    for name in ("envelopeHash", "payloadHash", "signatures"):
        if name in spec:
            raise spec.malformed(name, "either this or proposedContent, not both")
    proposed = spec.child("proposedContent")
    text = proposed.text("envelope")
    envelope = parse_envelope(text)
    made = _select_verifiers(envelope, proposed)
    entry = DsseV001(
        envelope_hash=EntryHash("sha256", Digest.of(text.encode("utf-8")).hex),
        payload_hash=EntryHash("sha256", Digest.of(envelope.payload).hex),
        signatures=tuple(LoggedSignature(signature, verifier.canonical) for signature, verifier in made.items()),
    )
    keys = (
        *build_verifier_keys(iter(made.values())),
        str(entry.payload_hash),
        str(entry.envelope_hash),
        *build_statement_keys(envelope.payload_type, envelope.payload),
    )
    return Accepted(entry.encode(), keys)


def _select_verifiers(envelope: Envelope, proposed: JsonObject) -> dict[bytes, Verifier]:
    """Find out who made which signature, in the real server's way, since the entry depends on it.

    Verifiers are tried in order, each stands for the first signature that it made, even one that an earlier one
    stood for, and those left when every signature has its verifier are not looked at.
    """
    made: dict[bytes, Verifier] = {}
    texts = proposed.texts("verifiers", most=MAX_SIGNATURES)
    pae, wanted = build_pae(envelope, len(texts)), {item.signature for item in envelope.signatures}
    for text in texts:
        if made.keys() == wanted:
            break
        verifier = parse_x509_verifier(decode_b64(text, what=f"{proposed.what} {proposed.path}verifiers"))
        made[select_signature(envelope, pae, verifier)] = verifier
    refuse_unverified(envelope, made)
    return made
