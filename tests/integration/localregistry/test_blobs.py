"""Pulling and deleting blobs, and mounting them ("Pulling blobs", "Mounting a blob from another repository")."""

import pytest

from tests.integration.localregistry.wire import Wire, digest_of

CONTENT = bytes(range(256)) * 8
MISSING = digest_of(b"never pushed")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("content", [b"", b"{}", CONTENT, CONTENT * 400], ids=["empty", "json", "2 KiB", "800 KiB"])
def test_a_pushed_blob_comes_back(wire: Wire, repository: str, algorithm: str, content: bytes) -> None:
    digest = wire.push_blob(repository, content, algorithm)["digest"]
    answer = wire.get(f"/v2/{repository}/blobs/{digest}")
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["docker-content-digest"] == digest
    assert answer.headers["content-type"] == "application/octet-stream"
    head = wire.send("HEAD", f"/v2/{repository}/blobs/{digest}")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_an_unknown_blob_is_not_found(wire: Wire, repository: str, method: str) -> None:
    answer = wire.send(method, f"/v2/{repository}/blobs/{MISSING}")
    assert answer.status == 404
    assert method == "HEAD" or answer.code == "BLOB_UNKNOWN"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=500-1499", range(500, 1500)),
        ("bytes=500-", range(500, 2048)),
        ("bytes=-500", range(1548, 2048)),
        ("bytes=-5000", range(2048)),
        ("bytes=2000-5000", range(2000, 2048)),
        ("bytes=0-0", range(1)),
    ],
)
def test_a_range_is_served(wire: Wire, repository: str, header: str, part: range) -> None:
    digest = wire.push_blob(repository, CONTENT)["digest"]
    answer = wire.get(f"/v2/{repository}/blobs/{digest}", {"range": header})
    assert (answer.status, answer.body) == (206, CONTENT[part.start : part.stop])
    assert answer.headers["content-range"] == f"bytes {part.start}-{part.stop - 1}/2048"
    assert answer.headers["content-length"] == str(len(part))


@pytest.mark.parametrize("header", ["bytes=2048-", "bytes=5000-10000", "bytes=500-0", "bytes=-0"])
def test_a_range_outside_of_the_blob_is_refused(wire: Wire, repository: str, header: str) -> None:
    digest = wire.push_blob(repository, CONTENT)["digest"]
    answer = wire.get(f"/v2/{repository}/blobs/{digest}", {"range": header})
    assert answer.status == 416
    assert answer.headers["content-range"] == "bytes */2048"


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "lines=0-1", "bytes=-", "bytes=a-b"])
def test_other_ranges_are_ignored(wire: Wire, repository: str, header: str) -> None:
    digest = wire.push_blob(repository, CONTENT)["digest"]
    answer = wire.get(f"/v2/{repository}/blobs/{digest}", {"range": header})
    assert (answer.status, answer.body) == (200, CONTENT)


def test_only_a_get_has_ranges(wire: Wire, repository: str) -> None:
    digest = wire.push_blob(repository, CONTENT)["digest"]
    for header in ("bytes=0-9", "bytes=5000-"):
        answer = wire.send("HEAD", f"/v2/{repository}/blobs/{digest}", headers={"range": header})
        assert (answer.status, answer.headers["content-length"]) == (200, "2048")


@pytest.mark.parametrize(
    ("validator", "status"),
    [("its own", 206), ('"other"', 200), ("W/its own", 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)],
)
def test_a_range_of_other_content_is_ignored(wire: Wire, repository: str, validator: str, status: int) -> None:
    digest = wire.push_blob(repository, CONTENT)["digest"]
    headers = {"range": "bytes=0-9", "if-range": validator.replace("its own", f'"{digest}"')}
    assert wire.get(f"/v2/{repository}/blobs/{digest}", headers).status == status


def test_a_deleted_blob_is_gone_here_and_stays_elsewhere(wire: Wire, repository: str) -> None:
    digest = wire.push_blob(repository, CONTENT)["digest"]
    mounted = wire.begin(f"{repository}/copy", mount=digest, **{"from": repository})
    assert mounted.status == 201
    assert wire.send("DELETE", f"/v2/{repository}/blobs/{digest}").status == 202
    assert wire.get(f"/v2/{repository}/blobs/{digest}").code == "BLOB_UNKNOWN"
    assert wire.get(mounted.headers["location"]).body == CONTENT


def test_a_mount_may_leave_the_source_to_the_registry(wire: Wire, repository: str) -> None:
    digest = wire.push_blob(f"{repository}/source", b"only here: " + repository.encode())["digest"]
    answer = wire.begin(repository, mount=digest)
    assert (answer.status, answer.headers["location"]) == (201, f"/v2/{repository}/blobs/{digest}")
    assert wire.begin(repository, mount=digest).status == 201, "once more is no mistake"


@pytest.mark.parametrize("source", [{}, {"from": "nobody/knows"}])
def test_a_mount_of_what_is_not_there_becomes_an_upload(wire: Wire, repository: str, source: dict[str, str]) -> None:
    answer = wire.begin(repository, mount=MISSING, **source)
    assert answer.status == 202
    assert wire.get(answer.headers["location"]).status == 204


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"mount": "sha256:short"}, "DIGEST_INVALID"),
        ({"mount": MISSING, "from": "UPPER"}, "NAME_INVALID"),
        ({"digest": "md5:d41d8cd98f00b204e9800998ecf8427e"}, "DIGEST_INVALID"),
    ],
)
def test_an_upload_that_asks_for_nonsense_is_refused(
    wire: Wire, repository: str, query: dict[str, str], code: str
) -> None:
    answer = wire.begin(repository, **query)
    assert (answer.status, answer.code) == (400, code)
