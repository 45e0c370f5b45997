"""Referrers lists and layouts shared with the real cosign: each reads, and adds to, what the other wrote."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag
from cosignpy.operations.ports import Repository
from cosignpy.registry.layout import LayoutRepository
from cosignpy.registry.layout_store import LayoutDirectory
from cosignpy.registry.repository import RemoteRepository
from tests.interop import peers
from tests.support.registries import RunningRegistry, run_program
from tests.support.repository_contract import BUNDLE, LATEST, push_image, push_referrer

Cosign = Callable[..., str]
LEGACY = ("--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false")


@pytest.fixture(scope="module", params=["distribution-2.8", "ggcr-referrers"], ids=["fallback-tag", "referrers-api"])
def registry(request: pytest.FixtureRequest) -> Iterator[RunningRegistry]:
    with run_program(request.param) as running:
        yield running


@pytest.fixture
def repository(registry: RunningRegistry) -> RemoteRepository:
    return registry.open_repository(f"team/{uuid4().hex}")


@pytest.fixture(scope="module")
def cosign(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    """Run cosign in a folder with a key pair and a signing configuration without services."""
    folder = tmp_path_factory.mktemp("cosign")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COSIGN_PASSWORD": ""}

    def run(*arguments: str) -> str:
        command = [str(peers.path("cosign-v3")), *arguments]
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("generate-key-pair")
    run("signing-config", "create", "--out", "services.json")
    return run


def sign(cosign: Cosign, image: str) -> None:
    cosign("sign", "--key", "cosign.key", "--signing-config", "services.json", "--yes", image)


def verify(cosign: Cosign, image: str, *flags: str) -> None:
    cosign("verify", "--key", "cosign.pub", "--insecure-ignore-tlog", *flags, image)


def copy_layout(source: Repository, target: Repository, image: Manifest) -> None:
    """Copy an image with its referrers and legacy signatures."""
    referrers = [source.fetch_manifest(entry.digest) for entry in source.fetch_referrers(image.digest)]
    legacy = source.fetch_manifest(signature_tag(image))
    for manifest, tag in ((image, LATEST), (legacy, signature_tag(image)), *((found, None) for found in referrers)):
        for blob in (manifest.config, *manifest.layers):
            assert blob is not None
            target.copy_blob(blob, source)
        target.push_manifest(manifest, tag)


def signature_tag(image: Manifest) -> Tag:
    return AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode()


def test_signers_share_one_list(repository: RemoteRepository, cosign: Cosign) -> None:
    image = push_image(repository, b"layer", LATEST)
    name = repository.endpoint.reference(image.digest)
    first = push_referrer(repository, image, b"first")
    sign(cosign, name)
    last = push_referrer(repository, image, b"last")
    found = repository.fetch_referrers(image.digest)
    assert len(found) == 3
    notes = {entry.digest: entry.annotations.get("content") for entry in found}
    assert (notes[first.digest], notes[last.digest]) == ("first", "last")
    verify(cosign, name)


def test_list_is_written_as_cosign_orders_it(repository: RemoteRepository) -> None:
    image = push_image(repository, b"layer", LATEST)
    for number in range(4):
        push_referrer(repository, image, b"%d" % number)
    entries = json.loads(repository.fetch_manifest(fallback_tag(image.digest)).raw)["manifests"]
    assert entries == sorted(entries, key=lambda entry: entry["digest"])
    assert {entry["artifactType"] for entry in entries} == {BUNDLE}


def test_layout_that_cosign_saved_is_read(repository: RemoteRepository, cosign: Cosign, tmp_path: Path) -> None:
    image = push_image(repository, b"layer", LATEST)
    name = repository.endpoint.reference(image.digest)
    sign(cosign, name)
    cosign("sign", "--key", "cosign.key", *LEGACY, "--yes", name)
    cosign("save", "--dir", str(tmp_path / "saved"), name)
    saved = LayoutRepository(LayoutDirectory(tmp_path / "saved"))
    assert saved.fetch_only_image() == image
    assert [entry.digest for entry in saved.fetch_referrers(image.digest)] == [
        entry.digest for entry in repository.fetch_referrers(image.digest)
    ]
    assert saved.fetch_manifest(signature_tag(image)) == repository.fetch_manifest(signature_tag(image))


def test_layout_that_we_wrote_is_loaded_by_cosign(cosign: Cosign, tmp_path: Path) -> None:
    """On a registry that does not look: `cosign load` 3.1.3 never uploads the content of bundles."""
    with run_program("ggcr-referrers") as lenient:
        repository = lenient.open_repository("team/app")
        image = push_image(repository, b"layer", LATEST)
        name = repository.endpoint.reference(image.digest)
        sign(cosign, name)
        cosign("sign", "--key", "cosign.key", *LEGACY, "--yes", name)
        files = LayoutDirectory(tmp_path / "saved")
        files.create()
        copy_layout(repository, LayoutRepository(files), image)
        loaded = f"{repository.endpoint.name}-loaded"
        cosign("load", "--dir", str(files.path), f"{loaded}:v1")
        verify(cosign, f"{loaded}@{image.digest}")
        verify(cosign, f"{loaded}@{image.digest}", "--new-bundle-format=false")
