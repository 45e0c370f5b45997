"""A registry of our own for each test of a command, with and without a referrers API."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cosignpy.core.oci.attachment_tags import AttachmentKind
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.registry import options as client
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.attached import SPDX, push_bundle, push_legacy, push_tagged
from tests.support.memory_repository import push_image, push_index, push_referrer


@dataclass(frozen=True)
class Shelf:
    """A registry with an image `team/app:1`, an index `team/app:all`, and everything attached to them."""

    address: str
    session: RegistrySession
    image: Descriptor
    child: Descriptor
    index: Descriptor

    def repository(self, name: str = "team/app") -> RemoteRepository:
        return RemoteRepository(self.session, name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)
    return tmp_path


@pytest.fixture(params=[Faults(), Faults(no_referrers_api=True)], ids=["referrers API", "fallback tag"])
def shelf(request: pytest.FixtureRequest, home: Path) -> Iterator[Shelf]:
    del home
    with LocalRegistry(RegistryOptions(faults=request.param)) as running:
        session = RegistrySession(running.address, client.RegistryOptions())
        yield fill(running.address, session)
        session.close()


def fill(address: str, session: RegistrySession) -> Shelf:
    repository = RemoteRepository(session, "team/app")
    image = push_image(repository, b"layer " * 50_000, "1").descriptor
    child = push_image(repository, b"another").descriptor
    index = push_index(repository, [image, child], "all").descriptor
    push_legacy(repository, image, b"one")
    push_tagged(repository, image, AttachmentKind.SBOM, b"SPDXVersion: SPDX-2.3")
    push_bundle(repository, image)
    push_bundle(repository, image, SPDX)
    push_bundle(repository, child)
    push_bundle(repository, push_referrer(repository, image).descriptor)
    push_bundle(repository, index)
    return Shelf(address, session, image, child, index)
