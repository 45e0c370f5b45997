"""Manifests, indexes and descriptors: read strictly, written as the Go tools write them."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json, parse_json
from cosignpy.core.oci.manifest import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    MAX_DESCRIPTORS,
    OCI_INDEX,
    OCI_MANIFEST,
    ArtifactManifest,
    Descriptor,
    Manifest,
    Platform,
    build_index,
)
from cosignpy.errors import LimitExceeded, MalformedError

ITEM: dict[str, JsonValue] = {"mediaType": "text/plain", "size": 3, "digest": str(Digest.of(b"abc"))}
IMAGE: dict[str, JsonValue] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": ITEM, "layers": [ITEM]}
INDEX: dict[str, JsonValue] = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [ITEM]}
PLAIN = Descriptor.of(b"abc", "text/plain")
FULL = Descriptor(
    "text/plain",
    Digest.of(b"abc", "sha512"),
    0,
    {"b": "1", "a": "2"},
    Platform("linux", "arm64", "v8"),
    "text/x",
    ("https://elsewhere.example/x",),
)


def parse(members: JsonValue, media_type: str = "") -> Manifest:
    return Manifest.parse(encode_json(members), media_type)


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm/v7"])
def test_a_platform_there_and_back(text: str) -> None:
    assert str(Platform.parse(text)) == text


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "linux/arm/", "linux/arm/v7/x"])
def test_what_is_not_a_platform_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Platform.parse(text)
    assert refused.value.what == "platform"


def test_a_platform_without_variant_accepts_any() -> None:
    arm, v7, v6 = (Platform.parse(text) for text in ("linux/arm", "linux/arm/v7", "linux/arm/v6"))
    assert arm.accepts(v7)
    assert v7.accepts(v7)
    assert not v7.accepts(v6)
    assert not v7.accepts(arm)
    assert not arm.accepts(Platform.parse("windows/arm"))
    assert not arm.accepts(Platform.parse("linux/arm64"))


@pytest.mark.parametrize("descriptor", [PLAIN, FULL, Descriptor.of(b"", "")])
def test_a_descriptor_there_and_back(descriptor: Descriptor) -> None:
    if descriptor.media_type:
        assert Descriptor.parse(JsonObject(descriptor.encode(), "test")) == descriptor
    assert {"size", "digest"} <= set(descriptor.encode())


def test_members_are_written_in_gos_order_and_empty_ones_left_out() -> None:
    assert list(PLAIN.encode()) == ["mediaType", "size", "digest"]
    assert list(FULL.encode()) == ["mediaType", "size", "digest", "urls", "annotations", "platform", "artifactType"]
    assert list(FULL.encode()["platform"]) == ["architecture", "os", "variant"]


@pytest.mark.parametrize(
    "change",
    [
        {"mediaType": None},
        {"mediaType": 1},
        {"digest": None},
        {"digest": "sha256:00"},
        {"digest": f"sha384:{'0' * 96}"},
        {"size": None},
        {"size": -1},
        {"size": "3"},
        {"size": 3.0},
        {"size": True},
        {"size": 2**63},
        {"annotations": {"a": 1}},
        {"annotations": []},
        {"platform": "linux/amd64"},
        {"platform": {"os": 1}},
        {"artifactType": 1},
        {"urls": ["https://x.example"] * 101},
        {"urls": [1]},
    ],
)
def test_a_descriptor_with_one_wrong_member_is_refused(change: dict[str, JsonValue]) -> None:
    with pytest.raises(MalformedError):
        parse(IMAGE | {"layers": [ITEM | change]})


def test_an_image_is_read() -> None:
    image = parse(IMAGE | {"subject": ITEM, "artifactType": "text/x", "annotations": {"a": "b"}})
    assert (image.config, image.layers, image.manifests, image.subject) == (PLAIN, (PLAIN,), (), PLAIN)
    assert (image.artifact_type, image.annotations, image.is_index()) == ("text/x", {"a": "b"}, False)
    assert image.digest == Digest.of(image.raw)
    assert image.descriptor == Descriptor(OCI_MANIFEST, image.digest, len(image.raw))
    assert not image.descriptor.is_index()


def test_an_index_is_read() -> None:
    index = parse(INDEX)
    assert (index.config, index.layers, index.manifests, index.subject) == (None, (), (PLAIN,), None)
    assert index.is_index()
    assert index.descriptor.is_index()
    assert index.referrer_descriptor.artifact_type == ""


def test_the_digest_is_of_the_algorithm_asked_for() -> None:
    raw = encode_json(IMAGE)
    assert Manifest.parse(raw, algorithm="sha512").digest == Digest.of(raw, "sha512")


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_the_type_may_come_from_the_registry_or_the_manifest(media_type: str) -> None:
    bare = {name: value for name, value in IMAGE.items() if name != "mediaType"}
    assert parse(bare, media_type).media_type == media_type
    assert parse(bare | {"mediaType": media_type}).media_type == media_type
    assert parse(bare | {"mediaType": media_type}, media_type).media_type == media_type


@pytest.mark.parametrize(
    ("members", "media_type"),
    [
        (IMAGE, OCI_INDEX),
        (IMAGE, DOCKER_MANIFEST),
        (INDEX, OCI_MANIFEST),
        ({"schemaVersion": 2}, ""),
        ({"schemaVersion": 1, "mediaType": "application/vnd.docker.distribution.manifest.v1+prettyjws"}, ""),
        (IMAGE | {"mediaType": "application/json"}, ""),
        (IMAGE, "application/json"),
        (IMAGE | {"mediaType": 1}, ""),
        (IMAGE | {"manifests": []}, ""),
        (INDEX | {"layers": []}, ""),
        (INDEX | {"config": ITEM}, ""),
        (INDEX | {"mediaType": DOCKER_LIST, "layers": []}, ""),
        (IMAGE | {"config": "x"}, ""),
        (IMAGE | {"layers": {}}, ""),
        (IMAGE | {"subject": {}}, ""),
        (INDEX | {"manifests": [1]}, ""),
        ([], ""),
    ],
)
def test_a_manifest_that_could_be_two_things_or_none_is_refused(members: JsonValue, media_type: str) -> None:
    with pytest.raises(MalformedError):
        parse(members, media_type)


@pytest.mark.parametrize(("media_type", "told"), [("application/json", "'application/json'"), ("", "'absent'")])
def test_a_type_that_is_not_known_is_named(media_type: str, told: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse({}, media_type)
    assert told in refused.value.why


def test_descriptors_are_limited() -> None:
    with pytest.raises(LimitExceeded):
        parse(IMAGE | {"layers": [ITEM] * (MAX_DESCRIPTORS + 1)})


def test_a_referrers_type_is_the_manifests_own_or_its_configs() -> None:
    typed = parse(IMAGE | {"artifactType": "text/x", "annotations": {"a": "b"}}).referrer_descriptor
    assert (typed.artifact_type, typed.annotations) == ("text/x", {"a": "b"})
    assert parse(IMAGE).referrer_descriptor.artifact_type == "text/plain"


def test_what_is_built_has_gos_order() -> None:
    built = ArtifactManifest(PLAIN, (PLAIN,), {"a": "b"}, FULL, "text/x").build()
    order = ["schemaVersion", "mediaType", "config", "layers", "annotations", "subject", "artifactType"]
    assert list(parse_json(built.raw, what="test")) == order
    assert (built.subject, built.artifact_type) == (FULL, "text/x")
    least = ArtifactManifest(PLAIN, (), media_type=DOCKER_MANIFEST).build()
    assert list(parse_json(least.raw, what="test")) == order[:4]
    assert least.media_type == DOCKER_MANIFEST


def test_an_index_is_built_over_descriptors_in_order() -> None:
    index = build_index([FULL, PLAIN], {"a": "b"})
    assert (index.manifests, index.annotations) == ((FULL, PLAIN), {"a": "b"})
    assert b"annotations" not in build_index([PLAIN]).raw
