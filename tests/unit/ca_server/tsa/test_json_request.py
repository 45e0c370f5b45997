"""Requests in JSON: what sigstore-js sends, and what is refused."""

import base64
import json
from typing import Any

import pytest

from ca_server.tsa.json_request import MAX_JSON, PolicyTooLong, parse_json_request
from cosignpy.core.timestamp.imprint import MessageImprint, WeakHash, WrongDigestLength
from cosignpy.core.timestamp.request import MAX_NONCE_BITS, TimestampRequest
from cosignpy.errors import LimitExceeded, MalformedError

IMPRINT = MessageImprint.of(b"message")
GOOD = {"artifactHash": base64.b64encode(IMPRINT.digest).decode(), "hashAlgorithm": "sha256"}


def parse(**changes: Any) -> TimestampRequest:
    return parse_json_request(json.dumps(GOOD | changes).encode())


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, TimestampRequest(IMPRINT)),
        ({"certificates": False}, TimestampRequest(IMPRINT)),
        ({"certificates": None, "nonce": None, "tsaPolicyOID": ""}, TimestampRequest(IMPRINT)),
        ({"certificates": True}, TimestampRequest(IMPRINT, certificates=True)),
        ({"hashAlgorithm": "SHA256", "unknown": 1}, TimestampRequest(IMPRINT)),
        ({"nonce": 0}, TimestampRequest(IMPRINT, nonce=0)),
        ({"nonce": 2**MAX_NONCE_BITS - 1}, TimestampRequest(IMPRINT, nonce=2**MAX_NONCE_BITS - 1)),
        ({"tsaPolicyOID": "1.2.3"}, TimestampRequest(IMPRINT, policy="1.2.3")),
    ],
)
def test_requests(changes: dict[str, Any], wanted: TimestampRequest) -> None:
    assert parse(**changes) == wanted


def test_hash_functions() -> None:
    for name, size in (("sha384", 48), ("sha512", 64)):
        digest = base64.b64encode(bytes(size)).decode()
        assert parse(artifactHash=digest, hashAlgorithm=name).imprint == MessageImprint(name, bytes(size))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"hashAlgorithm": "sha1"}, WeakHash),
        ({"hashAlgorithm": "sha512"}, WrongDigestLength),
        ({"hashAlgorithm": "whirlpool"}, MalformedError),
        ({"hashAlgorithm": None}, MalformedError),
        ({"artifactHash": None}, MalformedError),
        ({"artifactHash": GOOD["artifactHash"].rstrip("=")}, MalformedError),
        ({"nonce": 1.5}, MalformedError),
        ({"nonce": "1"}, MalformedError),
        ({"nonce": True}, MalformedError),
        ({"nonce": 2**MAX_NONCE_BITS}, LimitExceeded),
        ({"certificates": 1}, MalformedError),
        ({"certificates": 0}, MalformedError),
        ({"certificates": "true"}, MalformedError),
        ({"certificates": []}, MalformedError),
        ({"tsaPolicyOID": "1.2.x"}, MalformedError),
        ({"tsaPolicyOID": ".".join(["1"] * 129)}, PolicyTooLong),
        ({"tsaPolicyOID": 1}, MalformedError),
    ],
)
def test_other_members_are_refused(changes: dict[str, Any], error: type[MalformedError]) -> None:
    with pytest.raises(MalformedError) as refused:
        parse(**changes)
    assert type(refused.value) is error


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"nonce":1,"nonce":1}', b"\xff", b"[" * 500])
def test_other_documents_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_json_request(raw)


def test_a_document_has_a_limit() -> None:
    good = json.dumps(GOOD).encode()
    assert parse_json_request(good.ljust(MAX_JSON)).imprint == IMPRINT
    with pytest.raises(LimitExceeded):
        parse_json_request(good.ljust(MAX_JSON + 1))
