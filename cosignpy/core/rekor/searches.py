"""What to ask a log of Rekor v1 for, to find the entry of a signature that somebody else had logged.

A log finds an entry by the whole of its body. A signature over a digest has one; an envelope has one for each kind that
clients sent it as, and for each spelling of its JSON, since a hash over that is in the entry.
"""

from collections.abc import Sequence

from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.rekor.proposals import (
    DIGEST_SCHEMES,
    Proposal,
    SignedContent,
    SignedDigest,
    SignedEnvelope,
    propose_dsse_v001,
    propose_hashedrekord_v001,
    propose_intoto_v002,
)


def search_rounds(signed: SignedContent) -> Sequence[Sequence[Proposal]]:
    """Return all that a signature may have been logged as: the likely first, a few at once, for each has the payload.

    Raises:
        KeyUnusable: A key whose signatures no log can verify by the digest.
    """
    if isinstance(signed, SignedDigest):
        return ((propose_hashedrekord_v001(signed),),)
    rounds = [
        [propose(signed, text) for propose in (propose_dsse_v001, propose_intoto_v002)]
        for text in envelope_spellings(signed)
    ]
    if signed.verifier.algorithm.scheme in DIGEST_SCHEMES:
        rounds[0].append(propose_hashedrekord_v001(signed.digest))
    return rounds


def envelope_spellings(signed: SignedEnvelope) -> Sequence[bytes]:
    """Return an envelope's JSON as Go's encoder writes it, with and without an empty key id, and as others do."""
    envelope = signed.envelope
    made = envelope.signatures[0]
    payload, sig = encode_b64(envelope.payload), encode_b64(made.signature)
    lines: list[JsonValue] = [{"keyid": made.keyid, "sig": sig}, {"sig": sig, "keyid": made.keyid}]
    if not made.keyid:
        lines[1] = {"sig": sig}
    found = []
    for line in lines:
        kind, signatures = envelope.payload_type, [line]
        found.append(encode_json({"payloadType": kind, "payload": payload, "signatures": signatures}))
        found.append(encode_json({"payload": payload, "payloadType": kind, "signatures": signatures}))
    return found


def refuse_other(body: bytes, proposals: Sequence[Proposal]) -> None:
    """Refuse an entry that nobody asked for.

    Raises:
        ClaimMismatch: It is about none of what was searched for.
        MalformedError: It is not the body of an entry at all.
    """
    if not any(body in proposal.bodies for proposal in proposals):
        proposals[0].verify_logged(body)
