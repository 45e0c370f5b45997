"""Pushing blobs in pieces ("Pushing a blob in chunks", "Pushing a blob monolithically")."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.localregistry.routes import uploads
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from tests.integration.localregistry.wire import Answer, Wire, digest_of

PARTS = (b"a" * 1000, b"b" * 1000, b"c" * 500)
WHOLE = b"".join(PARTS)


def patch(wire: Wire, location: str, part: bytes, content_range: str | None = None) -> Answer:
    headers = {"content-type": "application/octet-stream"}
    return wire.send("PATCH", location, part, headers | ({"content-range": content_range} if content_range else {}))


def finish(wire: Wire, location: str, digest: str, part: bytes = b"", **headers: str) -> Answer:
    return wire.send("PUT", location, part, headers, digest=digest)


@pytest.fixture
def location(wire: Wire, repository: str) -> str:
    answer = wire.begin(repository)
    assert (answer.status, answer.headers["range"]) == (202, "0-0")
    return str(answer.headers["location"])


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("last", ["patch", "put"])
def test_chunks_become_a_blob(wire: Wire, location: str, algorithm: str, last: str) -> None:
    offset = 0
    for part in PARTS if last == "patch" else PARTS[:-1]:
        answer = patch(wire, location, part, f"{offset}-{offset + len(part) - 1}")
        offset += len(part)
        assert (answer.status, answer.headers["range"]) == (202, f"0-{offset - 1}")
        location = answer.headers["location"]
    digest = digest_of(WHOLE, algorithm)
    rest = {"part": PARTS[-1], "content-range": f"{offset}-{len(WHOLE) - 1}"} if last == "put" else {}
    answer = finish(wire, location, digest, **rest)
    assert (answer.status, answer.headers["docker-content-digest"]) == (201, digest)
    assert wire.get(answer.headers["location"]).body == WHOLE
    assert wire.get(location).code == "BLOB_UPLOAD_UNKNOWN"


def test_a_stream_of_unknown_length_becomes_a_blob(wire: Wire, location: str) -> None:
    answer = wire.send("PATCH", location, iter(PARTS))  # http.client sends an iterator in HTTP chunks
    assert (answer.status, answer.headers["range"]) == (202, f"0-{len(WHOLE) - 1}")
    assert finish(wire, answer.headers["location"], digest_of(WHOLE)).status == 201


@pytest.mark.parametrize("content_range", ["2000-2499", "500-1499", "0-999", "1000-999", "bytes 1000-1999/*", "x"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(
    wire: Wire, location: str, content_range: str, method: str
) -> None:
    patch(wire, location, PARTS[0], "0-999")
    query = {"digest": digest_of(WHOLE)} if method == "PUT" else {}
    refused = wire.send(method, location, PARTS[1], {"content-range": content_range}, **query)
    assert (refused.status, refused.code) == (416, "BLOB_UPLOAD_INVALID")
    assert refused.headers["range"] == "0-999"
    status = wire.get(refused.headers["location"])
    assert (status.status, status.headers["range"]) == (204, "0-999")
    assert patch(wire, status.headers["location"], PARTS[1], "1000-1999").status == 202


@pytest.mark.parametrize("content_range", ["0-998", "0-1000"])
def test_a_chunk_of_another_length_than_it_says_is_refused(wire: Wire, location: str, content_range: str) -> None:
    answer = patch(wire, location, PARTS[0], content_range)
    assert (answer.status, answer.code) == (400, "SIZE_INVALID")
    assert patch(wire, location, PARTS[0], "0-999").status == 202, "nothing of it was kept"


def test_content_of_another_digest_is_refused_and_dropped(wire: Wire, repository: str, location: str) -> None:
    digest = digest_of(WHOLE)
    answer = finish(wire, location, digest, WHOLE + b"!")
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert wire.get(location).code == "BLOB_UPLOAD_UNKNOWN"
    assert wire.get(f"/v2/{repository}/blobs/{digest}").code == "BLOB_UNKNOWN"


def test_content_of_another_digest_in_one_request_is_refused(wire: Wire, repository: str) -> None:
    answer = wire.send("POST", f"/v2/{repository}/blobs/uploads/", WHOLE, digest=digest_of(WHOLE + b"!"))
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


@pytest.mark.parametrize("query", [{}, {"digest": "sha256:zz"}])
def test_the_last_request_needs_a_digest(wire: Wire, location: str, query: dict[str, str]) -> None:
    answer = wire.send("PUT", location, WHOLE, **query)
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


def test_a_cancelled_upload_is_gone(wire: Wire, location: str) -> None:
    patch(wire, location, PARTS[0])
    assert wire.send("DELETE", location).status == 204
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = wire.send(method, location, digest=digest_of(b""))
        assert (answer.status, answer.code) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_an_upload_belongs_to_its_repository(wire: Wire, location: str, repository: str) -> None:
    answer = wire.get(location.replace(repository, f"{repository}/other"))
    assert (answer.status, answer.code) == (404, "BLOB_UPLOAD_UNKNOWN")


@pytest.mark.parametrize("upload", ["x", "%2e%2e", "..%2f_tags", "F47AC10B-58CC-4372-A567-0E02B2C3D479"])
def test_only_our_own_ids_name_uploads(wire: Wire, repository: str, upload: str) -> None:
    assert wire.get(f"/v2/{repository}/blobs/uploads/{upload}").status == 404


@pytest.fixture
def half_sent(wire: Wire, location: str) -> Iterator[socket.socket]:
    """A PATCH whose client has stopped after some of the body."""
    host, port = wire.address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"PATCH {location} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 200000\r\n\r\n".encode())
        connection.sendall(bytes(100_000))
        while wire.get(location).headers["range"] == "0-0":
            pass
        yield connection


@pytest.mark.usefixtures("half_sent")
def test_two_clients_cannot_write_to_one_upload(wire: Wire, location: str) -> None:
    for answer in (
        patch(wire, location, b"mine"),
        finish(wire, location, digest_of(b"")),
        wire.send("DELETE", location),
    ):
        assert (answer.status, answer.code) == (409, "BLOB_UPLOAD_INVALID")


def test_a_chunk_that_broke_off_leaves_nothing(wire: Wire, location: str, half_sent: socket.socket) -> None:
    half_sent.close()
    while wire.get(location).headers["range"] != "0-0":
        pass
    assert patch(wire, location, PARTS[0], "0-999").status == 202


def test_a_blob_over_the_limit_is_refused(wire: Wire, location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BLOB", 1500)
    assert patch(wire, location, PARTS[0]).status == 202
    declared, streamed = patch(wire, location, PARTS[1]), wire.send("PATCH", location, iter(PARTS))
    assert (declared.status, declared.code) == (streamed.status, streamed.code) == (413, "SIZE_INVALID")


def test_an_upload_without_a_client_is_dropped_after_a_day(tmp_path: Path) -> None:
    with LocalRegistry(RegistryOptions(tmp_path)) as registry:
        wire = Wire(registry.address)
        old, new = (wire.begin("a").headers["location"] for _ in range(2))
        path = next(tmp_path.rglob(old.rpartition("/")[2]))
        os.utime(path, (0, time.time() - 25 * 3600))
        wire.begin("a")
        assert wire.get(old).status == 404
        assert wire.get(new).status == 204
