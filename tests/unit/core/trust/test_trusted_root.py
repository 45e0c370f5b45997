"""Trusted roots: everybody's are read, ours are read by all, neighbours are refused."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cosignpy.core.encoding import JsonValue, encode_b64, encode_json
from cosignpy.core.trust.trusted_root import (
    MAX_AUTHORITIES,
    MAX_CHAIN,
    MAX_LOGS,
    MAX_TRUSTED_ROOT,
    TRUSTED_ROOT,
    TRUSTED_ROOT_TYPES,
    TrustedRoot,
    encode_trusted_root,
    parse_trusted_root,
)
from cosignpy.core.trust.validity import Validity, parse_time
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support import vectors
from tests.support.keys import key_vectors
from tests.support.trust_documents import (
    BEGIN,
    ISSUING_CHAIN,
    LOG_KEY,
    SHARD_KEY,
    STAMPING_CHAIN,
    changed,
    trusted_root,
)

LOG: Final = "tlogs.0"
KEY: Final = "tlogs.0.publicKey"
AUTHORITY: Final = "certificateAuthorities.0"


def read(path: str, content: JsonValue) -> TrustedRoot:
    return parse_trusted_root(changed(trusted_root(), path, content))


def test_a_trusted_root_is_read() -> None:
    found = parse_trusted_root(encode_json(trusted_root()))
    first, shard = found.logs
    assert (first.base_url, first.key, first.raw_key) == ("https://log.example", LOG_KEY, LOG_KEY.spki)
    assert (first.validity, first.operator) == (Validity(parse_time(BEGIN, what="test")), "")
    assert (first.checkpoint_key_id, shard.key, len(shard.log_id)) == (None, SHARD_KEY, 32)
    assert found.ct_logs[0].base_url == "https://ct.example"
    (authority,), (stamper,) = found.certificate_authorities, found.timestamp_authorities
    assert (authority.organization, authority.common_name, authority.uri) == ("", "root", "https://ca.example")
    assert tuple(each.der for each in authority.chain) == ISSUING_CHAIN
    assert tuple(each.der for each in stamper.chain) == STAMPING_CHAIN


def test_what_is_written_is_what_was_read() -> None:
    document = trusted_root()
    document["tlogs"][0] |= {"checkpointKeyId": {"keyId": "YQ=="}, "operator": "someone"}
    document["certificateAuthorities"][0] |= {"operator": "another"}
    found = parse_trusted_root(encode_json(document))
    assert (found.logs[0].checkpoint_key_id, found.logs[0].operator) == (b"a", "someone")
    assert found.certificate_authorities[0].operator == "another"
    assert json.loads(encode_trusted_root(found)) == document


def test_every_list_and_every_part_of_a_name_is_written() -> None:
    """Python's client refuses documents without."""
    lists = ("tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities")
    assert json.loads(encode_trusted_root(TrustedRoot())) == {"mediaType": TRUSTED_ROOT} | {name: [] for name in lists}
    unnamed = read(f"{AUTHORITY}.subject", None)
    assert json.loads(encode_trusted_root(unnamed))["certificateAuthorities"][0]["subject"] == {
        "organization": "",
        "commonName": "",
    }


@pytest.mark.parametrize("media_type", sorted(TRUSTED_ROOT_TYPES))
def test_all_media_types_are_read_and_one_is_written(media_type: str) -> None:
    found = read("mediaType", media_type)
    assert found.media_type == media_type
    assert json.loads(encode_trusted_root(found))["mediaType"] == TRUSTED_ROOT


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("mediaType", "application/json"),
        ("mediaType", None),
        ("unknown", 1),
        ("tlogs", {}),
        (LOG, "text"),
        (f"{LOG}.unknown", 1),
        (f"{LOG}.hashAlgorithm", None),
        (f"{LOG}.baseUrl", 1),
        (f"{LOG}.logId", None),
        (f"{LOG}.logId", {}),
        (f"{LOG}.logId", {"keyId": "YQ==", "more": 1}),
        (f"{LOG}.checkpointKeyId", {}),
        (KEY, None),
        (f"{KEY}.unknown", 1),
        (f"{KEY}.rawBytes", None),
        (f"{KEY}.rawBytes", "YQ"),
        (f"{KEY}.rawBytes", "YQ=="),
        (f"{KEY}.keyDetails", None),
        (f"{KEY}.keyDetails", "PKIX_ED25519"),
        (f"{KEY}.keyDetails", "PKIX_ECDSA_P384_SHA_384"),
        (f"{KEY}.keyDetails", "PKIX_RSA_PKCS1V5"),
        (f"{KEY}.keyDetails", "PKCS1_RSA_PKCS1V5"),
        (f"{KEY}.validFor", {"start": "yesterday"}),
        (f"{AUTHORITY}.unknown", 1),
        (f"{AUTHORITY}.subject", {"country": "DE"}),
        (f"{AUTHORITY}.certChain", None),
        (f"{AUTHORITY}.certChain", {}),
        (f"{AUTHORITY}.certChain", {"certificates": []}),
        (f"{AUTHORITY}.certChain", {"certificates": [{"rawBytes": "YQ=="}]}),
        (f"{AUTHORITY}.certChain.more", 1),
        (f"{AUTHORITY}.certChain.certificates.0.more", 1),
    ],
)
def test_a_neighbour_is_refused(path: str, content: JsonValue) -> None:
    with pytest.raises(MalformedError):
        read(path, content)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"{KEY}.keyDetails", "A_KIND_TO_COME"),
        (f"{LOG}.hashAlgorithm", "SHA3_256"),
    ],
)
def test_a_log_of_an_unknown_kind_is_kept_and_has_no_key(path: str, content: JsonValue) -> None:
    log = read(path, content).logs[0]
    assert (log.key, log.raw_key, log.base_url) == (None, LOG_KEY.spki, "https://log.example")


