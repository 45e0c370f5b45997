"""Signing configs: everybody's are read and written, neighbours are refused."""

import json
from pathlib import Path

import pytest

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.trust.signing_config import (
    MAX_SERVICES,
    MAX_SIGNING_CONFIG,
    SIGNING_CONFIG,
    Selection,
    Selector,
    Service,
    SigningConfig,
    encode_signing_config,
    parse_signing_config,
)
from cosignpy.core.trust.validity import Validity, parse_time
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support import vectors
from tests.support.trust_documents import BEGIN, changed, service_of, signing_config


def read(path: str, content: JsonValue) -> SigningConfig:
    return parse_signing_config(changed(signing_config(), path, content))


def test_a_signing_config_is_read_and_written() -> None:
    found = parse_signing_config(encode_json(signing_config()))
    start = Validity(parse_time(BEGIN, what="test"))
    assert found.certificate_authorities == (Service("https://ca.example", 1, start, "example"),)
    assert found.identity_providers == (Service("https://idp.example", 1, start, "example"),)
    assert [log.major_api_version for log in found.logs] == [1, 2]
    assert (found.log_selection, found.timestamp_selection) == (Selection(Selector.ANY), Selection(Selector.EXACT, 1))
    assert found.timestamp_authorities[0].url == "https://tsa.example/api/v1/timestamp"
    assert json.loads(encode_signing_config(found)) == signing_config()


def test_what_cosign_writes_for_no_services_is_read() -> None:
    raw = encode_json({"mediaType": SIGNING_CONFIG, "rekorTlogConfig": {}, "tsaConfig": {}})
    assert parse_signing_config(raw) == SigningConfig()
    assert parse_signing_config(encode_json({"mediaType": SIGNING_CONFIG})) == SigningConfig()
    assert parse_signing_config(encode_signing_config(SigningConfig())) == SigningConfig()


@pytest.mark.parametrize("kind", ["certificate_authorities", "identity_providers", "logs", "timestamp_authorities"])
def test_a_beginning_is_given_to_those_that_have_none(kind: str) -> None:
    start, other, end = (parse_time(f"20{year}-01-01T00:00:00Z", what="test") for year in (10, 20, 30))
    services = (Service("https://a", 1, Validity(None, end)), Service("https://b", 1, Validity(other)))
    dated = SigningConfig(**{kind: services}, log_selection=Selection(Selector.ANY)).dated(start)
    expected = (Service("https://a", 1, Validity(start, end)), services[1])
    assert dated == SigningConfig(**{kind: expected}, log_selection=Selection(Selector.ANY))


def test_a_version_of_zero_may_be_left_out() -> None:
    assert read("caUrls.0.majorApiVersion", None).certificate_authorities[0].major_api_version == 0


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("mediaType", None),
        ("mediaType", "application/vnd.dev.sigstore.signingconfig.v0.1+json"),
        ("unknown", 1),
        ("caUrls", {}),
        ("caUrls.0.url", None),
        ("caUrls.0.unknown", 1),
        ("caUrls.0.majorApiVersion", -1),
        ("caUrls.0.majorApiVersion", 2**32),
        ("caUrls.0.majorApiVersion", "1"),
        ("caUrls.0.validFor", {"start": 1}),
        ("caUrls.0.operator", 1),
        ("tsaConfig.selector", "SOME"),
        ("tsaConfig.count", 2**32),
        ("tsaConfig.unknown", 1),
    ],
)
def test_a_neighbour_is_refused(path: str, content: JsonValue) -> None:
    with pytest.raises(MalformedError):
        read(path, content)


@pytest.mark.parametrize("kind", ["caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"])
def test_services_have_a_limit(kind: str) -> None:
    read(kind, [service_of("https://example")] * MAX_SERVICES)
    with pytest.raises(LimitExceeded):
        read(kind, [service_of("https://example")] * (MAX_SERVICES + 1))


def test_a_document_has_a_limit() -> None:
    raw = encode_json(signing_config()).ljust(MAX_SIGNING_CONFIG)
    parse_signing_config(raw)
    with pytest.raises(LimitExceeded):
        parse_signing_config(raw + b" ")


@vectors.NEEDED
@pytest.mark.parametrize(
    "file",
    [
        *vectors.files("trusted_roots/*signing_config.v0.2.json"),
        *vectors.files("sigstore-go/signing_config.v0.2.json"),
        *vectors.files("sigstore-python/signing_config/*.json"),
        *vectors.files("sigstore-java/trustroot/*signing_config.v0.2.json"),
    ],
    ids=lambda file: "-".join(file.parts[-2:]),
)
def test_everybodys_signing_configs_are_read_and_written(file: Path) -> None:
    found = parse_signing_config(file.read_bytes())
    assert parse_signing_config(encode_signing_config(found)) == found
    assert found.certificate_authorities
