"""The answer to a submission: the log's signed promise (RFC 6962 sections 3.2 and 4.1)."""

from hashlib import sha256

from cosignpy.core.ct.sct import V1, Sct, encode_leaf_index
from cosignpy.core.ct.signed import sign_for_log
from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.core.keys.signatures import Signer
from log_server.ct.entries import merkle_leaf, seal


def sign_sct(content: bytes, index: int, timestamp_ms: int, signer: Signer) -> Sct:
    """Sign that the log holds an entry; the time and the index are those of its first submission.

    Raises:
        KeyUnusable: A kind of key that RFC 6962 does not have.
    """
    leaf = merkle_leaf(seal(content, index, timestamp_ms))
    log_id = sha256(signer.public_key.spki).digest()
    return Sct(log_id, timestamp_ms, encode_leaf_index(index), sign_for_log(signer, leaf))


def encode_sct_answer(sct: Sct) -> bytes:
    """Encode the answer of add-chain and add-pre-chain (RFC 6962 section 4.1)."""
    answer = {
        "sct_version": V1,
        "id": encode_b64(sct.log_id),
        "timestamp": sct.timestamp_ms,
        "extensions": encode_b64(sct.extensions),
        "signature": encode_b64(sct.signed.encode()),
    }
    return encode_json(answer)
