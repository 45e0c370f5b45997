"""Issuing with certificate transparency logs on real sockets: our own log server, and logs that misbehave."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from cryptography.x509 import load_der_x509_certificate

from ca_server.config import CtLogSettings, Embedding, TransparencySettings
from ca_server.issuance.ct_submit import CtSubmissions, build_submitter
from ca_server.issuance.errors import LogRefused
from ca_server.issuance.issue import IssuedCertificate
from cosignpy.core.ct.entry import SignedEntry
from cosignpy.core.ct.precertificate import (
    build_certificate_entry,
    build_precertificate_entry,
    hash_issuer_key,
    verify_embedded_sct,
    verify_sct,
)
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.encoding import PemBlock, decode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.serving.quantities import Duration
from cosignpy.values import replace
from tests.support import client_rules
from tests.support.ct_calls import verify_sth
from tests.support.http_calls import Caller
from tests.support.issuance import LOG_KEY, TOKEN, Desk, ask, build_issuing, open_desk, promise
from tests.support.log_process import LogProcess, serve_logs
from tests.support.raw_server import (
    Handler,
    RawRequest,
    RawServer,
    hang_up,
    head,
    raw,
    repeat,
    reply,
    reset,
    stall,
    then,
)

ISSUING: Final = build_issuing()
CLIENTS: Final = 64
PATIENT: Final = 20
IMPATIENT: Final = 1
"""Seconds that a log may take: one that is to answer, and one that will not."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    data = tmp_path_factory.mktemp("ct") / "data"
    data.mkdir()
    (data / "roots.pem").write_bytes(PemBlock("CERTIFICATE", ISSUING.chain[-1]).encode())
    settings = "hostname: ct.example\nct: {roots: roots.pem}\nrekor_v1: {serve: false}\nrekor_v2: {serve: false}\n"
    with serve_logs(data, settings) as running:
        yield running


