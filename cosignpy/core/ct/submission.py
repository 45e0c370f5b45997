"""What goes to a log and what comes back: add-chain and add-pre-chain (RFC 6962 sections 4.1 and 4.2)."""

from collections.abc import Sequence

from cosignpy.core.ct.sct import LOG_ID_SIZE, V1, Sct
from cosignpy.core.encoding import JsonObject, encode_b64, encode_json
from cosignpy.core.keys.digitally_signed import DigitallySigned


def encode_chain(chain: Sequence[bytes]) -> bytes:
    """Encode a submission: the certificate, and those above it up to the root, in DER."""
    return encode_json({"chain": [encode_b64(certificate) for certificate in chain]})


def encode_sct_answer(sct: Sct) -> bytes:
    """Encode the answer to a submission."""
    answer = {
        "sct_version": V1,
        "id": encode_b64(sct.log_id),
        "timestamp": sct.timestamp_ms,
        "extensions": encode_b64(sct.extensions),
        "signature": encode_b64(sct.signed.encode()),
    }
    return encode_json(answer)


def parse_sct_answer(raw: bytes, *, what: str = "SCT of the log") -> Sct:
    """Parse the answer to a submission; members that RFC 6962 does not name are passed over.

    Raises:
        MalformedError: Not such an answer, or not canonical base64 in it.
    """
    answer = JsonObject.parse(raw, what=what)
    version, log_id = answer.integer("sct_version"), answer.b64("id")
    if version != V1:
        raise answer.malformed("sct_version", f"{version}, only {V1} is known")
    if len(log_id) != LOG_ID_SIZE:
        raise answer.malformed("id", f"{len(log_id)} bytes, a log id has {LOG_ID_SIZE}")
    signed = DigitallySigned.parse(answer.b64("signature"), what=what)
    return Sct(log_id, answer.integer("timestamp"), answer.b64("extensions"), signed)
