"""The real cosign as a fixture. Where it is missing that is an error, not a skip: `make interop` installs it."""

from pathlib import Path

import pytest

from tests.interop import peers


@pytest.fixture(scope="session")
def cosign_v3() -> Path:
    return peers.path("cosign-v3")
