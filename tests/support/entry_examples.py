"""The examples of docs/formats/rekor-entries.md: what is proposed to a Rekor log, and what it logs of it."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from cosignpy.core.dsse import encode_pae
from cosignpy.core.encoding import JsonObject, encode_b64
from log_server.rekor.kinds_table import accept_proposed
from log_server.rekor.v2_request import accept
from tests.support.fixed_keys import ALICE, ARTIFACT

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT: Final = (
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact","digest":{"sha256":"%s"}}],'
    b'"predicateType":"https://example.com/reviewed","predicate":{}}' % sha256(ARTIFACT).hexdigest().encode()
)
KEY: Final = encode_b64(ALICE.public_key.encode_pem())
SIGNATURE: Final = encode_b64(ALICE.sign(encode_pae(PAYLOAD_TYPE, STATEMENT)))
ENVELOPE: Final = json.dumps(
    {"payloadType": PAYLOAD_TYPE, "payload": encode_b64(STATEMENT), "signatures": [{"sig": SIGNATURE}]},
    separators=(",", ":"),
)


def _propose(kind: str, version: str, spec: dict[str, Any]) -> bytes:
    return json.dumps({"apiVersion": version, "kind": kind, "spec": spec}).encode()


def propose_hashedrekord() -> bytes:
    """Propose Alice's signature to version 1."""
    digest = {"algorithm": "sha256", "value": sha256(ARTIFACT).hexdigest()}
    signature = {"content": encode_b64(ALICE.sign(ARTIFACT)), "publicKey": {"content": KEY}}
    return _propose("hashedrekord", "0.0.1", {"data": {"hash": digest}, "signature": signature})


def request_hashedrekord() -> bytes:
    """Propose the same to version 2."""
    verifier = {
        "publicKey": {"rawBytes": encode_b64(ALICE.public_key.spki)},
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    }
    signature = {"content": encode_b64(ALICE.sign(ARTIFACT)), "verifier": verifier}
    digest = encode_b64(sha256(ARTIFACT).digest())
    return json.dumps({"hashedRekordRequestV002": {"digest": digest, "signature": signature}}).encode()


def propose_dsse() -> bytes:
    """Propose Alice's envelope."""
    return _propose("dsse", "0.0.1", {"proposedContent": {"envelope": ENVELOPE, "verifiers": [KEY]}})


def propose_intoto_v001() -> bytes:
    """Propose Alice's envelope as the oldest clients do."""
    return _propose("intoto", "0.0.1", {"content": {"envelope": ENVELOPE}, "publicKey": KEY})


def propose_intoto_v002() -> bytes:
    """Propose Alice's envelope in parts."""
    signature = {"sig": encode_b64(SIGNATURE.encode()), "publicKey": KEY}
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": encode_b64(encode_b64(STATEMENT).encode()),
        "signatures": [signature],
    }
    hashed = {"algorithm": "sha256", "value": sha256(ENVELOPE.encode()).hexdigest()}
    return _propose("intoto", "0.0.2", {"content": {"envelope": envelope, "hash": hashed}})


def logged(proposal: bytes) -> bytes:
    """Return what version 1 logs of a proposal."""
    return accept_proposed(JsonObject.parse(proposal, what="entry")).body


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    "body-dsse": lambda: logged(propose_dsse()),
    "body-intoto-v001": lambda: logged(propose_intoto_v001()),
    "body-intoto-v002": lambda: logged(propose_intoto_v002()),
    "body-v1": lambda: logged(propose_hashedrekord()),
    "body-v2": lambda: accept(request_hashedrekord()).body,
    "proposal-dsse": propose_dsse,
    "proposal-intoto-v001": propose_intoto_v001,
    "proposal-intoto-v002": propose_intoto_v002,
    "proposal-v1": propose_hashedrekord,
    "request-v2": request_hashedrekord,
}
"""Each example by the name that its block carries."""
