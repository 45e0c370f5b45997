"""What operators set, see and do, on a server of several processes."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.tiles import TILE_WIDTH
from cosignpy.core.note.key_id import VerifierKey, encode_vkey, log_signature_type
from tests.support.http_calls import Caller
from tests.support.log_process import LogProcess, serve_logs
from tests.support.rekor_calls import V1_ENTRIES, V2_ENTRIES, propose_v1, propose_v2
from tests.support.server_process import ServerProcessError
from tests.support.tls_files import Authority, Pair
from tests.support.witnessed_server import WitnessServer

SIGNER: Final = PrivateKey.generate(ECDSA_P256)
FIRST: Final = "ci a-token-that-is-long-enough\n"
SECOND: Final = "ci another-token-that-is-long\n"
PATIENCE_SECONDS: Final = 20.0


def eventually(happened: Callable[[], bool]) -> bool:
    """Wait for what another process is about to do."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def save_private(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)


@cache
def proposed(message: bytes) -> dict[str, Any]:
    """Sign once: ECDSA makes another signature each time, and so another entry."""
    return propose_v2(SIGNER, message)


def write_v2(caller: Caller, message: bytes, **headers: str) -> int:
    return caller.post(V2_ENTRIES, proposed(message), **headers).status


def numbers(text: str) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _, number in lines}


def test_numbers_of_all_processes_are_on_a_port_of_their_own(tmp_path: Path) -> None:
    with serve_logs(tmp_path / "data", "metrics: 0\n") as log:
        caller = Caller(log.url)
        for number in range(3):
            assert write_v2(caller, b"%d" % number) == HTTPStatus.CREATED
        assert write_v2(caller, b"0") == HTTPStatus.CONFLICT
        assert caller.post(V1_ENTRIES, propose_v1(SIGNER)).status == HTTPStatus.CREATED
        assert caller.get("/metrics").status == HTTPStatus.NOT_FOUND
        (line,) = [line for line in log.messages.read_text().splitlines() if "metrics are at" in line]
        page = Caller(json.loads(line)["message"].removeprefix("metrics are at ").removesuffix("/metrics"))

        def read() -> dict[str, float]:
            return numbers(page.get("/metrics").body.decode())

        post = V1_ENTRIES.join(('rekor_qps_by_api{code="201",method="POST",path="', '"}'))
        assert eventually(lambda: read().get(post) == 1)
        found = read()
        assert found['rekor_v2_http_requests_total{code="201",method="post"}'] == 3
        assert found['rekor_v2_http_requests_total{code="409",method="post"}'] == 1
        assert (found["rekor_v2_new_hashedrekord_entries"], found["rekor_new_entries"]) == (3, 1)
        assert found['log_duplicate_entries_total{log="rekor-v2"}'] == 1
        assert (found['log_tree_size{log="rekor-v2"}'], found['log_tree_size{log="ct"}']) == (4, 0)
        assert found['log_batch_entries_sum{log="rekor-v2"}'] == 4
        assert found['log_waiting_entries{log="rekor-v1"}'] == 0
        assert found['log_disk_free_bytes{log="ct"}'] > 0


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with serve_logs(tmp_path / "one", "rekor_v1: {serve: false}\nct: {serve: false}\n", "--workers", "0") as log:
        for text in (f"metrics: {log.port}\n", ""):
            options = [] if text else ["--port", str(log.port)]
            with pytest.raises(ServerProcessError) as caught, serve_logs(tmp_path / f"two{text[:3]}", text, *options):
                pass
            assert f"cannot listen on 127.0.0.1:{log.port}" in str(caught.value)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_hangup_is_a_wish_to_read_files_again(tmp_path: Path, workers: str) -> None:
    """It comes from whoever renewed them, or from a terminal that was closed."""
    data = tmp_path / "data"
    data.mkdir()
    save_private(data / "tokens", FIRST)
    with serve_logs(data, "writers: {tokens: tokens}\nlog_level: warning\n", "--workers", workers) as log:
        caller = Caller(log.url)
        first, second = ({"Authorization": f"Bearer {line.split()[1]}"} for line in (FIRST, SECOND))
        assert write_v2(caller, b"a") == HTTPStatus.UNAUTHORIZED
        assert write_v2(caller, b"a", **first) == HTTPStatus.CREATED
        save_private(data / "new", SECOND)
        (data / "new").replace(data / "tokens")
        assert log.process is not None
        os.kill(log.process.pid, signal.SIGHUP)
        # Each request is a connection of its own, dealt to any worker: so many in a row reach all of them.
        refused = (HTTPStatus.UNAUTHORIZED,) * 16
        assert eventually(lambda: tuple(write_v2(caller, b"c", **first) for _ in refused) == refused)
        save_private(data / "tokens", "broken")
        os.kill(log.process.pid, signal.SIGHUP)
        assert eventually(lambda: "what was read before stays in force" in log.messages.read_text())
        assert write_v2(caller, b"d", **second) == HTTPStatus.CREATED
        said = [json.loads(line) for line in log.messages.read_text().splitlines() if line.startswith("{")]
        assert {line["level"] for line in said} == {"error", "warning"}, "requests are not told at this level"
        assert {line["logger"] for line in said if line["level"] == "warning"} == {"log_server.data_directory"}
        assert "another-token" not in log.messages.read_text()


