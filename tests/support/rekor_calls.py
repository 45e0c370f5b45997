"""Entries as clients of Rekor propose them, and calls of a face without a server."""

import asyncio
import hashlib
import json
from typing import Any, Final

from starlette.types import ASGIApp

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.private import PrivateKey
from tests.support.asgi_calls import Answer, Client, ask_async, scope_of

V1_ENTRIES: Final = "/api/v1/log/entries"
V2_ENTRIES: Final = "/api/v2/log/entries"
JSON: Final = (b"content-type", b"application/json")


def propose_v1(signer: PrivateKey, message: bytes = b"artifact") -> dict[str, Any]:
    """Build a hashedrekord 0.0.1 by an ECDSA P-256 key."""
    return {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(message).hexdigest()}},
            "signature": {
                "content": encode_b64(signer.sign(message)),
                "publicKey": {"content": encode_b64(signer.public_key.encode_pem())},
            },
        },
    }


def propose_v2(signer: PrivateKey, message: bytes = b"artifact") -> dict[str, Any]:
    """Build a `hashedRekordRequestV002` by an ECDSA P-256 key."""
    return {
        "hashedRekordRequestV002": {
            "digest": encode_b64(hashlib.sha256(message).digest()),
            "signature": {
                "content": encode_b64(signer.sign(message)),
                "verifier": {
                    "publicKey": {"rawBytes": encode_b64(signer.public_key.spki)},
                    "keyDetails": signer.public_key.algorithm.name,
                },
            },
        },
    }


def get(app: ASGIApp, target: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Answer:
    """Ask for a path, with its query if it has one."""
    path, _, query = target.partition("?")
    return call(app, scope_of(path, headers, method=method, query_string=query.encode()), b"")


def post(app: ASGIApp, target: str, content: object, *headers: tuple[bytes, bytes]) -> Answer:
    """Send JSON, or bytes as they are; the content type is JSON unless headers are given."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    path, _, query = target.partition("?")
    return call(app, scope_of(path, headers or (JSON,), method="POST", query_string=query.encode()), raw)


def call(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
    """Have the app serve one request."""
    return asyncio.run(ask_async(app, scope, Client((body,))))
