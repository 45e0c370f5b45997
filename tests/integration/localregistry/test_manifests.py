"""Pushing, pulling and deleting manifests ("Pushing Manifests", "Pulling manifests", "Deleting Manifests")."""

from typing import Any

import pytest

from tests.integration.localregistry.wire import (
    EMPTY,
    LAYER,
    OCI_INDEX,
    OCI_MANIFEST,
    Json,
    Wire,
    describe,
    digest_of,
    encode,
)

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
MISSING: Json = {"mediaType": LAYER, "digest": digest_of(b"never pushed"), "size": 12}
SUBJECT: Json = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"no such subject"), "size": 15}


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize(
    "members",
    [
        {},
        {"layers": []},
        {"artifactType": "application/x.example"},
        {"annotations": {"long": "A" * 3_900_000}},
        {"x-custom": {"nested": [1, None, "\u00e9"]}, "annotations": {}},
        {"config": {"mediaType": EMPTY, "digest": digest_of(b"{}"), "size": 2, "data": "e30=", "x": 1}},
        {"subject": SUBJECT},
    ],
    ids=["plain", "no layers", "artifact", "large", "custom fields", "data field", "missing subject"],
)
def test_a_manifest_comes_back_byte_for_byte(wire: Wire, repository: str, algorithm: str, members: Json) -> None:
    manifest = wire.manifest(repository, **members)
    digest = digest_of(manifest, algorithm)
    pushed = wire.put(repository, digest, manifest)
    assert (pushed.status, pushed.headers["docker-content-digest"]) == (201, digest)
    assert pushed.headers.get("oci-subject") == members.get("subject", {}).get("digest")
    for path in (pushed.headers["location"], f"/v2/{repository}/manifests/{digest}"):
        answer = wire.get(path)
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, manifest, OCI_MANIFEST)
        head = wire.send("HEAD", path)
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(manifest)))
        assert head.headers["docker-content-digest"] == digest


def test_an_index_of_indexes_is_taken(wire: Wire, repository: str) -> None:
    child = wire.push_manifest(repository)
    inner = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]})
    assert wire.put(repository, "inner", inner, OCI_INDEX).status == 201
    blob = wire.push_blob(repository, b"an index may list what is no manifest")
    children = [describe(inner, OCI_INDEX), blob]
    outer = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children})
    assert wire.put(repository, "outer", outer, OCI_INDEX).status == 201
    assert wire.get(f"/v2/{repository}/manifests/outer").headers["content-type"] == OCI_INDEX


def test_an_empty_index_is_taken(wire: Wire, repository: str) -> None:
    index = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []})
    assert wire.put(repository, "empty", index, OCI_INDEX).status == 201


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ],
)
def test_a_layer_that_is_not_distributed_may_be_missing(wire: Wire, repository: str, media_type: str) -> None:
    layer = MISSING | {"mediaType": media_type, "urls": ["https://layers.example/1"]}
    wire.push_manifest(repository, layers=[layer])


@pytest.mark.parametrize("members", [{"config": MISSING}, {"layers": [MISSING]}], ids=["config", "layer"])
def test_a_manifest_over_a_missing_blob_is_refused(wire: Wire, repository: str, members: Json) -> None:
    answer = wire.put(repository, "latest", wire.manifest(repository, **members))
    assert (answer.status, answer.code) == (404, "MANIFEST_BLOB_UNKNOWN")


def test_an_index_over_a_missing_manifest_is_refused(wire: Wire, repository: str) -> None:
    index = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [MISSING]})
    assert wire.put(repository, "latest", index, OCI_INDEX).code == "MANIFEST_BLOB_UNKNOWN"


@pytest.mark.parametrize(
    "members",
    [
        {"schemaVersion": 1},
        {"schemaVersion": "2"},
        {"mediaType": OCI_INDEX},
        {"layers": [{"mediaType": LAYER, "size": 1}]},
        {"layers": {}},
        {"config": {"mediaType": EMPTY, "digest": "sha256:xyz", "size": 2}},
        {"manifests": []},
        {"subject": {"mediaType": OCI_MANIFEST, "digest": "latest", "size": 1}},
    ],
)
def test_a_malformed_manifest_is_refused(wire: Wire, repository: str, members: Json) -> None:
    answer = wire.put(repository, "latest", wire.manifest(repository, **members))
    assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")


@pytest.mark.parametrize("missing", ["config", "layers", "schemaVersion"])
def test_a_manifest_without_a_required_member_is_refused(wire: Wire, repository: str, missing: str) -> None:
    members: dict[str, Any] = {"schemaVersion": 2, "config": wire.push_blob(repository, b"{}"), "layers": []}
    manifest = encode({name: value for name, value in members.items() if name != missing})
    assert wire.put(repository, "latest", manifest).code == "MANIFEST_INVALID"
    assert wire.put(repository, "latest", encode(members)).status == 201


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 100_000],
    ids=["empty", "cut", "no object", "no text", "repeated key", "deep"],
)
def test_what_is_not_strict_json_is_refused(wire: Wire, repository: str, body: bytes) -> None:
    answer = wire.put(repository, "latest", body)
    assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")


