"""The Secret with the certificates: what is written is read, and what is broken is refused."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from cosignpy.core.encoding import parse_pem
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.errors import CosignError
from cosignpy.values import replace
from cosignpy.webhook.certificates.issuing import AUTHORITY_LIFETIME, SERVER_LIFETIME, create_authority, issue_server
from cosignpy.webhook.certificates.kept import KEYS, Kept

NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
NAMES: Final = ("webhook.cosign-system.svc", "127.0.0.1")
KEPT: Final = Kept.begin(NAMES, NOW)
LATER: Final = create_authority(NOW + timedelta(days=1))
FORMER: Final = create_authority(NOW - timedelta(days=1)).certificate
Data = dict[str, str]


def secret(kept: Kept, **more: str) -> dict[str, Any]:
    return {"metadata": {"name": "webhook-certs"}, "data": kept.encode() | more}


@pytest.mark.parametrize(
    "kept",
    [
        KEPT,
        replace(KEPT, authority_key=None),
        replace(KEPT, following=LATER),
        replace(KEPT, following=LATER, former=FORMER),
        replace(KEPT, former=FORMER),
    ],
)
def test_what_is_written_is_read(kept: Kept) -> None:
    assert Kept.parse(secret(kept, other="eA==")) == kept
    assert set(kept.encode()) <= set(KEYS)


def test_the_keys_of_the_policy_controller_are_there() -> None:
    data = KEPT.encode()
    assert b64decode(data["server-cert.pem"]).startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert parse_pem(b64decode(data["server-key.pem"]), what="key").label == "PRIVATE KEY"
    assert b64decode(data["ca-cert.pem"]).startswith(b"-----BEGIN CERTIFICATE-----\n")


@pytest.mark.parametrize("data", [None, {}, {"other": "eA=="}, {"server-key.pem": "", "ca-cert.pem": ""}])
def test_nothing_is_there_yet(data: Data | None) -> None:
    assert Kept.parse({"metadata": {"name": "webhook-certs"}, "data": data}) is None


def _without(name: str) -> Callable[[Data], Data]:
    return lambda data: {key: text for key, text in data.items() if key != name}


def _with(name: str, content: bytes) -> Callable[[Data], Data]:
    return lambda data: data | {name: b64encode(content).decode()}


OTHER: Final = issue_server(create_authority(NOW), NAMES, NOW)


@pytest.mark.parametrize(
    "breaking",
    [
        _without("server-key.pem"),
        _without("server-cert.pem"),
        _without("ca-cert.pem"),
        _without("next-ca-key.pem"),
        _with("server-key.pem", OTHER.key_pem),
        _with("ca-key.pem", OTHER.key_pem),
        _with("next-ca-key.pem", OTHER.key_pem),
        _with("server-key.pem", b"no key"),
        _with("server-cert.pem", OTHER.key_pem),
        _with("ca-cert.pem", OTHER.certificate_pem * 2),
        _with("ca-cert.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        _with("former-ca-cert.pem", b"x" * 17_000),
        lambda data: data | {"ca-cert.pem": "no base64!"},
        lambda data: data | {"ca-cert.pem": "ü"},
    ],
)
def test_what_is_broken_is_refused_without_a_secret_in_the_message(breaking: Callable[[Data], Data]) -> None:
    data = replace(KEPT, following=LATER).encode()
    with pytest.raises(CosignError) as raised:
        Kept.parse({"metadata": {"name": "webhook-certs"}, "data": breaking(data)})
    assert "BEGIN" not in str(raised.value)


def test_an_encrypted_key_is_refused() -> None:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    encrypted = KEPT.server.key.handle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    with pytest.raises(CosignError, match="encrypted"):
        Kept.parse({"data": _with("server-key.pem", encrypted)(KEPT.encode())})


def test_a_bundle_has_all_authorities_once_in_the_order_of_their_age() -> None:
    kept = replace(KEPT, following=LATER, former=FORMER)
    ages = parse_chain_pem(kept.bundle, most=3)
    assert ages == (FORMER.der, KEPT.authority.der, LATER.certificate.der)
    switched = Kept(issue_server(LATER, NAMES, NOW), LATER.certificate, LATER.key, former=KEPT.authority)
    assert switched.bundle == replace(KEPT, following=LATER).bundle
    assert replace(KEPT, former=KEPT.authority).bundle == KEPT.bundle


def test_an_api_server_believes_what_was_begun() -> None:
    assert KEPT.fault(NAMES, NOW) == ""


@pytest.mark.parametrize(
    ("kept", "names", "moment", "fault"),
    [
        (KEPT, (*NAMES, "another.svc"), NOW, "not for another.svc"),
        (KEPT, NAMES, NOW + SERVER_LIFETIME + timedelta(seconds=1), "leaf certificate"),
        (KEPT, NAMES, NOW - timedelta(days=1), "leaf certificate"),
        (replace(KEPT, authority=FORMER), NAMES, NOW, "leaf certificate"),
        (replace(KEPT, authority=KEPT.server.certificate), NAMES, NOW, "certificate"),
        (KEPT, NAMES, NOW + AUTHORITY_LIFETIME + timedelta(days=1), "leaf certificate"),
    ],
)
def test_a_fault_is_named(kept: Kept, names: tuple[str, ...], moment: datetime, fault: str) -> None:
    assert fault in kept.fault(names, moment)


def test_keys_are_not_shown() -> None:
    assert "PRIVATE" not in repr(KEPT)
    assert str(KEPT.server.key.handle) not in repr(KEPT.server)
