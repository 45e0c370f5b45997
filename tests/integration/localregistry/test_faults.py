"""Each switch does what the table in `faults.py` says, and nothing else."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from cosignpy.localregistry.faults import BodyFault, Faults, Kind, ScriptedAnswer
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from tests.integration.localregistry.wire import Answer, Json, Wire, describe

CONTENT = bytes(range(256)) * 16
BIG = CONTENT * 256
"""More than one piece of a stream."""


@contextmanager
def serving(faults: Faults) -> Iterator[Wire]:
    with LocalRegistry(RegistryOptions(faults=faults)) as registry:
        yield Wire(registry.address)


def get_blob(wire: Wire, content: bytes) -> Answer:
    return wire.get(f"/v2/a/blobs/{wire.push_blob('a', content)['digest']}")


def test_no_referrers_api() -> None:
    with serving(Faults(no_referrers_api=True)) as wire:
        subject = wire.push_manifest("a")
        answer = wire.put("a", "r", wire.manifest("a", subject=subject))
        assert (answer.status, answer.headers["oci-subject"]) == (201, None)
        assert wire.get(f"/v2/a/referrers/{subject['digest']}").status == 404


def test_no_deletes() -> None:
    with serving(Faults(no_deletes=True)) as wire:
        digest = wire.push_manifest("a")["digest"]
        answer = wire.send("DELETE", f"/v2/a/manifests/{digest}")
        assert (answer.status, answer.code) == (405, "UNSUPPORTED")


@pytest.mark.parametrize(
    ("faults", "status", "code"),
    [
        (Faults(rate_limit=2, retry_after=7), 429, "TOOMANYREQUESTS"),
        (Faults(server_errors=2, retry_after=7), 503, "UNKNOWN"),
    ],
)
def test_the_first_requests_are_refused(faults: Faults, status: int, code: str) -> None:
    with serving(faults) as wire:
        answers = [wire.get("/v2/") for _ in range(4)]
        assert [answer.status for answer in answers] == [status, status, 200, 200]
        assert (answers[0].code, answers[0].headers["retry-after"]) == (code, "7")


def test_one_status_for_everything() -> None:
    with serving(Faults(status=403)) as wire:
        assert {wire.get("/v2/").status, wire.begin("a").status} == {403}


def test_the_first_connections_are_reset() -> None:
    with serving(Faults(resets=1)) as wire:
        with pytest.raises(ConnectionResetError):
            wire.get("/v2/")
        assert wire.get("/v2/").status == 200


@pytest.mark.parametrize("content", [CONTENT, BIG])
def test_truncated_bodies(content: bytes) -> None:
    with serving(Faults(body=BodyFault.TRUNCATE)) as wire:
        with pytest.raises(http.client.IncompleteRead) as caught:
            get_blob(wire, content)
        assert caught.value.partial == content[: len(content) // 2]


@pytest.mark.parametrize("content", [CONTENT, BIG])
def test_altered_bodies(content: bytes) -> None:
    with serving(Faults(body=BodyFault.ALTER)) as wire:
        answer = get_blob(wire, content)
        differences = [place for place, pair in enumerate(zip(answer.body, content, strict=True)) if len(set(pair)) > 1]
        assert (answer.status, differences) == (200, [len(content) // 2])


@pytest.mark.parametrize("content", [CONTENT, BIG])
def test_stalled_bodies(content: bytes) -> None:
    with serving(Faults(body=BodyFault.STALL)) as wire:
        digest = wire.push_blob("a", content)["digest"]
        connection = wire.connect()
        connection.request("GET", f"/v2/a/blobs/{digest}")
        response = connection.getresponse()
        assert response.read(len(content) // 2) == content[: len(content) // 2]
        assert connection.sock is not None
        connection.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            response.read(1)
        connection.close()


@pytest.mark.parametrize("content", [CONTENT, BIG])
def test_endless_bodies(content: bytes) -> None:
    with serving(Faults(body=BodyFault.ENDLESS)) as wire:
        digest = wire.push_blob("a", content)["digest"]
        connection = wire.connect()
        connection.request("GET", f"/v2/a/blobs/{digest}")
        response = connection.getresponse()
        assert response.headers["content-length"] is None
        assert response.read(len(content)) == content
        assert len(response.read(10_000_000)) == 10_000_000
        connection.close()


def test_bodies_are_left_alone_where_there_are_none_or_it_is_no_success() -> None:
    with serving(Faults(body=BodyFault.TRUNCATE)) as wire:
        digest = wire.push_blob("a", CONTENT)["digest"]
        assert wire.send("HEAD", f"/v2/a/blobs/{digest}").headers["content-length"] == str(len(CONTENT))
        assert wire.get("/v2/a/manifests/none").code == "MANIFEST_UNKNOWN"
        assert get_blob(wire, b"").body == b""


def test_trickling_bodies() -> None:
    with serving(Faults(trickle=0.02)) as wire:
        started = time.monotonic()
        assert get_blob(wire, CONTENT).body == CONTENT
        assert time.monotonic() - started >= 0.08


def test_a_wrong_digest_header() -> None:
    with serving(Faults(wrong_digest=True)) as wire:
        described = wire.push_blob("a", CONTENT)
        answer = wire.get(f"/v2/a/blobs/{described['digest']}")
        assert answer.body == CONTENT
        assert answer.headers["docker-content-digest"] not in {None, described["digest"]}


def test_latency_is_a_round_trip_and_one_more_for_a_connection() -> None:
    with serving(Faults(latency=0.05)) as wire:
        connection = wire.connect()
        started = time.monotonic()
        for least in (0.1, 0.15):
            connection.request("GET", "/v2/")
            connection.getresponse().read()
            assert time.monotonic() - started >= least
        connection.close()


def test_faults_only_here() -> None:
    with serving(Faults(status=500, only=frozenset({Kind.BLOBS, Kind.TAGS}))) as wire:
        location = wire.begin("a").headers["location"]
        assert wire.get(location).status == 204
        assert wire.get("/v2/").status == 200
        assert wire.get("/v2/a/tags/list").status == 500
        assert wire.get("/v2/a/blobs/x").status == 500
        assert wire.get("/v2/a/manifests/x").status == 404
        assert wire.get("/token").status == 404


def test_a_scripted_answer() -> None:
    script = ScriptedAnswer("GET", "/v2/a/manifests/x", 200, {"content-type": "text/x", "x-more": "1"}, b"lies")
    with serving(Faults(scripted=(script,))) as wire:
        answer = wire.get("/v2/a/manifests/x")
        assert (answer.status, answer.body, answer.headers["x-more"]) == (200, b"lies", "1")
        assert wire.send("HEAD", "/v2/a/manifests/x").status == 404
        assert wire.get("/v2/a/manifests/y").status == 404


def test_a_stalled_client_does_not_keep_the_registry_from_ending() -> None:
    described: Json = describe(CONTENT, "")
    with serving(Faults(body=BodyFault.STALL)) as wire:
        wire.push_blob("a", CONTENT)
        host, port = wire.address.split(":")
        connection = socket.create_connection((host, int(port)))
        connection.sendall(f"GET /v2/a/blobs/{described['digest']} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        connection.recv(100)
    with suppress(ConnectionResetError):  # or an orderly end; either way the read returns
        while connection.recv(65536):
            pass
    connection.close()
