"""What an operator may decide about certificates, and what not."""

import pytest

from ca_server.config import CertificateSettings
from cosignpy.core.keys.algorithms import SIGNING
from cosignpy.errors import UsageError
from cosignpy.serving.quantities import Duration


def test_by_default_certificates_live_for_twenty_minutes_and_are_for_what_the_real_server_certifies() -> None:
    settings = CertificateSettings()
    assert (settings.validity, settings.backdate) == (1200, 0)
    assert settings.algorithms == (
        "ecdsa-sha2-256-nistp256",
        "ecdsa-sha2-384-nistp384",
        "ecdsa-sha2-512-nistp521",
        "rsa-sign-pkcs1-2048-sha256",
        "rsa-sign-pkcs1-3072-sha256",
        "rsa-sign-pkcs1-4096-sha256",
        "ed25519",
    )


@pytest.mark.parametrize("validity", [60, 86_400])
def test_the_shortest_and_the_longest_life(validity: int) -> None:
    CertificateSettings(validity=Duration(validity), backdate=Duration(validity - 1))


@pytest.mark.parametrize(
    ("validity", "backdate"), [(59, 0), (86_401, 0), (60, 60), (60, -1)], ids=["short", "long", "over", "future"]
)
def test_times_that_no_client_could_use_are_refused(validity: int, backdate: int) -> None:
    with pytest.raises(UsageError):
        CertificateSettings(Duration(validity), Duration(backdate))


@pytest.mark.parametrize("name", [algorithm.flag for algorithm in SIGNING.values()])
def test_every_algorithm_of_the_registry_that_keys_sign_with_can_be_named(name: str) -> None:
    assert CertificateSettings(algorithms=(name,)).algorithms == (name,)


@pytest.mark.parametrize("names", [(), ("dsa",), ("ed25519", "ecdsa-sha2-256-nistp224")])
def test_algorithms_that_no_key_has_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        CertificateSettings(algorithms=names)
