"""The webhook's own authority: others read its certificates as they are meant."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from cosignpy.errors import UsageError
from cosignpy.webhook.certificates.issuing import (
    AUTHORITY_LIFETIME,
    BACKDATED,
    SERVER_LIFETIME,
    create_authority,
    issue_server,
)
from cosignpy.webhook.certificates.keeper import service_names

NOW = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
NAMES = (*service_names("webhook", "cosign-system"), "127.0.0.1", "::1")


def test_another_reader_believes_a_server_of_the_authority() -> None:
    authority = create_authority(NOW)
    server = issue_server(authority, NAMES, NOW)
    root = x509.load_pem_x509_certificate(authority.certificate_pem)
    leaf = x509.load_pem_x509_certificate(server.certificate_pem)
    verifier = PolicyBuilder().store(Store([root])).time(NOW)
    for name in service_names("webhook", "cosign-system"):
        if "." in name:
            assert verifier.build_server_verifier(x509.DNSName(name)).verify(leaf, [])[-1] == root
    with pytest.raises(x509.verification.VerificationError):
        verifier.build_server_verifier(x509.DNSName("webhook.other.svc")).verify(leaf, [])


def test_a_certificate_says_what_it_is_for() -> None:
    server = issue_server(create_authority(NOW), NAMES, NOW)
    leaf = x509.load_pem_x509_certificate(server.certificate_pem)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [
        "webhook.cosign-system.svc",
        "webhook",
        "webhook.cosign-system",
        "webhook.cosign-system.svc.cluster.local",
    ]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert leaf.not_valid_before_utc == NOW.replace(microsecond=0) - BACKDATED
    assert leaf.not_valid_after_utc == NOW.replace(microsecond=0) + SERVER_LIFETIME


def test_an_authority_issues_nothing_that_issues() -> None:
    authority = create_authority(NOW)
    root = x509.load_pem_x509_certificate(authority.certificate_pem)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(
        ca=True, path_length=0
    )
    assert root.not_valid_after_utc == NOW.replace(microsecond=0) + AUTHORITY_LIFETIME
    assert create_authority(NOW).certificate.subject != authority.certificate.subject


def test_a_certificate_ends_with_its_authority() -> None:
    authority = create_authority(NOW)
    server = issue_server(authority, NAMES, NOW + AUTHORITY_LIFETIME - timedelta(days=1))
    assert server.certificate.not_after == authority.certificate.not_after


def test_openssl_reads_certificate_and_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = issue_server(create_authority(NOW), NAMES, NOW)
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(server.certificate_pem + server.key_pem)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file)


@pytest.mark.parametrize("name", ["", "a b", "bücher.example", "a\nb"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        issue_server(create_authority(NOW), (name,), NOW)