@pytest.fixture(scope="module")
def key_file(log: LogProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (shard,) = log.shards("ct")
    path = tmp_path_factory.mktemp("key") / "ct.pub"
    path.write_text(shard.public_key)
    return path


@pytest.fixture
def key(key_file: Path) -> PublicKey:
    return PublicKey.parse_pem(key_file.read_bytes())


@pytest.fixture
def foreign_key(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.pub"
    path.write_bytes(LOG_KEY.public_key.encode_pem())
    return path


def open_with(
    logs: Sequence[CtLogSettings], seconds: int, embedding: Embedding = Embedding.EMBEDDED
) -> tuple[Desk, CtSubmissions]:
    settings = TransparencySettings(logs=tuple(logs), timeout=Duration(seconds))
    submissions = CtSubmissions(build_submitter(settings))
    return open_desk(embedding, submit=submissions.submit), submissions


def issue(
    *logs: CtLogSettings, count: int = 1, seconds: int = PATIENT, embedding: Embedding = Embedding.EMBEDDED
) -> list[IssuedCertificate]:
    """Issue so many certificates at once."""
    desk, submissions = open_with(logs, seconds, embedding)

    async def gather() -> list[IssuedCertificate]:
        return await asyncio.gather(*[desk.issuer.issue(ask(), TOKEN) for _ in range(count)])

    try:
        return asyncio.run(gather())
    finally:
        submissions.close()


def refuse(*logs: CtLogSettings) -> str:
    """Return why nothing was issued, and make sure that it did not take for ever."""
    started = time.monotonic()
    desk, submissions = open_with(logs, IMPATIENT)
    with pytest.raises(LogRefused):
        asyncio.run(desk.issuer.issue(ask(), TOKEN))
    submissions.close()
    assert time.monotonic() - started < PATIENT
    (record,) = desk.records
    assert (record.status, record.log_id) == (500, b"")
    return record.reason


def test_a_certificate_is_in_the_log_that_promised_it(log: LogProcess, key_file: Path, key: PublicKey) -> None:
    before, _ = verify_sth(Caller(log.url).get("/ct/v1/get-sth").json, key)
    (issued,) = issue(CtLogSettings(log.url, key_file))
    assert issued.sct is not None
    verify_embedded_sct(issued.sct, issued.leaf, issued.chain[0], key)
    leaf, issuer = load_der_x509_certificate(issued.leaf), load_der_x509_certificate(issued.chain[0])
    (sct,) = client_rules.read_scts(leaf)
    client_rules.verify_sct(sct, leaf, issuer, key.spki)
    assert verify_sth(Caller(log.url).get("/ct/v1/get-sth").json, key)[0] == before + 1


def test_a_finished_certificate_is_logged_as_well(log: LogProcess, key_file: Path, key: PublicKey) -> None:
    (issued,) = issue(CtLogSettings(f"{log.url}/ctlog/", key_file), embedding=Embedding.DETACHED)
    assert issued.sct is not None
    verify_sct(issued.sct, build_certificate_entry(issued.leaf), key)


def test_many_at_once_get_a_promise_each(log: LogProcess, key_file: Path) -> None:
    issued = issue(CtLogSettings(log.url, key_file), count=CLIENTS)
    assert len({one.serial for one in issued}) == CLIENTS
    assert len({one.sct.extensions for one in issued if one.sct}) == CLIENTS, "each has its own place in the log"


def test_with_the_key_of_another_log_nothing_is_issued(log: LogProcess, foreign_key: Path) -> None:
    assert "proves nothing" in refuse(CtLogSettings(log.url, foreign_key))


def test_a_log_that_does_not_know_our_root_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    settings = "rekor_v1: {serve: false}\nrekor_v2: {serve: false}\n"
    with serve_logs(tmp_path / "data", settings, "--workers", "0") as stranger:
        assert "no accepted root" in refuse(CtLogSettings(stranger.url))


# --- logs that misbehave ------------------------------------------------------------------------


def entry_of(request: RawRequest) -> SignedEntry:
    """Look into a submission as a log does."""
    precertificate, issuer, *_ = (decode_b64(text, what="test") for text in json.loads(request.body)["chain"])
    return build_precertificate_entry(
        TbsCertificate.parse(precertificate), hash_issuer_key(TbsCertificate.parse(issuer))
    )


def url_of(server: RawServer) -> str:
    return f"http://{server.address}"


def honest(connection: socket.socket, request: RawRequest) -> None:
    reply(200, encode_sct_answer(promise(entry_of(request))))(connection, request)


def lying(connection: socket.socket, request: RawRequest) -> None:
    """Promise to show a certificate that is another than the submitted one by a byte."""
    entry = entry_of(request)
    other = replace(entry, content=entry.content[:-1] + bytes((entry.content[-1] ^ 1,)))
    reply(200, encode_sct_answer(promise(other)))(connection, request)


def test_connections_are_kept(foreign_key: Path) -> None:
    with RawServer(honest) as server:
        desk, submissions = open_with([CtLogSettings(url_of(server), foreign_key)], PATIENT)
        for _ in range(3):
            asyncio.run(desk.issuer.issue(ask(), TOKEN))
        submissions.close()
        assert (len(server.requests), server.connections) == (3, 1)


@pytest.mark.parametrize("stumble", [reset, hang_up, reply(500), reply(503, b"", Retry_After="1")])
def test_a_log_that_stumbles_is_asked_again(stumble: Handler, foreign_key: Path) -> None:
    with RawServer(then(stumble, honest)) as server:
        (issued,) = issue(CtLogSettings(url_of(server), foreign_key))
        assert issued.sct is not None
        assert len(server.requests) == 2


def test_a_promise_for_another_certificate_is_none(foreign_key: Path) -> None:
    with RawServer(lying) as server, RawServer(honest) as other:
        assert "proves nothing" in refuse(
            CtLogSettings(url_of(server), foreign_key),
            CtLogSettings(url_of(other), foreign_key),
        )
        assert (len(server.requests), len(other.requests)) == (1, 0)


def test_a_log_that_is_down_is_told_of(foreign_key: Path) -> None:
    with RawServer(hang_up) as server:
        gone = url_of(server)
    assert "connection refused" in refuse(CtLogSettings(gone, foreign_key))


@pytest.mark.parametrize(
    "handler",
    [
        stall(),
        stall(head(200, Content_Length="300")),
        repeat(head(200, Transfer_Encoding="chunked"), b"1\r\nx\r\n", pause=0.01),
        reset,
        hang_up,
        raw(b"not HTTP"),
        reply(500, b"broken"),
        reply(200, b"x" * (1 << 20)),
        reply(200, b"{}"),
        reply(302, Location="http://127.0.0.1:1/"),
    ],
    ids=["silent", "no-body", "dripping", "reset", "hang-up", "no-http", "error", "10-MB", "no-sct", "redirecting"],
)
def test_a_log_that_fails_issues_nothing_and_another_one_helps(handler: Handler, foreign_key: Path) -> None:
    with RawServer(handler) as server, RawServer(honest) as other:
        first, second = (CtLogSettings(url_of(one), foreign_key) for one in (server, other))
        refuse(first)
        (issued,) = issue(first, second, seconds=IMPATIENT)
        assert issued.sct is not None
