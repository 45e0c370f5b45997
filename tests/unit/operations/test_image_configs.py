"""Configurations of images by platform, as Go would write them."""

from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Manifest
from cosignpy.errors import LimitExceeded, MalformedError, NoSuchTag
from cosignpy.operations.image_configs import MAX_CONFIG, fetch_image_configs
from cosignpy.values import replace
from tests.support.memory_repository import MemoryRepository, push_index

LAYER: Final = b"layer"
TYPE: Final = "application/vnd.oci.image.config.v1+json"


def push(repository: MemoryRepository, config: dict[str, Any] | bytes) -> Manifest:
    raw = config if isinstance(config, bytes) else encode_json(config)
    for blob in (raw, LAYER):
        repository.push_blob(blob)
    layer = Descriptor.of(LAYER, "application/vnd.oci.image.layer.v1.tar")
    manifest = ArtifactManifest(Descriptor.of(raw, TYPE), (layer,)).build()
    repository.push_manifest(manifest)
    return manifest


def config(architecture: str = "amd64", **beside: Any) -> dict[str, Any]:
    return {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, **beside}


def test_the_configuration_of_one_image() -> None:
    repository = MemoryRepository()
    image = push(repository, config(config={"User": "65532"}))
    assert fetch_image_configs(repository, image.digest) == {"linux/amd64": config(config={"User": "65532"})}


def test_what_is_empty_is_not_there() -> None:
    repository = MemoryRepository()
    image = push(repository, config(author="", config={"User": "", "Labels": {}, "Cmd": ["/f"]}, created=None))
    assert fetch_image_configs(repository, image.digest) == {"linux/amd64": config(config={"Cmd": ["/f"]})}
    bare = push(repository, {"architecture": "arm64", "os": "linux"})
    assert fetch_image_configs(repository, bare.digest) == {
        "linux/arm64": {"architecture": "arm64", "os": "linux", "config": {}}
    }


def test_all_platforms_of_an_index_and_of_those_within() -> None:
    repository = MemoryRepository()
    arm = push(repository, config("arm", variant="v7"))
    windows = push(repository, {"architecture": "amd64", "os": "windows", "os.version": "10.0.1"})
    inner = push_index(repository, [arm.descriptor, windows.descriptor])
    outer = push_index(repository, [inner.descriptor, push(repository, config()).descriptor])
    found = fetch_image_configs(repository, outer.digest)
    assert set(found) == {"linux/arm/v7", "windows/amd64:10.0.1", "linux/amd64"}


def test_no_configuration_hides_another() -> None:
    repository = MemoryRepository()
    plain, root = push(repository, config()), push(repository, config(config={"User": "root"}))
    for images in ((plain, root), (root, plain)):
        index = push_index(repository, [image.descriptor for image in images])
        with pytest.raises(MalformedError, match="two images say that they are for linux/amd64"):
            fetch_image_configs(repository, index.digest)
    same = push_index(repository, [plain.descriptor, push(repository, config(config={})).descriptor])
    assert fetch_image_configs(repository, same.digest) == {"linux/amd64": config(config={})}


def test_all_is_shown_of_what_is_for_no_platform() -> None:
    repository = MemoryRepository()
    unknown = {"architecture": "unknown", "os": "unknown"}
    first, second = (push(repository, {**unknown, "config": {"User": user}}) for user in "ab")
    index = push_index(repository, [first.descriptor, second.descriptor])
    assert fetch_image_configs(repository, index.digest) == {
        "unknown/unknown": {**unknown, "config": {"User": "a"}},
        f"unknown/unknown@{second.digest}": {**unknown, "config": {"User": "b"}},
    }


def test_a_platform_that_cannot_be_had_is_an_error_for_all() -> None:
    repository = MemoryRepository()
    gone = push(repository, config("arm64"))
    index = push_index(repository, [push(repository, config()).descriptor, gone.descriptor])
    del repository.manifests[gone.digest]
    with pytest.raises(NoSuchTag):
        fetch_image_configs(repository, index.digest)


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b'{"os": 1}'])
def test_a_configuration_that_is_none(content: bytes) -> None:
    repository = MemoryRepository()
    with pytest.raises(MalformedError):
        fetch_image_configs(repository, push(repository, content).digest)


def test_a_configuration_that_is_too_large() -> None:
    repository = MemoryRepository()
    image = push(repository, config())
    assert image.config is not None
    large = replace(image, config=replace(image.config, size=MAX_CONFIG + 1))
    repository.manifests[image.digest] = large
    with pytest.raises(LimitExceeded):
        fetch_image_configs(repository, image.digest)


def test_a_manifest_without_a_configuration() -> None:
    repository = MemoryRepository()
    image = push(repository, config())
    repository.manifests[image.digest] = replace(image, config=None)
    with pytest.raises(MalformedError):
        fetch_image_configs(repository, image.digest)
