"""Scripts for the clients of Sigstore's services: answers in turn, by a clock that only waiting moves."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.rekor.proposals import EntryVerifier, SignedDigest, SignedEnvelope
from cosignpy.errors import Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Response
from tests.support.answers import ManualTime, ScriptedSender, answer
from tests.support.rekor_proposals import STATEMENT, signer

Script = Callable[[Request], Response]

CHECKPOINT: Final = "log.example\n1\nAAAA\n\n— log.example AAAA\n"


def reply(status: int, body: bytes | Mapping[str, Any] = b"", **headers: str) -> Script:
    """Answer with bytes, or with JSON; underscores in names of headers are hyphens."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda request: answer(request.url, status, raw, fields)


def unreachable(request: Request) -> Response:
    """Have no answer.

    Raises:
        Unreachable: Always.
    """
    raise Unreachable(request.url.origin.authority, str(request.url), None, "connection refused", retryable=True)


def in_turn(*scripts: Script) -> ScriptedSender:
    """Answer one request after the other; a request too many is a failure of the test."""
    left: Iterator[Script] = iter(scripts)

    def respond(request: Request) -> Response:
        return next(left)(request)

    return ScriptedSender(respond)


def manual_clock(time: ManualTime) -> Clock:
    """Return a clock that only sleeping moves."""
    return Clock(lambda: time.now, lambda: time.now, time.sleep, lambda: 1.0)


def signed_digest(message: bytes = b"artifact", by: PrivateKey | None = None) -> SignedDigest:
    """Sign an artifact."""
    by = by or signer()
    return SignedDigest.of(message, by.sign(message), EntryVerifier.of_key(by.public_key))


def signed_envelope(payload: bytes = STATEMENT, by: PrivateKey | None = None) -> SignedEnvelope:
    """Sign a statement."""
    by = by or signer()
    signature = EnvelopeSignature(by.sign(encode_pae(IN_TOTO_PAYLOAD, payload)))
    return SignedEnvelope(Envelope(IN_TOTO_PAYLOAD, payload, (signature,)), EntryVerifier.of_key(by.public_key))


def entry_id(body: bytes) -> str:
    """Return the id of an entry in the shard 1."""
    return f"{1:016x}{hash_leaf(body).hex()}"


def v1_entry(body: bytes, /, **changes: Any) -> dict[str, Any]:
    """Build an answer of Rekor v1; changes to None leave members out, `checkpoint` is the one of the proof."""
    root = hash_leaf(body).hex()
    proof = {"logIndex": 0, "treeSize": 1, "rootHash": root, "hashes": [], "checkpoint": CHECKPOINT}
    verification = {"inclusionProof": proof, "signedEntryTimestamp": encode_b64(b"signature")}
    entry = {
        "body": encode_b64(body),
        "integratedTime": 1_750_000_000,
        "logID": hashlib.sha256(b"key").hexdigest(),
        "logIndex": 7,
        "verification": verification,
    } | changes
    return {entry_id(body): {name: member for name, member in entry.items() if member is not None}}


def v2_entry(body: bytes, /, **changes: Any) -> dict[str, Any]:
    """Build an answer of Rekor v2; changes to None leave members out."""
    kind = json.loads(body) if body.startswith(b"{") else {"kind": "hashedrekord", "apiVersion": "0.0.2"}
    entry = {
        "logIndex": "7",
        "logId": {"keyId": encode_b64(bytes(32))},
        "kindVersion": {"kind": kind["kind"], "version": kind["apiVersion"]},
        "integratedTime": "0",
        "inclusionPromise": None,
        "inclusionProof": {
            "logIndex": "7",
            "rootHash": encode_b64(bytes(32)),
            "treeSize": "8",
            "hashes": [encode_b64(bytes(32))] * 3,
            "checkpoint": {"envelope": CHECKPOINT},
        },
        "canonicalizedBody": encode_b64(body),
    } | changes
    return {name: member for name, member in entry.items() if member is not None}
