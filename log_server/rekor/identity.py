"""Who a Rekor log is: the origin and the key id in its checkpoints, and the entry with which it begins.

The two versions differ. Version 1 calls itself `<host> - <tree id>`, signs under the host name alone, and its
hint is that of the DER of the key. Version 2 signs as C2SP signed-note says, and its origin is its host name.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import new
from typing import TYPE_CHECKING, Final, cast

from cosignpy.core.encoding import encode_b64, encode_canonical_json
from cosignpy.core.keys.algorithms import ED25519PH, Scheme
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.note.checkpoint import Checkpoint
from cosignpy.core.note.key_id import log_key_id, spki_key_id
from cosignpy.core.note.signed_note import HINT_SIZE, NoteSignature, refuse_wrong_name, sign_note
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.values import value
from log_server.log import Identity, LogKind
from log_server.rekor.accepted import Accepted
from log_server.tlog.publish import SignCheckpoint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_V1_ORIGIN: Final = re.compile(r"(?P<host>\S+) - (?P<tree>[0-9]+)")
"""By a text of this form clients know a checkpoint of version 1."""


def build_v1_identity(host: str, tree_id: int, key: PublicKey, first: int = 0) -> Identity:
    """Describe a shard of a Rekor v1 log; `first` is the virtual index of its entry 0.

    Raises:
        MalformedError: The host name cannot be the name of a key.
    """
    refuse_wrong_name(host)
    return Identity(LogKind.REKOR_V1, f"{host} - {tree_id}", spki_key_id(key), key, tree_id, first)


def build_v2_identity(host: str, key: PublicKey) -> Identity:
    """Describe a Rekor v2 log. Clients compare its origin with the host of its URL: no port, no path.

    Raises:
        MalformedError: The host name cannot be the name of a key.
        KeyUnusable: A kind of key that signs no notes.
    """
    refuse_wrong_name(host)
    return Identity(LogKind.REKOR_V2, host, log_key_id(host, key), key)


def sign_as_v1(identity: Identity, signer: Signer) -> SignCheckpoint:
    """Return how a shard of version 1 signs its checkpoints: under the host name, over the whole text.

    Raises:
        MalformedError: Not the identity of such a log.
    """
    match = _V1_ORIGIN.fullmatch(identity.origin)
    if match is None:
        raise MalformedError("origin", f"{identity.origin!r} is not of the form <host> - <tree id>")
    return _sign_under(match["host"], identity.log_id[:HINT_SIZE], signer)


def sign_as_v2(identity: Identity, signer: Signer) -> SignCheckpoint:
    """Return how a log of version 2 signs its checkpoints (C2SP tlog-checkpoint)."""
    return _sign_under(identity.origin, identity.log_id[:HINT_SIZE], signer)


def _sign_under(name: str, hint: bytes, signer: Signer) -> SignCheckpoint:
    def sign(checkpoint: Checkpoint, _timestamp_ms: int) -> NoteSignature:
        return sign_note(checkpoint.encode(), name, hint, signer)

    return sign


@value
class _Statement:
    """What a log says of itself at index 0: it signed its own public key."""

    hash: str
    digest: bytes
    signature: bytes
    key: PublicKey


def build_genesis(kind: LogKind, signer: Signer) -> Accepted:
    """Build the entry at index 0: a valid hashedrekord over the PEM of the log's key, signed with that key.

    JSON of protocol buffers leaves out a zero, and released clients cannot read an entry without its index;
    so index 0 must not be anyone's. The signature shows besides that the log has its private key.

    Raises:
        KeyUnusable: The key cannot sign a digest.
    """
    message = signer.public_key.encode_pem()
    algorithm = signer.public_key.algorithm
    if algorithm.scheme is Scheme.ED25519:
        statement = _Statement(ED25519PH.hash, _digest(ED25519PH.hash, message), _prehashed(signer), signer.public_key)
    elif algorithm.hash:
        digest = _digest(algorithm.hash, message)
        statement = _Statement(algorithm.hash, digest, signer.sign(message), signer.public_key)
    else:
        raise KeyUnusable(signer.public_key.fingerprint, f"{algorithm.key} keys do not sign digests")
    fingerprint = _digest("sha256", message).hex()
    return Accepted(_BODIES[kind](statement), (f"{statement.hash}:{statement.digest.hex()}", fingerprint))


def _digest(name: str, message: bytes) -> bytes:
    return new(name, message).digest()


def _prehashed(signer: Signer) -> bytes:
    """Sign the key's own PEM with Ed25519ph (RFC 8032 section 5.1): pure Ed25519 cannot sign a digest.

    Raises:
        KeyUnusable: The private key is not at hand, and what holds it signs in the other way only.
    """
    if not isinstance(signer, PrivateKey):
        raise KeyUnusable(signer.public_key.fingerprint, "Ed25519 in hardware does not sign digests; use ECDSA")
    from nacl import bindings

    seed = cast("Ed25519PrivateKey", signer.handle).private_bytes_raw()
    _, secret = bindings.crypto_sign_seed_keypair(seed)
    state = bindings.crypto_sign_ed25519ph_state()
    bindings.crypto_sign_ed25519ph_update(state, signer.public_key.encode_pem())
    return bindings.crypto_sign_ed25519ph_final_create(state, secret)


def _v1_body(statement: _Statement) -> bytes:
    """Write hashedrekord 0.0.1 (rekor, pkg/types/hashedrekord/v0.0.1)."""
    spec = {
        "data": {"hash": {"algorithm": statement.hash, "value": statement.digest.hex()}},
        "signature": {
            "content": encode_b64(statement.signature),
            "publicKey": {"content": encode_b64(statement.key.encode_pem())},
        },
    }
    return encode_canonical_json({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})


def _v2_body(statement: _Statement) -> bytes:
    """Write hashedrekord 0.0.2 (rekor-tiles, `HashedRekordLogEntryV002`)."""
    algorithm = statement.key.algorithm
    details = ED25519PH.name if algorithm.scheme is Scheme.ED25519 else algorithm.name
    spec = {
        "data": {"algorithm": f"SHA2_{statement.hash.removeprefix('sha')}", "digest": encode_b64(statement.digest)},
        "signature": {
            "content": encode_b64(statement.signature),
            "verifier": {"keyDetails": details, "publicKey": {"rawBytes": encode_b64(statement.key.spki)}},
        },
    }
    return encode_canonical_json(
        {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": spec}},
    )


_BODIES: Final[Mapping[LogKind, Callable[[_Statement], bytes]]] = {
    LogKind.REKOR_V1: _v1_body,
    LogKind.REKOR_V2: _v2_body,
}
