"""Artifacts that are not images: whatever is done with an image is done with them, in both formats."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.oci.manifest import Manifest
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.registry import options as client
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.artifacts import SHAPES, push_artifact
from tests.support.memory_repository import push_image

Capture = pytest.CaptureFixture[str]
REVIEW: Final = "https://example.com/review/v1"
WITH_KEY: Final = ("--key=cosign.key", "--tlog-upload=false", "--signature-format=both")
BY_KEY: Final = ("--key=cosign.pub", "--insecure-ignore-tlog")
UNSIGNED: Final = 10


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COSIGN_PASSWORD", "")
        assert run(["generate-key-pair", "--output-key-prefix", str(folder / "cosign")]) == 0
    return folder


@pytest.fixture(autouse=True)
def folder(home: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    for name in ("cosign.key", "cosign.pub"):
        shutil.copy(keys / name, home)
    (home / "review.json").write_text('{"score": 1}')
    return home


@pytest.fixture(params=[Faults(), Faults(no_referrers_api=True)], ids=["referrers API", "fallback tag"])
def repository(request: pytest.FixtureRequest) -> Iterator[RemoteRepository]:
    with LocalRegistry(RegistryOptions(faults=request.param)) as running:
        session = RegistrySession(running.address, client.RegistryOptions())
        yield RemoteRepository(session, "team/thing")
        session.close()


REFERRING: Final = ("sbom", "no-layers", "index")
"""Those that are also looked at as referrers of an image."""


@pytest.fixture(params=[*SHAPES, *[f"{shape} with subject" for shape in REFERRING]])
def artifact(request: pytest.FixtureRequest, repository: RemoteRepository) -> Manifest:
    shape, _, refers = request.param.partition(" ")
    subject = push_image(repository).descriptor if refers else None
    return push_artifact(repository, shape, subject, "1")


def test_an_artifact_is_signed_and_kept_like_an_image(
    repository: RemoteRepository, artifact: Manifest, capsys: Capture
) -> None:
    name = f"{repository.name}@{artifact.digest}"
    assert run(["sign", *WITH_KEY, name]) == 0
    assert run(["attest", *WITH_KEY, "--predicate=review.json", f"--type={REVIEW}", name]) == 0
    verify(name)
    assert run(["copy", f"{repository.name}:1", f"{repository.name}-copied:1"]) == 0
    assert run(["save", "--dir=saved", f"{repository.name}:1"]) == 0
    assert run(["load", "--dir=saved", f"{repository.name}-loaded:1"]) == 0
    for place in ("-copied", "-loaded"):
        verify(f"{repository.name}{place}:1")
        verify(f"{repository.name}{place}@{artifact.digest}")
        copied = RemoteRepository(repository.endpoint.session, f"team/thing{place}")
        assert copied.fetch_manifest(artifact.digest).raw == artifact.raw
        for layer in artifact.layers:
            assert copied.fetch_blob(layer) == repository.fetch_blob(layer)
    verify("oci-layout:saved")
    capsys.readouterr()
    assert run(["tree", "-o", "json", name]) == 0
    kinds = [item["type"] for item in json.loads(capsys.readouterr().out)["attachments"]]
    assert sorted(kinds) == ["attestation", "attestation", "signature", "signature"]
    assert run(["clean", "-f", name]) == 0
    assert run(["verify", *BY_KEY, name]) == UNSIGNED
    assert run(["verify-attestation", *BY_KEY, f"--type={REVIEW}", name]) == UNSIGNED
    assert repository.fetch_manifest(artifact.digest).raw == artifact.raw


def verify(name: str) -> None:
    assert run(["verify", *BY_KEY, name]) == 0
    assert run(["verify-attestation", *BY_KEY, f"--type={REVIEW}", name]) == 0


def test_everything_of_an_index_of_artifacts_is_signed(repository: RemoteRepository, capsys: Capture) -> None:
    index = push_artifact(repository, "index", tag="1")
    assert run(["sign", *WITH_KEY, "--recursive", f"{repository.name}@{index.digest}"]) == 0
    assert run(["verify", *BY_KEY, "--recursive", f"{repository.name}:1"]) == 0
    assert run(["verify", *BY_KEY, f"{repository.name}@{index.manifests[0].digest}"]) == 0
    capsys.readouterr()
    assert run(["tree", "-r", "-o", "json", f"{repository.name}:1"]) == 0
    (child,) = json.loads(capsys.readouterr().out)["images"]
    assert len(child["attachments"]) == 2


def test_what_refers_to_an_image_goes_along_with_its_own_signatures(
    repository: RemoteRepository, capsys: Capture
) -> None:
    image = push_image(repository, tag="1").descriptor
    artifacts = [push_artifact(repository, shape, image) for shape in SHAPES]
    for artifact in artifacts:
        assert run(["sign", "--key=cosign.key", "--tlog-upload=false", f"{repository.name}@{artifact.digest}"]) == 0
    assert run(["copy", f"{repository.name}:1", f"{repository.name}-copied:1"]) == 0
    for artifact in artifacts:
        assert run(["verify", *BY_KEY, f"{repository.name}-copied@{artifact.digest}"]) == 0
    capsys.readouterr()
    assert run(["tree", "-o", "json", f"{repository.name}-copied:1"]) == 0
    shown = json.loads(capsys.readouterr().out)["attachments"]
    assert {item["digest"] for item in shown} == {str(artifact.digest) for artifact in artifacts}


def test_clean_leaves_what_others_attached(repository: RemoteRepository) -> None:
    image = push_image(repository, tag="1").descriptor
    artifact = push_artifact(repository, "sbom", image)
    assert run(["sign", *WITH_KEY, f"{repository.name}@{image.digest}"]) == 0
    assert run(["clean", "-f", f"{repository.name}:1"]) == 0
    assert [entry.digest for entry in repository.fetch_referrers(image.digest)] == [artifact.digest]


def test_an_artifact_is_found_under_its_own_digest_only(repository: RemoteRepository) -> None:
    signed, other = (push_artifact(repository, shape) for shape in ("chart", "sbom"))
    assert run(["sign", *WITH_KEY, f"{repository.name}@{signed.digest}"]) == 0
    verified: Any = [run(["verify", *BY_KEY, f"{repository.name}@{item.digest}"]) for item in (signed, other)]
    assert verified == [0, UNSIGNED]
