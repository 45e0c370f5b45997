"""How many requests a registry gets. cosign v3.1 makes 15 to sign one image and 9 or 10 to verify it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.cli.app import run
from cosignpy.core.digest import Digest
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from tests.support.seed import PASSWORD, seed_images, write_seed_keys

WITH_API, WITHOUT_API = Faults(), Faults(no_referrers_api=True)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_seed_keys(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", PASSWORD)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(params=[WITH_API, WITHOUT_API], ids=["referrers API", "fallback tag"])
def registry(request: pytest.FixtureRequest) -> Iterator[tuple[LocalRegistry, bool, Digest]]:
    with LocalRegistry(RegistryOptions(faults=request.param)) as running:
        unsigned = seed_images(running.address).other
        yield running, request.param is WITH_API, unsigned


def sign(registry: LocalRegistry, keys: Path, image: str, *flags: str) -> int:
    registry.clear_requests()
    assert run(["sign", "--key", str(keys / "seed.key"), "--tlog-upload=false", *flags, image]) == 0
    return len(registry.requests)


def verify(registry: LocalRegistry, keys: Path, image: str) -> int:
    registry.clear_requests()
    assert run(["verify", "--key", str(keys / "seed.pub"), "--insecure-ignore-tlog", image]) == 0
    return len(registry.requests)


def test_a_bundle(registry: tuple[LocalRegistry, bool, Digest], keys: Path) -> None:
    running, has_api, unsigned = registry
    image = f"{running.address}/team/app"
    assert sign(running, keys, f"{image}@{unsigned}") <= (5 if has_api else 8)
    assert verify(running, keys, f"{image}@{unsigned}") <= (4 if has_api else 5)
    assert verify(running, keys, f"{image}:2") <= (5 if has_api else 6)


def test_a_legacy_signature(registry: tuple[LocalRegistry, bool, Digest], keys: Path) -> None:
    running, _, unsigned = registry
    image = f"{running.address}/team/app@{unsigned}"
    assert sign(running, keys, image, "--signature-format", "legacy") <= 9
    assert verify(running, keys, image) <= 4
