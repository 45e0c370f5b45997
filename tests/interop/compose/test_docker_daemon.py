"""Images that the Docker engine knows, named `docker-daemon:NAME`."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from tests.interop.programs import UNSIGNED, Format, Tool, Workshop

USAGE = 2


@pytest.fixture
def engine(docker_host: str) -> Iterator[docker.DockerClient]:
    with closing(docker.DockerClient(base_url=docker_host)) as client:
        yield client


@pytest.fixture
def daemon_shop(shop: Workshop, docker_host: str) -> Workshop:
    return shop.with_environment(DOCKER_HOST=docker_host)


@pytest.fixture
def built(engine: docker.DockerClient, container_registry: str, tmp_path: Path) -> Iterator[str]:
    """The name of an image that the engine built; its content is the test's own."""
    name = f"{container_registry}/interop/daemon:{tmp_path.name}"
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\nLABEL made.for={tmp_path.name}\n")
    image, _ = engine.images.build(path=str(tmp_path), tag=name, rm=True)
    yield name
    engine.images.remove(str(image.id), force=True)


def push(engine: docker.DockerClient, name: str) -> str:
    """Push by the engine, and return the digest it then knows."""
    told = engine.images.push(name, stream=True, decode=True)
    assert [line for line in told if "error" in line] == []
    (digest,) = engine.images.get(name).attrs["RepoDigests"]
    return str(digest)


@pytest.mark.parametrize("form", Format)
def test_a_pushed_image_is_signed_and_verified_by_its_name_in_the_engine(
    engine: docker.DockerClient, daemon_shop: Workshop, built: str, form: Format
) -> None:
    digest = push(engine, built)
    unsigned = daemon_shop.verify(Tool.OURS, form, f"docker-daemon:{built}", "signer")
    daemon_shop.sign(Tool.OURS, form, f"docker-daemon:{built}", "signer")
    signed = daemon_shop.verify(Tool.OURS, form, f"docker-daemon:{built}", "signer")
    assert (unsigned.exit_code, signed.exit_code) == (UNSIGNED, 0)
    assert daemon_shop.verify(Tool.V3, form, digest, "signer").exit_code == 0


def test_an_image_is_found_by_any_of_its_names_and_by_its_id(
    engine: docker.DockerClient, daemon_shop: Workshop, built: str
) -> None:
    daemon_shop.sign(Tool.OURS, Format.BUNDLE, push(engine, built), "signer")
    image = engine.images.get(built)
    image.tag("cosignpy-interop", "local")
    names = (built, "cosignpy-interop:local", str(image.id))
    runs = [daemon_shop.verify(Tool.OURS, Format.BUNDLE, f"docker-daemon:{name}", "signer") for name in names]
    assert [run for run in runs if run.exit_code] == []


def test_what_cosign_signed_is_verified_by_its_name_in_the_engine(
    engine: docker.DockerClient, daemon_shop: Workshop, built: str
) -> None:
    daemon_shop.sign(Tool.V3, Format.BUNDLE, push(engine, built), "signer")
    assert daemon_shop.verify(Tool.OURS, Format.BUNDLE, f"docker-daemon:{built}", "signer").exit_code == 0


def test_an_image_that_was_never_pushed_is_refused_with_the_way_to_push_it(daemon_shop: Workshop, built: str) -> None:
    run = daemon_shop.verify(Tool.OURS, Format.BUNDLE, f"docker-daemon:{built}", "signer", "--output=json")
    (image,) = json.loads(run.stdout)["images"]
    assert (run.exit_code, image["error"]["kind"]) == (USAGE, "UsageError")
    assert f"docker push {built}" in image["error"]["hint"]


def test_an_image_the_engine_does_not_have_is_not_found(daemon_shop: Workshop, container_registry: str) -> None:
    name = f"docker-daemon:{container_registry}/interop/daemon:absent"
    run = daemon_shop.verify(Tool.OURS, Format.BUNDLE, name, "signer", "--output=json")
    (image,) = json.loads(run.stdout)["images"]
    assert image["error"]["kind"] == "NoSuchTag"