@pytest.mark.parametrize("name", ["RSA-2048", "RSA-4096"])
def test_an_rsa_key_may_be_bare_or_of_no_particular_size(name: str) -> None:
    key = key_vectors()[name].public_key()
    bare = key.handle.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    for raw, details in ((bare, "PKCS1_RSA_PKCS1V5"), (key.spki, "PKIX_RSA_PKCS1V5")):
        document = trusted_root()
        document["tlogs"][0]["publicKey"] |= {"rawBytes": encode_b64(raw), "keyDetails": details}
        log = parse_trusted_root(encode_json(document)).logs[0]
        assert (log.key, log.raw_key, log.key_details) == (key, raw, details)


def test_a_key_that_is_too_weak_is_kept_and_not_used() -> None:
    weak = generate_private_key(65537, 1024).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    document = trusted_root()
    document["tlogs"][0]["publicKey"] |= {"rawBytes": encode_b64(weak), "keyDetails": "PKIX_RSA_PKCS1V5"}
    assert parse_trusted_root(encode_json(document)).logs[0].key is None


def test_without_validity_nothing_is_covered() -> None:
    moment = parse_time("2026-01-01T00:00:00Z", what="test")
    for path in (f"{KEY}.validFor", f"{AUTHORITY}.validFor"):
        found = read(path, None)
        item = found.logs[0] if path.startswith(LOG) else found.certificate_authorities[0]
        assert not item.validity.covers(moment)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("tlogs", MAX_LOGS),
        ("ctlogs", MAX_LOGS),
        ("certificateAuthorities", MAX_AUTHORITIES),
        ("timestampAuthorities", MAX_AUTHORITIES),
        (f"{AUTHORITY}.certChain.certificates", MAX_CHAIN),
    ],
)
def test_everything_has_a_limit(path: str, most: int) -> None:
    one: Any = trusted_root()
    for step in path.split("."):
        one = one[int(step) if isinstance(one, list) else step]
    read(path, [one[0]] * most)
    with pytest.raises(LimitExceeded):
        read(path, [one[0]] * (most + 1))


def test_a_document_has_a_limit() -> None:
    raw = encode_json(trusted_root()).ljust(MAX_TRUSTED_ROOT)
    parse_trusted_root(raw)
    with pytest.raises(LimitExceeded):
        parse_trusted_root(raw + b" ")


@vectors.NEEDED
@pytest.mark.parametrize(
    "file",
    [
        *vectors.files("trusted_roots/*_trusted_root*.json"),
        *vectors.files("sigstore-go/trusted-root*/*.json"),
        *vectors.files("sigstore-java/trustroot/*trusted_root*.json"),
        *vectors.files("sigstore-python/trusted_root/trustedroot.v1*.json"),
        *vectors.files("*/*/trusted_root.json"),
    ],
    ids=lambda file: "-".join(file.parts[-2:]),
)
def test_everybodys_trusted_roots_are_read_and_written(file: Path) -> None:
    found = parse_trusted_root(file.read_bytes())
    assert parse_trusted_root(encode_trusted_root(found)) == found
    assert all(log.key is not None for log in (*found.logs, *found.ct_logs))


@vectors.NEEDED
def test_an_unknown_media_type_of_someone_elses_is_refused() -> None:
    with pytest.raises(MalformedError):
        parse_trusted_root(vectors.path("sigstore-python/trusted_root/trustedroot.badtype.json").read_bytes())


@vectors.NEEDED
def test_no_authority_without_certificates() -> None:
    empty = json.loads(vectors.path("sigstore-python/trusted_root/certificate_authority.empty.json").read_bytes())
    with pytest.raises(MalformedError):
        read(AUTHORITY, empty)