def trusting(authority: Authority, pair: Pair | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def served_certificate(log: LogProcess, authority: Authority) -> dict[str, Any]:
    with (
        socket.create_connection(("127.0.0.1", log.port)) as raw,
        trusting(authority).wrap_socket(raw, server_hostname="127.0.0.1") as connection,
    ):
        found = connection.getpeercert()
        assert found is not None
        return dict(found)


def test_tls_with_writers_certificates_and_renewal(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    writer, stranger = authority.issue("ci.example"), authority.issue("else.example")
    first = authority.issue("127.0.0.1")
    data = tmp_path / "data"
    data.mkdir()
    first.certificate.rename(data / "tls.pem")
    first.key.rename(data / "tls.key")
    settings = (
        "tls:\n  certificate: tls.pem\n  key: tls.key\n"
        f"  client_ca: {json.dumps(str(authority.certificate))}\n"
        "writers:\n  subjects: ['dns:ci.example']\n"
    )
    with serve_logs(data, settings, tls=trusting(authority)) as log:
        assert log.url.startswith("https://")
        anyone = Caller(log.url, tls=trusting(authority))
        assert anyone.get("/api/v1/log").status == HTTPStatus.OK
        assert write_v2(anyone, b"a") == HTTPStatus.UNAUTHORIZED
        assert write_v2(Caller(log.url, tls=trusting(authority, stranger)), b"a") == HTTPStatus.FORBIDDEN
        assert write_v2(Caller(log.url, tls=trusting(authority, writer)), b"a") == HTTPStatus.CREATED
        before = served_certificate(log, authority)["serialNumber"]
        renewed = authority.issue("127.0.0.1")
        renewed.key.rename(data / "tls.key")
        renewed.certificate.rename(data / "tls.pem")
        assert log.process is not None
        os.kill(log.process.pid, signal.SIGHUP)
        assert eventually(lambda: served_certificate(log, authority)["serialNumber"] != before)
        assert write_v2(Caller(log.url, tls=trusting(authority, writer)), b"b") == HTTPStatus.CREATED


def test_limits_are_told_in_the_shape_of_each_protocol(tmp_path: Path) -> None:
    settings = "limits:\n  body: 1KiB\n  packages: 2KiB\n  writes: {per_second: 0.001, burst: 6}\nlog_level: info\n"
    with serve_logs(tmp_path / "data", settings, "--workers", "1") as log:
        caller = Caller(log.url)
        large = b'{"x":"' + b"x" * 3000 + b'"}'
        v1, v2, ct = (caller.post(path, large) for path in (V1_ENTRIES, V2_ENTRIES, "/ct/v1/add-chain"))
        assert [reply.status for reply in (v1, v2, ct)] == [413] * 3
        assert (v1.json["code"], v2.json["code"], ct.body[-1:]) == (413, 8, b"\n")
        assert write_v2(caller, b"a", X_Forwarded_For="192.0.2.7") == HTTPStatus.CREATED
        assert write_v2(caller, b"b", X_Forwarded_For="192.0.2.8") == HTTPStatus.CREATED, "it is the same client"
        refused = [write_v2(caller, b"%d" % number) for number in range(3)]
        assert refused == [201, 429, 429]
        again = caller.get("/api/v1/log", X_Request_Id="from-the-client-1")
        assert (again.status, again.headers["x-request-id"]) == (HTTPStatus.OK, "from-the-client-1")

        def told() -> list[dict[str, Any]]:
            return [json.loads(line) for line in log.messages.read_text().splitlines() if line.startswith("{")]

        assert eventually(lambda: any(line.get("request_id") == "from-the-client-1" for line in told()))
        assert {line["client"] for line in told() if "client" in line} == {"127.0.0.1"}


def test_a_log_that_cannot_commit_is_not_ready_and_says_why(tmp_path: Path) -> None:
    """Without its witness it commits nothing; what is published can be read all the while."""
    log = LogProcess(tmp_path / "data", ("--workers", "1"))
    log.run("init", "--hostname", "log.example")
    (shard,) = log.shards("rekor-v2")
    key = PublicKey.parse_pem(shard.public_key.encode(), what="shown")
    witness = WitnessServer(
        tmp_path / "witness", "w.example", [encode_vkey(VerifierKey(shard.origin, log_signature_type(key), key))]
    )
    (tmp_path / "data" / "policy").write_text(f"{witness.policy_line}\nquorum w.example\n")
    with (tmp_path / "data" / "log.yaml").open("w") as settings:
        settings.write("hostname: log.example\nrekor_v2: {witnesses: policy}\n")
    witness.start()
    log.start()
    try:
        caller = Caller(log.url)
        assert write_v2(caller, b"a") == HTTPStatus.CREATED
        witness.stop()
        assert write_v2(caller, b"b") == HTTPStatus.SERVICE_UNAVAILABLE
        assert eventually(lambda: caller.get("/readyz").status == HTTPStatus.SERVICE_UNAVAILABLE)
        detail = caller.get("/readyz").json["detail"]
        assert ("log.example: " in detail, "w.example" in detail, str(tmp_path) in detail) == (True, True, False)
        assert caller.get("/healthz").status == HTTPStatus.OK
        assert caller.get("/api/v2/checkpoint").status == HTTPStatus.OK
        assert caller.post(V1_ENTRIES, propose_v1(SIGNER)).status == HTTPStatus.CREATED, "the others go on"
        witness.restart()
        assert eventually(lambda: caller.get("/readyz").status == HTTPStatus.OK)
        assert write_v2(caller, b"c") == HTTPStatus.CREATED
        log.stop()
    finally:
        witness.stop()
        log.kill()


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory of logs with more than a tile of entries."""
    data = tmp_path_factory.mktemp("checked") / "data"
    with serve_logs(data, "", "--workers", "0") as log:
        caller = Caller(log.url)
        for number in range(TILE_WIDTH + 3):
            assert write_v2(caller, b"%d" % number) == HTTPStatus.CREATED
    return data


def fsck(data: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "log_server", "fsck", "--dir", str(data), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def damage(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)


def test_fsck_finds_nothing_in_a_log_that_is_as_it_should_be(checked: Path) -> None:
    code, said = fsck(checked)
    assert code == 0
    assert f"rekor-v2 0001: {TILE_WIDTH + 4} entries, all of it verifies\n" in said
    assert "ct 0001: 0 entries, all of it verifies\n" in said


def test_fsck_names_the_file_and_the_entry_of_a_byte_that_changed(checked: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(checked, data)
    damage(data / "rekor-v2" / "0001" / "log" / "tile" / "entries" / "000", 500)
    code, said = fsck(data)
    assert code == 3
    assert re.search(r"tile/entries/000\b.*entry [0-9]+|entry [0-9]+.*tile/entries/000", said), said


@pytest.mark.parametrize(
    ("what", "path", "code"),
    [("tiles", "log/tile/0/000", 3), ("tiles", "log/tile/1/000.p/1", 3), ("index", "index", 3)],
)
def test_what_follows_from_the_entries_is_made_again(
    checked: Path, tmp_path: Path, what: str, path: str, code: int
) -> None:
    data = tmp_path / "data"
    shutil.copytree(checked, data)
    lost = data / "rekor-v2" / "0001" / path
    shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
    found, said = fsck(data)
    assert (found, path.removeprefix("log/") in said) == (code, True), said
    assert fsck(data, "--rebuild", what)[0] == 0
    assert fsck(data)[0] == 0
    with serve_logs(data) as log:
        assert write_v2(Caller(log.url), b"1") == HTTPStatus.CONFLICT, "it is known that it was logged"


def test_a_log_whose_journal_is_lost_gets_a_new_one(checked: Path, tmp_path: Path) -> None:
    """The old one is kept; nothing that was published is lost, and what was logged is known."""
    data = tmp_path / "data"
    shutil.copytree(checked, data)
    shard = data / "rekor-v2" / "0001"
    for segment in (shard / "journal").iterdir():
        segment.write_bytes(b"damaged")
    code, said = fsck(data, "--log", "rekor-v2", "--rebuild", "journal")
    assert (code, "began a new journal" in said) == (0, True), said
    assert len(list(shard.glob("journal.damaged-*"))) == 1
    with serve_logs(data) as log:
        caller = Caller(log.url)
        assert write_v2(caller, b"1") == HTTPStatus.CONFLICT
        assert write_v2(caller, b"after") == HTTPStatus.CREATED
    assert fsck(data)[0] == 0


def test_a_new_journal_covers_no_damage_up(checked: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(checked, data)
    damage(data / "rekor-v2" / "0001" / "log" / "tile" / "entries" / "000", 500)
    code, said = fsck(data, "--log", "rekor-v2", "--rebuild", "journal")
    assert (code, "tile/entries/000" in said) == (3, True), said
    assert list((data / "rekor-v2" / "0001").glob("journal.damaged-*")) == []


def test_a_log_that_is_damaged_throughout_is_told_in_few_lines(checked: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(checked, data)
    shard = data / "rekor-v2" / "0001" / "log"
    (shard / "tile" / "0" / "000").write_bytes(bytes(32 * TILE_WIDTH))
    checkpoint = (shard / "checkpoint").read_bytes()
    (shard / "checkpoint").write_bytes(checkpoint[:-10] + b"AAAAAAAA=\n")
    code, said = fsck(data, "--log", "rekor-v2")
    assert (code, "  checkpoint: " in said) == (3, True), said
    assert re.search(r"  and [0-9]+ more\n", said)
    assert len(said.splitlines()) < 30


def test_an_index_that_ends_too_soon_is_told(checked: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(checked, data)
    shutil.rmtree(data / "rekor-v2" / "0001" / "index")
    shutil.copytree(data / "ct" / "0001" / "index", data / "rekor-v2" / "0001" / "index")
    code, said = fsck(data, "--log", "rekor-v2")
    assert (code, f"  index: it covers 0 of {TILE_WIDTH + 4} entries" in said) == (3, True), said
