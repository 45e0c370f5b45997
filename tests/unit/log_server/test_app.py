"""Which app answers a path, and what stands in front of those that write."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest
from starlette.types import ASGIApp

from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.key_id import VerifierKey, encode_vkey, log_signature_type
from cosignpy.errors import CosignError
from cosignpy.serving.settings import parse_settings
from log_server.app import build_app
from log_server.config import Settings
from log_server.local_log import LocalLog, LocalShard
from log_server.witness.witness import begin_witness
from tests.support.asgi_calls import Answer, Client, ask_async, scope_of
from tests.support.ct_calls import ct_shard
from tests.support.memory_log import MemoryShard, build_log, v1_shard, v2_shard

TOKEN: Final = "a-token-that-is-long-enough"
WRITES: Final = ("/api/v1/log/entries", "/api/v2/log/entries", "/ct/v1/add-chain", "/ctlog/ct/v1/add-pre-chain")


def frozen(shard: MemoryShard) -> LocalLog:
    """Return a log that has no sequencer."""
    return LocalLog([LocalShard(shard.identity, shard.reader)], shard.signer, None)


@pytest.fixture(scope="module")
def logs() -> list[LocalLog]:
    v1 = build_log(v1_shard(PrivateKey.generate(ECDSA_P256))).active
    v2 = build_log(v2_shard(PrivateKey.generate(ED25519))).active
    return [frozen(shard) for shard in (v1, v2, ct_shard(PrivateKey.generate(ECDSA_P256)))]


def settings_of(text: str, folder: Path) -> Settings:
    return parse_settings(text.encode(), Settings, str(folder / "log.yaml"))


def ask(app: ASGIApp, path: str, method: str = "GET", body: bytes = b"{}", **headers: str) -> Answer:
    given = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = scope_of(path, given, method=method, query_string=b"")
    return asyncio.run(ask_async(app, scope, Client((body,))))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/ping", 200),
        ("/api/v1/log", 200),
        ("/api/v1/none", 404),
        ("/api/v2/checkpoint", 200),
        ("/checkpoint", 200),
        ("/tile/0/000.p/1", 200),
        ("/ct/v1/get-sth", 200),
        ("/ctlog/checkpoint", 200),
        ("/witness/add-checkpoint", 404),
        ("/", 200),
        ("/none", 404),
    ],
)
def test_every_path_has_its_app(logs: list[LocalLog], tmp_path: Path, path: str, status: int) -> None:
    answer = ask(build_app(logs, Settings(), tmp_path).app, path)
    assert answer.status == status
    assert b"x-request-id" in answer.headers


def test_the_numbers_are_where_the_settings_say(logs: list[LocalLog], tmp_path: Path) -> None:
    elsewhere = build_app(logs, settings_of("metrics: 9090\n", tmp_path), tmp_path)
    assert ask(elsewhere.app, "/metrics").status == HTTPStatus.NOT_FOUND
    elsewhere.tick()


def test_a_log_that_is_not_served_has_no_paths(logs: list[LocalLog], tmp_path: Path) -> None:
    app = build_app(logs[:1], Settings(), tmp_path).app
    assert [ask(app, path).status for path in ("/api/v1/log", "/checkpoint", "/ct/v1/get-sth")] == [200, 404, 404]


@pytest.mark.parametrize("path", WRITES)
def test_writers_show_a_token_and_readers_nothing(logs: list[LocalLog], tmp_path: Path, path: str) -> None:
    (tmp_path / "tokens").write_text(f"ci {TOKEN}\n")
    (tmp_path / "tokens").chmod(0o600)
    served = build_app(logs, settings_of("writers: {tokens: tokens}\n", tmp_path), tmp_path)
    without = ask(served.app, path, "POST", content_type="application/json")
    assert (without.status, without.headers[b"www-authenticate"]) == (401, b"Bearer")
    wrong = ask(served.app, path, "POST", content_type="application/json", authorization="Bearer something-else")
    assert wrong.status == HTTPStatus.UNAUTHORIZED
    known = ask(served.app, path, "POST", content_type="application/json", authorization=f"Bearer {TOKEN}")
    assert known.status == HTTPStatus.BAD_REQUEST, "an empty object is no entry"
    assert ask(served.app, "/api/v1/log").status == HTTPStatus.OK
    assert ask(served.app, path).status != HTTPStatus.UNAUTHORIZED, "what is read there is open to all"
    assert any(type(one).__name__ == "TokenFile" for one in served.watched)


def test_searching_is_reading(logs: list[LocalLog], tmp_path: Path) -> None:
    """It comes by POST as well."""
    (tmp_path / "tokens").write_text(f"ci {TOKEN}\n")
    (tmp_path / "tokens").chmod(0o600)
    app = build_app(logs, settings_of("writers: {tokens: tokens}\n", tmp_path), tmp_path).app
    found = ask(app, "/api/v1/log/entries/retrieve", "POST", content_type="application/json")
    assert found.status == HTTPStatus.OK


LIMITED: Final = "limits:\n  writes: {per_second: 0.001, burst: 2}\n  trusted_proxies: [192.0.2.0/24]\nworkers: 1\n"


def statuses(app: ASGIApp, forwarded: Mapping[str, str], times: int = 3) -> list[int]:
    return [ask(app, WRITES[0], "POST", content_type="application/json", **forwarded).status for _ in range(times)]


@pytest.mark.parametrize("path", [*WRITES, f"{WRITES[0]}/retrieve", "/api/v1/index/retrieve"])
def test_a_body_that_is_compressed_is_refused_with_the_reason(logs: list[LocalLog], tmp_path: Path, path: str) -> None:
    app = build_app(logs, Settings(), tmp_path).app
    answer = ask(app, path, "POST", b"\x1f\x8b", content_type="application/json", content_encoding="gzip")
    assert (answer.status, b"'gzip'" in answer.body, answer.headers[b"accept-encoding"]) == (415, True, b"identity")


def test_one_address_writes_so_often_and_no_more(logs: list[LocalLog], tmp_path: Path) -> None:
    app = build_app(logs, settings_of(LIMITED, tmp_path), tmp_path).app
    assert statuses(app, {}) == [400, 400, 429]
    assert ask(app, "/api/v1/log").status == HTTPStatus.OK
    refused = ask(app, WRITES[0], "POST", content_type="application/json")
    assert (int(refused.headers[b"retry-after"]) > 0, refused.json["code"]) == (True, 429)


@pytest.mark.parametrize("first", WRITES)
@pytest.mark.parametrize("second", WRITES)
def test_all_logs_count_together(logs: list[LocalLog], tmp_path: Path, first: str, second: str) -> None:
    app = build_app(logs, settings_of(LIMITED, tmp_path), tmp_path).app
    found = [ask(app, path, "POST", content_type="application/json").status for path in (first, second, first, second)]
    assert found == [400, 400, 429, 429]


def test_a_search_with_proposals_counts_and_others_do_not(logs: list[LocalLog], tmp_path: Path) -> None:
    app = build_app(logs, settings_of(LIMITED, tmp_path), tmp_path).app
    path = f"{WRITES[0]}/retrieve"
    searches = [
        b'{"logIndexes":[0]}',
        b'{"entries":[{}]}',
        b'{"entries":[{}]}',
        b'{"entries":[{}]}',
        b'{"logIndexes":[0]}',
    ]
    assert [ask(app, path, "POST", body, content_type="application/json").status for body in searches] == [
        200, 400, 400, 429, 200
    ]  # fmt: skip
    refused = ask(app, path, "POST", searches[1], content_type="application/json")
    assert (int(refused.headers[b"retry-after"]) > 0, refused.json["code"]) == (True, 429)
    assert statuses(app, {}, 1) == [429]


def test_a_proxy_is_believed_whom_it_speaks_for(logs: list[LocalLog], tmp_path: Path) -> None:
    app = build_app(logs, settings_of(LIMITED, tmp_path), tmp_path).app
    assert statuses(app, {"x_forwarded_for": "198.51.100.1"}) == [400, 400, 429]
    assert statuses(app, {"x_forwarded_for": "198.51.100.2"}) == [400, 400, 429]


def test_anyone_else_is_not(logs: list[LocalLog], tmp_path: Path) -> None:
    text = LIMITED.replace("192.0.2.0/24", "203.0.113.0/24")
    app = build_app(logs, settings_of(text, tmp_path), tmp_path).app
    assert [statuses(app, {"x_forwarded_for": f"198.51.100.{last}"}, 1) for last in (1, 2, 3)] == [[400], [400], [429]]


def test_a_log_in_trouble_makes_the_server_not_ready(logs: list[LocalLog], tmp_path: Path) -> None:
    class Troubled(LocalLog):
        trouble = "the disk is full"

    shard = logs[1].active
    app = build_app([logs[0], Troubled([shard], logs[1].signer, None)], Settings(), tmp_path).app
    answer = ask(app, "/readyz")
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json["detail"] == f"not ready: {shard.identity.origin}: the disk is full"
    assert ask(app, "/healthz").status == HTTPStatus.OK


def test_a_file_that_cannot_be_used_is_an_error(logs: list[LocalLog], tmp_path: Path) -> None:
    for text in ("writers: {tokens: none}\n", "ct: {roots: none}\n", "witness: {logs: none}\n"):
        with pytest.raises(CosignError):
            build_app(logs, settings_of(text, tmp_path), tmp_path)


def test_a_witness_answers_below_its_prefix(logs: list[LocalLog], tmp_path: Path) -> None:
    begin_witness(tmp_path)
    key = logs[1].active.identity.key
    vkey = encode_vkey(VerifierKey(logs[1].active.identity.origin, log_signature_type(key), key))
    (tmp_path / "logs").write_text(f"{vkey}\n")
    app = build_app(logs, settings_of("witness: {logs: logs}\n", tmp_path), tmp_path).app
    assert ask(app, "/witness/add-checkpoint").status == HTTPStatus.METHOD_NOT_ALLOWED
    assert ask(app, "/witness/add-checkpoint", "POST").status == HTTPStatus.BAD_REQUEST
