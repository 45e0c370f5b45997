"""What clients propose to Rekor: specs of v1's kinds and requests of v2, valid until a test changes them."""

import copy
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from cosignpy.core.dsse import IN_TOTO_PAYLOAD, encode_pae
from cosignpy.core.encoding import JsonObject, PemBlock, encode_b64
from cosignpy.core.keys.algorithms import SIGNING
from cosignpy.core.keys.private import PrivateKey
from tests.support.certificates import NAMED, Authority, Extensions, key
from tests.support.keys import key_vectors

MESSAGE: Final = b"artifact"
STATEMENT: Final = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "a", "digest": {"sha256": "AB" * 32, "gitCommit": "c0"}}],
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "predicate": {"materials": [{"uri": "git+https://example.com", "digest": {"sha1": "d1"}}]},
    }
).encode()
STATEMENT_KEYS: Final = (f"sha256:{'ab' * 32}", "gitcommit:c0", "sha1:d1")

Mutation = Callable[[dict[str, Any]], object]


@cache
def signer(kind: str = "P-256") -> PrivateKey:
    """Return a key of that kind, the same in a whole run."""
    return key_vectors()[kind].private_key()


@cache
def second_signer() -> PrivateKey:
    """Return another P-256 key."""
    return PrivateKey.generate(SIGNING["P-256"])


@cache
def certified(extensions: Extensions = NAMED) -> tuple[PrivateKey, bytes, tuple[bytes, ...]]:
    """Return the key of a leaf, the leaf in DER, and its chain in PEM."""
    root = Authority.root()
    middle = root.authority()
    leaf = middle.leaf(extensions)
    return (
        PrivateKey.from_handle(key("leaf")),
        leaf,
        tuple(certificate_pem(der) for der in (leaf, middle.der, root.der)),
    )


def certificate_pem(der: bytes) -> bytes:
    """Encode a certificate as PEM."""
    return PemBlock("CERTIFICATE", der).encode()


def pem_b64(pem: bytes) -> str:
    """Encode PEM as members of v1 hold it."""
    return encode_b64(pem)


def changed(content: dict[str, Any], mutate: Mutation) -> dict[str, Any]:
    """Return a deep copy that is different in one way."""
    copied = copy.deepcopy(content)
    mutate(copied)
    return copied


def spec_of(content: dict[str, Any]) -> JsonObject:
    """Return a spec as the kinds receive it."""
    return JsonObject(content, "proposed entry", "spec.")


def hashedrekord(by: PrivateKey, pem: bytes, *, algorithm: str = "sha256", message: bytes = MESSAGE) -> dict[str, Any]:
    """Build the spec of a hashedrekord 0.0.1 of an artifact."""
    return {
        "data": {"hash": {"algorithm": algorithm, "value": hashlib.new(algorithm, message).hexdigest()}},
        "signature": {"content": encode_b64(by.sign(message)), "publicKey": {"content": pem_b64(pem)}},
    }


def envelope_text(
    *by: PrivateKey, payload: bytes = STATEMENT, payload_type: str = IN_TOTO_PAYLOAD, keyid: str = ""
) -> str:
    """Build an envelope as text, signed by each of the keys."""
    pae = encode_pae(payload_type, payload)
    signatures = [{"keyid": keyid, "sig": encode_b64(one.sign(pae))} for one in by]
    return json.dumps({"payload": encode_b64(payload), "payloadType": payload_type, "signatures": signatures})


def dsse(text: str, pems: Sequence[bytes]) -> dict[str, Any]:
    """Build the spec of a dsse 0.0.1."""
    return {"proposedContent": {"envelope": text, "verifiers": [pem_b64(pem) for pem in pems]}}


def intoto_v001(text: str, pem: bytes) -> dict[str, Any]:
    """Build the spec of an intoto 0.0.1."""
    return {"content": {"envelope": text}, "publicKey": pem_b64(pem)}


def twice(raw: bytes) -> str:
    """Encode as base64 of base64."""
    return encode_b64(encode_b64(raw).encode())


def intoto_v002(
    by: Sequence[tuple[PrivateKey, bytes]], *, payload: bytes = STATEMENT, payload_type: str = IN_TOTO_PAYLOAD
) -> dict[str, Any]:
    """Build the spec of an intoto 0.0.2, signed by each key, each with its PEM."""
    pae = encode_pae(payload_type, payload)
    signatures = [{"sig": twice(one.sign(pae)), "publicKey": pem_b64(pem)} for one, pem in by]
    return {
        "content": {
            "envelope": {"payloadType": payload_type, "payload": twice(payload), "signatures": signatures},
            "hash": {"algorithm": "sha256", "value": "ef" * 32},
        }
    }


def key_verifier(by: PrivateKey) -> dict[str, Any]:
    """Build the verifier of a v2 request from a public key."""
    return {"publicKey": {"rawBytes": encode_b64(by.public_key.spki)}, "keyDetails": by.algorithm.name}


def certificate_verifier(by: PrivateKey, leaf: bytes) -> dict[str, Any]:
    """Build the verifier of a v2 request from a certificate."""
    return {"x509Certificate": {"rawBytes": encode_b64(leaf)}, "keyDetails": by.algorithm.name}


def v2_hashedrekord(by: PrivateKey, verifier: dict[str, Any], *, message: bytes = MESSAGE) -> dict[str, Any]:
    """Build a `hashedRekordRequestV002` of an artifact."""
    digest = hashlib.new(by.algorithm.hash, message).digest()
    signature = {"content": encode_b64(by.sign(message)), "verifier": verifier}
    return {"hashedRekordRequestV002": {"digest": encode_b64(digest), "signature": signature}}


def v2_dsse(
    by: Sequence[PrivateKey],
    verifiers: Sequence[dict[str, Any]],
    *,
    payload: bytes = STATEMENT,
    payload_type: str = IN_TOTO_PAYLOAD,
) -> dict[str, Any]:
    """Build a `dsseRequestV002`."""
    envelope = json.loads(envelope_text(*by, payload=payload, payload_type=payload_type))
    return {"dsseRequestV002": {"envelope": envelope, "verifiers": list(verifiers)}}
