"""How issuers are asked, as settings say it."""

import pytest

from ca_server.config import IdentitySettings, Settings
from ca_server.identity.cluster import ClusterFiles
from ca_server.identity.discovery import FetchOptions
from ca_server.identity.issuer_keys import KeyOptions
from cosignpy.serving.settings import DocumentError, parse_settings


def read(text: str) -> IdentitySettings:
    return parse_settings(text.encode(), Settings, "ca.yaml").identity


def test_the_defaults_are_those_of_the_code() -> None:
    settings = read("{}")
    assert settings.fetch_timeout == FetchOptions().timeout
    assert KeyOptions() == KeyOptions(settings.keys_fresh, settings.keys_kept, settings.refresh_interval)
    assert ClusterFiles() == ClusterFiles(settings.cluster_ca, settings.cluster_token)


def test_keys_may_be_kept_no_longer_than_they_are_fresh() -> None:
    assert read("identity:\n  keys_fresh: 1h\n  keys_kept: 1h\n").keys_kept == 3600


@pytest.mark.parametrize(
    "text",
    [
        "keys_fresh: 2h\n  keys_kept: 1h",
        "fetch_timeout: 0s",
        "fetch_timeout: 61s",
        "refresh_interval: 500ms",
        "refresh_interval: 2h",
    ],
)
def test_times_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        read(f"identity:\n  {text}\n")