@pytest.mark.parametrize(
    "media_type", [DOCKER_MANIFEST, "application/vnd.docker.distribution.manifest.v1+json", "text/x"]
)
def test_a_media_type_that_is_not_the_manifests_is_refused(wire: Wire, repository: str, media_type: str) -> None:
    answer = wire.put(repository, "latest", wire.manifest(repository), media_type)
    assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")


def test_a_docker_manifest_keeps_its_type(wire: Wire, repository: str) -> None:
    manifest = wire.manifest(repository, mediaType=DOCKER_MANIFEST)
    assert wire.put(repository, "latest", manifest, f"{DOCKER_MANIFEST}; charset=utf-8").status == 201
    assert wire.get(f"/v2/{repository}/manifests/latest").headers["content-type"] == DOCKER_MANIFEST


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_manifest_under_another_digest_is_refused(wire: Wire, repository: str, algorithm: str) -> None:
    manifest = wire.manifest(repository)
    answer = wire.put(repository, digest_of(manifest, algorithm), manifest + b" ")
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert wire.get(f"/v2/{repository}/manifests/{digest_of(manifest, algorithm)}").status == 404


def test_a_manifest_over_four_mebibytes_is_refused(wire: Wire, repository: str) -> None:
    manifest = wire.manifest(repository)
    largest = manifest + b" " * ((4 << 20) - len(manifest))
    assert wire.put(repository, "latest", largest).status == 201
    answer = wire.put(repository, "latest", largest + b" ")
    assert (answer.status, answer.code) == (413, "SIZE_INVALID")


def test_tags_can_come_with_a_push_by_digest(wire: Wire, repository: str) -> None:
    manifest = wire.manifest(repository)
    digest = digest_of(manifest, "sha512")
    answer = wire.put(repository, f"{digest}?tag=one&tag=two", manifest)
    assert (answer.status, answer.headers.get_all("oci-tag")) == (201, ["one", "two"])
    assert wire.get(f"/v2/{repository}/manifests/two").headers["docker-content-digest"] == digest


@pytest.mark.parametrize(
    ("tags", "status", "code"),
    [
        ("tag=a:b", 400, "DIGEST_INVALID"),
        (f"tag=one&tag={digest_of(b'')}", 400, "MANIFEST_INVALID"),
        ("tag=one&tag=.x", 400, "MANIFEST_INVALID"),
        ("&".join(f"tag={n}" for n in range(11)), 414, "MANIFEST_INVALID"),
    ],
    ids=["no digest", "a digest", "no tag", "too many"],
)
def test_tags_that_are_none_or_too_many_are_refused(
    wire: Wire, repository: str, tags: str, status: int, code: str
) -> None:
    manifest = wire.manifest(repository)
    answer = wire.put(repository, f"{digest_of(manifest)}?{tags}", manifest)
    assert (answer.status, answer.code) == (status, code)
    assert wire.get(f"/v2/{repository}/tags/list").json()["tags"] == []


def test_a_tag_moves_and_the_manifest_stays(wire: Wire, repository: str) -> None:
    first = wire.push_manifest(repository)
    second = wire.push_manifest(repository, annotations={"n": "2"})
    tagged = wire.get(f"/v2/{repository}/manifests/latest")
    assert tagged.headers["docker-content-digest"] == second["digest"]
    assert wire.get(f"/v2/{repository}/manifests/{first['digest']}").status == 200


def test_deleting_a_tag_leaves_the_manifest(wire: Wire, repository: str) -> None:
    digest = wire.push_manifest(repository)["digest"]
    assert wire.send("DELETE", f"/v2/{repository}/manifests/latest").status == 202
    assert wire.get(f"/v2/{repository}/manifests/latest").code == "MANIFEST_UNKNOWN"
    assert wire.get(f"/v2/{repository}/manifests/{digest}").status == 200


def test_deleting_a_manifest_deletes_its_tags_only(wire: Wire, repository: str) -> None:
    digest = wire.push_manifest(repository)["digest"]
    wire.push_manifest(repository, "other", annotations={"n": "2"})
    assert wire.send("DELETE", f"/v2/{repository}/manifests/{digest}").status == 202
    for target in (digest, "latest"):
        assert wire.get(f"/v2/{repository}/manifests/{target}").code == "MANIFEST_UNKNOWN"
        assert wire.send("HEAD", f"/v2/{repository}/manifests/{target}").status == 404
        assert wire.send("DELETE", f"/v2/{repository}/manifests/{target}").code == "MANIFEST_UNKNOWN"
    assert wire.get(f"/v2/{repository}/tags/list").json()["tags"] == ["other"]


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "sha256:baddigeststring", 400, "DIGEST_INVALID"),
        ("PUT", "sha256:baddigeststring", 400, "DIGEST_INVALID"),
        ("GET", ".INVALID", 404, "MANIFEST_UNKNOWN"),
        ("PUT", ".INVALID", 400, "MANIFEST_INVALID"),
        ("PUT", "t" * 129, 400, "MANIFEST_INVALID"),
        ("DELETE", "nobody", 404, "MANIFEST_UNKNOWN"),
    ],
)
def test_a_target_that_is_none_is_refused(
    wire: Wire, repository: str, method: str, target: str, status: int, code: str
) -> None:
    answer = wire.send(method, f"/v2/{repository}/manifests/{target}", wire.manifest(repository))
    assert (answer.status, answer.code) == (status, code)
