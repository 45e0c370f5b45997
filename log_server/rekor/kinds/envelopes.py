"""What the kinds that log DSSE envelopes have in common: reading one, who made which signature, what finds it."""

from collections.abc import Iterator
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonValue, parse_json
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.accepted import Attestation
from log_server.rekor.json_limits import MAX_ENVELOPE_VALUES, MAX_STATEMENT_VALUES, parse_limited, refuse_many_values
from log_server.rekor.kinds.verifiers import Verifier

MAX_SIGNATURES: Final = 10
"""Signatures of one envelope, and verifiers given for it: each may be tried with each."""

MAX_HASHED: Final = 64 * 1024 * 1024
"""Bytes that one proposal may have hashed, when each verifier is tried with each signature: a tenth of a second.
A payload of 4 MiB with four of each is below it, while ten of each would keep a processor busy for over a second."""

MAX_STATEMENT_KEYS: Final = 4096
"""Digests that one statement may be found by: subjects and materials, each a row of the search index."""

MAX_SEARCH_KEY: Final = 512
"""The longest text that can be searched for, in the real server's API as in its tables."""


def parse_envelope(text: str) -> Envelope:
    """Parse an envelope as clients send it; members that DSSE does not define are overlooked, as others write some.

    Raises:
        MalformedError: Not strict JSON, a member that is missing or not what it must be, or no signature.
        LimitExceeded: More than `MAX_SIGNATURES`.
    """
    found = parse_limited(text.encode("utf-8"), what="DSSE envelope", most=MAX_ENVELOPE_VALUES)
    signatures = found.children("signatures", most=MAX_SIGNATURES)
    if not signatures:
        raise found.malformed("signatures", "empty")
    return Envelope(
        payload_type=found.text("payloadType"),
        payload=found.b64("payload"),
        signatures=tuple(EnvelopeSignature(item.b64("sig"), item.optional_text("keyid")) for item in signatures),
    )


def build_pae(envelope: Envelope, verifiers: int) -> bytes:
    """Return what the signatures are over, unless trying as many verifiers with all of them would take too long.

    Raises:
        LimitExceeded: More than `MAX_HASHED` bytes would be hashed.
    """
    pae = envelope.pae
    if len(pae) * len(envelope.signatures) * verifiers > MAX_HASHED:
        raise LimitExceeded("envelope", f"{len(pae)} bytes with as many signatures and verifiers; send fewer of them")
    return pae


def select_signature(envelope: Envelope, pae: bytes, verifier: Verifier) -> bytes:
    """Return the first signature of the envelope that this verifier made over its PAE.

    Raises:
        SignatureMismatch: None of them is its.
    """
    for candidate in envelope.signatures:
        try:
            verify_signature(verifier.key, candidate.signature, pae)
        except SignatureMismatch:
            continue
        return candidate.signature
    raise SignatureMismatch(f"the verifier sha256:{verifier.fingerprint} made none of the envelope's signatures")


def refuse_unverified(envelope: Envelope, made: dict[bytes, Verifier]) -> None:
    """Refuse an envelope with a signature that no verifier is known to have made.

    Raises:
        SignatureMismatch: There is one.
    """
    if any(item.signature not in made for item in envelope.signatures):
        raise SignatureMismatch("all signatures must have a key that verifies it")


def build_verifier_keys(verifiers: Iterator[Verifier]) -> Iterator[str]:
    """Return what finds an envelope by who signed it.

    The real server writes the key's hash with its algorithm for envelopes, and searches for it without: both here.
    """
    for verifier in verifiers:
        yield f"sha256:{verifier.fingerprint}"
        yield from verifier.search_keys()


def build_statement_keys(payload_type: str, payload: bytes) -> list[str]:
    """Return the digests of the subjects of an in-toto statement, and of the materials of its provenance.

    A payload that is no statement, or of another type, is not found by its subjects, since it has none.

    Raises:
        LimitExceeded: More than `MAX_STATEMENT_KEYS`, or than `MAX_STATEMENT_VALUES` of whatever kind.
    """
    if payload_type != IN_TOTO_PAYLOAD:
        return []
    statement = _parse_leniently(payload)
    predicate = statement.get("predicate")
    materials = predicate.get("materials") if isinstance(predicate, dict) else None
    keys = [*_digests(statement.get("subject")), *_digests(materials)]
    if len(keys) > MAX_STATEMENT_KEYS:
        raise LimitExceeded("statement", f"{len(keys)} digests, at most {MAX_STATEMENT_KEYS} are accepted")
    return keys


def _parse_leniently(payload: bytes) -> dict[str, JsonValue]:
    refuse_many_values(payload, most=MAX_STATEMENT_VALUES, what="statement")
    try:
        found = parse_json(payload, what="statement")
    except MalformedError:
        return {}
    return found if isinstance(found, dict) else {}


def _digests(items: JsonValue) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        digests = item.get("digest") if isinstance(item, dict) else None
        for algorithm, text in digests.items() if isinstance(digests, dict) else ():
            key = f"{algorithm}:{text}".lower()
            if isinstance(text, str) and len(key) <= MAX_SEARCH_KEY:
                yield key


def build_attestation(payload: bytes, largest: int) -> Attestation | None:
    """Return the payload to keep beside the log, unless it is larger than what is kept."""
    return Attestation(str(Digest.of(payload)), payload) if len(payload) <= largest else None
