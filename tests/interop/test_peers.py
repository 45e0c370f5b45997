"""A peer that is not there is an error with a name, wherever the cache is."""

from pathlib import Path

import pytest

from tests.interop import peers
from tests.interop.package_clients import PeerUnavailableError


def test_every_peer_of_the_table_is_installed() -> None:
    assert [key for key in peers.PEERS if not peers.path(key).is_file()] == []


def test_a_peer_that_is_not_installed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(PeerUnavailableError) as caught:
        peers.path("cosign-v3")
    assert caught.value.key == "cosign-v3"
    assert str(tmp_path / "cosignpy" / "peers" / "cosign-v3.1.3" / "bin" / "cosign") in caught.value.why


def test_a_peer_that_is_not_in_the_table_is_an_error() -> None:
    with pytest.raises(PeerUnavailableError) as caught:
        peers.path("cosign-v9")
    assert caught.value.key == "cosign-v9"
