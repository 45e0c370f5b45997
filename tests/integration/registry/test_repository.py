"""The repository contract, kept on the embedded registry with and without the referrers API."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.reference import Reference, Tag
from cosignpy.localregistry.faults import Faults
from cosignpy.operations.ports import Repository
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import open_repository
from tests.support.registries import RunningRegistry, run_embedded
from tests.support.repository_contract import FullContract, push_image, push_referrer


@pytest.fixture(scope="module", params=[False, True], ids=["referrers-api", "fallback-tag"])
def registry(request: pytest.FixtureRequest) -> Iterator[RunningRegistry]:
    with run_embedded(Faults(no_referrers_api=request.param, page_size=2)) as running:
        yield running


@pytest.fixture
def repository(registry: RunningRegistry) -> Repository:
    return registry.open_repository(f"team/{uuid4().hex}")


class TestEmbeddedRegistry(FullContract):
    pass


def test_sha512_content_is_kept_under_its_digest(registry: RunningRegistry) -> None:
    """Manifest, layer and referrer; the fallback tag holds the first half of such a digest."""
    repository = registry.open_repository(f"team/{uuid4().hex}")
    layer = Descriptor("application/x", Digest.of(b"layer", "sha512"), 5)
    repository.push_stream(layer, iter([b"layer"]))
    repository.push_blob(b"{}")
    built = ArtifactManifest(config=Descriptor.of(b"{}", EMPTY_CONFIG), layers=(layer,)).build()
    image = Manifest.parse(built.raw, algorithm="sha512")
    repository.push_manifest(image)
    assert repository.fetch_manifest(image.digest) == image
    assert repository.fetch_blob(layer) == b"layer"
    referrer = push_referrer(repository, image, b"bundle")
    assert [entry.digest for entry in repository.fetch_referrers(image.digest)] == [referrer.digest]


def test_repository_is_opened_by_an_image(
    registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With options, and with those that the environment gives."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    reference = Reference.parse(f"{registry.address}/team/opened:latest")
    push_image(registry.open_repository("team/opened"), b"layer", Tag("latest"))
    for opened in (open_repository(reference), open_repository(reference, RegistryOptions())):
        assert opened.name == reference.name
        assert opened.fetch_manifest(reference.target).layers[0].digest == Digest.of(b"layer")
        opened.endpoint.session.close()
