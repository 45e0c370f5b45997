"""The log's signed promise (RFC 6962 section 3.2)."""

from hashlib import sha256

from cosignpy.core.ct.sct import Sct, encode_leaf_index
from cosignpy.core.keys.digitally_signed import sign_for_log
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
