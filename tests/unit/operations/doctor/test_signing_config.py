"""Whether the signing config names services to ask now, and only such as the trusted root believes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.errors import FileError, NoSuchTarget
from cosignpy.operations.doctor.facts import Document, Facts
from cosignpy.operations.doctor.findings import Finding, State
from cosignpy.operations.doctor.signing_config import check_signing_config, select_addresses
from tests.support.trust_documents import changed, service_of, signing_config, trusted_root

AT = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
LATER = "2026-01-02T00:00:00Z"
ENDED = {"start": "2024-01-01T00:00:00Z", "end": "2025-12-31T00:00:00Z"}


def check(config: bytes, root: bytes | None = None) -> list[Finding]:
    root = encode_json(trusted_root()) if root is None else root
    facts = Facts(AT, trusted_root=Document("root.json", root), signing_config=Document("config.json", config))
    return list(check_signing_config(facts))


def bad(config: bytes, root: bytes | None = None) -> list[str]:
    return [finding.name for finding in check(config, root) if finding.state is not State.OK]


def test_those_that_are_asked_are_told() -> None:
    assert [finding.text for finding in check(encode_json(signing_config()))] == [
        "config.json can be read",
        "certificate authority https://ca.example is asked",
        "identity issuer https://idp.example is asked",
        "log (Rekor v2) https://shard.example is asked",
        "timestamp authority https://tsa.example/api/v1/timestamp is asked",
    ]


def test_the_same_are_the_addresses_to_ask() -> None:
    assert [str(address) for address in select_addresses(encode_json(signing_config()), AT)] == [
        "certificate authority https://ca.example",
        "identity issuer https://idp.example",
        "log (Rekor v2) https://shard.example",
        "timestamp authority https://tsa.example/api/v1/timestamp",
    ]


def test_a_log_of_version_1_is_one() -> None:
    document = signing_config()
    del document["rekorTlogUrls"][1]
    assert str(select_addresses(encode_json(document), AT)[2]) == "log (Rekor v1) https://log.example"


@pytest.mark.parametrize("name", ["caUrls", "oidcUrls", "tsaUrls"])
def test_a_kind_of_which_none_may_be_asked_now(name: str) -> None:
    begins = changed(signing_config(), f"{name}.0.validFor", {"start": LATER})
    assert bad(begins) == ["signing-config-selects-none"]
    assert len(select_addresses(begins, AT)) == 3


def test_more_wanted_than_there_are() -> None:
    assert bad(changed(signing_config(), "tsaConfig.count", 2)) == ["signing-config-selects-none"]


@pytest.mark.parametrize("name", ["caUrls", "rekorTlogUrls", "tsaUrls"])
def test_a_service_that_the_trusted_root_does_not_have(name: str) -> None:
    version = 2 if name == "rekorTlogUrls" else 1
    config = changed(signing_config(), name, [service_of("https://stranger.example", version)])
    (found,) = (finding for finding in check(config) if finding.state is State.PROBLEM)
    assert found.name == "service-not-trusted"
    assert found.text.endswith("https://stranger.example is not in the trusted root")


@pytest.mark.parametrize("url", ["https://TSA.example/other", "https://tsa.example"])
def test_a_service_is_known_by_its_host(url: str) -> None:
    assert bad(changed(signing_config(), "tsaUrls.0.url", url)) == []


@pytest.mark.parametrize("url", ["https://tsa.example:8443/api/v1/timestamp", "https://[::1"])
def test_another_port_is_another_service(url: str) -> None:
    assert bad(changed(signing_config(), "tsaUrls.0.url", url)) == ["service-not-trusted"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("certificateAuthorities.0.validFor", ENDED),
        ("timestampAuthorities.0.validFor", ENDED),
        ("tlogs.1.publicKey.validFor", ENDED),
        ("tlogs.1.publicKey.keyDetails", "PKIX_OF_TOMORROW"),
    ],
)
def test_a_service_of_which_the_trusted_root_has_no_key_of_today(path: str, content: JsonValue) -> None:
    assert bad(encode_json(signing_config()), changed(trusted_root(), path, content)) == ["service-trust-ended"]


def test_without_a_trusted_root_nothing_is_compared() -> None:
    stranger = changed(signing_config(), "caUrls.0.url", "https://stranger.example")
    assert bad(stranger, b"{") == []


def test_secrets_in_addresses_are_not_shown() -> None:
    config = changed(signing_config(), "caUrls.0.url", "https://user:secret@ca.example/?token=secret")
    assert "secret" not in str(check(config))


def check_document(document: Document | None) -> tuple[str, str]:
    (found,) = check_signing_config(Facts(AT, signing_config=document))
    return found.name, found.text


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (None, "signing-config-missing"),
        (Document("mirror", error=NoSuchTarget("signing_config", "mirror")), "signing-config-missing"),
        (Document("mirror", error=FileError("config.json", "no such file")), "signing-config-unreadable"),
        (Document("config.json", b"{"), "signing-config-unreadable"),
    ],
)
def test_one_that_cannot_be_read(document: Document | None, wanted: str) -> None:
    assert check_document(document)[0] == wanted


def test_nobody_is_asked_by_what_cannot_be_read() -> None:
    assert select_addresses(b"{", AT) == ()


def test_a_kind_that_is_not_in_it_is_not_missed() -> None:
    document: dict[str, Any] = signing_config()
    del document["tsaUrls"]
    assert bad(encode_json(document)) == []
