"""The real peers as fixtures. One that is missing is an error, not a skip: `make interop` installs them."""

from pathlib import Path

import pytest

from tests.interop import peers


@pytest.fixture(scope="session")
def cosign_v3() -> Path:
    return peers.path("cosign-v3")


@pytest.fixture(scope="session")
def cosign_v2() -> Path:
    return peers.path("cosign-v2")


@pytest.fixture(scope="session")
def crane() -> Path:
    return peers.path("crane")
