"""Rekor v1: every kind goes in over HTTP, comes out as the real server writes it, and is found by its keys."""

import base64
import hashlib
from typing import Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.rekor.log_entry import parse_v1_entries
from log_server.rekor.kinds_table import KINDS
from log_server.rekor.v1_routes import build_v1
from log_server.rekor.v2_routes import build_v2
from tests.support.certificates import LIFETIME, START, Authority, key
from tests.support.memory_log import MemoryLog, build_log, v1_shard, v2_shard
from tests.support.rekor_calls import V1_ENTRIES, V2_ENTRIES, get, post, propose_v1, propose_v2
from tests.support.rekor_kinds import NAMES, KindVector, load

INDEX: Final = "/api/v1/index/retrieve"
VECTORS: Final = tuple(load(name) for name in NAMES)
LOGGED: Final = tuple(vector for vector in VECTORS if vector.canonical is not None)
REFUSED: Final = tuple(vector for vector in VECTORS if vector.refused is not None)
KEYED: Final = tuple(vector for vector in LOGGED if vector.proposed["kind"] == "rekord")
EXPIRED_MS: Final = int((START + 2 * LIFETIME).timestamp() * 1000)


def name_of(vector: KindVector) -> str:
    return vector.name


@pytest.fixture
def log() -> MemoryLog:
    return build_log(v1_shard(PrivateKey.generate(ECDSA_P256)))


@pytest.mark.parametrize("vector", LOGGED, ids=name_of)
def test_an_entry_is_logged_as_the_real_server_logs_it(log: MemoryLog, vector: KindVector) -> None:
    app = build_v1(log)
    answer = post(app, V1_ENTRIES, vector.proposed)
    ((entry_id, entry),) = parse_v1_entries(answer.body).items()
    assert (answer.status, entry.body.decode()) == (201, vector.canonical)
    again = post(app, f"{V1_ENTRIES}/retrieve", {"entries": [vector.proposed]})
    assert [list(found) for found in again.json] == [[entry_id]]
    hashes = [text for text in vector.search_keys if text.startswith("sha")]
    for text in hashes:
        assert post(app, INDEX, {"hash": text}).json == [entry_id]


@pytest.mark.parametrize("vector", REFUSED, ids=name_of)
def test_an_entry_that_the_real_server_refuses_is_refused(log: MemoryLog, vector: KindVector) -> None:
    answer = post(build_v1(log), V1_ENTRIES, vector.proposed)
    assert (answer.status, answer.json["code"], log.active.reader.tree().size) == (400, 400, 1)


@pytest.mark.parametrize("vector", KEYED, ids=name_of)
def test_an_entry_is_found_by_its_key_in_the_form_in_which_it_was_sent(log: MemoryLog, vector: KindVector) -> None:
    app = build_v1(log)
    ((entry_id, _),) = post(app, V1_ENTRIES, vector.proposed).json.items()
    signature = vector.proposed["spec"]["signature"]
    query = {"format": signature["format"], "content": signature["publicKey"]["content"]}
    assert post(app, INDEX, {"publicKey": query}).json == [entry_id]


def test_tuf_metadata_is_found_by_its_root(log: MemoryLog) -> None:
    app = build_v1(log)
    vector = load("tuf-base64")
    ((entry_id, _),) = post(app, V1_ENTRIES, vector.proposed).json.items()
    query = {"format": "tuf", "content": vector.proposed["spec"]["root"]["content"]}
    assert post(app, INDEX, {"publicKey": query}).json == [entry_id]


def test_an_attestation_is_kept_and_shown_with_its_entry(log: MemoryLog) -> None:
    app = build_v1(log)
    post(app, V1_ENTRIES, load("cose-intoto").proposed)
    ((_, entry),) = get(app, f"{V1_ENTRIES}?logIndex=1").json.items()
    kept = base64.b64decode(entry["attestation"]["data"])
    assert f'"value":"{hashlib.sha256(kept).hexdigest()}"'.encode() in base64.b64decode(entry["body"])


def test_every_kind_is_there() -> None:
    assert {vector.proposed["kind"] for vector in LOGGED} <= {kind for kind, _ in KINDS}
    assert {("hashedrekord", "0.0.1"), ("dsse", "0.0.1"), ("intoto", "0.0.1"), ("intoto", "0.0.2")} <= KINDS.keys()


def test_version_1_takes_an_expired_certificate(log: MemoryLog) -> None:
    """The log records, it does not judge time."""
    log.now_ms = EXPIRED_MS
    app = build_v1(log)
    signer, pem = PrivateKey.from_handle(key("leaf")), encode_pem(Authority.root().leaf())
    proposed = propose_v1(signer)
    proposed["spec"]["signature"]["publicKey"]["content"] = encode_b64(pem)
    ((entry_id, _),) = post(app, V1_ENTRIES, proposed).json.items()
    assert post(app, INDEX, {"email": "Someone@example.com"}).json == [entry_id]


def test_version_2_takes_an_expired_certificate() -> None:
    log = build_log(v2_shard(PrivateKey.generate(ECDSA_P256)))
    log.now_ms = EXPIRED_MS
    app = build_v2(log)
    signer = PrivateKey.from_handle(key("leaf"))
    proposed = propose_v2(signer)
    verifier = proposed["hashedRekordRequestV002"]["signature"]["verifier"]
    del verifier["publicKey"]
    verifier["x509Certificate"] = {"rawBytes": encode_b64(Authority.root().leaf())}
    assert post(app, V2_ENTRIES, proposed).status == 201


def encode_pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
