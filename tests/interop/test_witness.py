"""Witnesses both ways: a Go witness cosigns our log, and the real Rekor v2 server has ours cosign its own."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint, verify_checkpoint
from cosignpy.core.note.cosignature import verify_cosignature
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.note.verifier import log_verifier
from cosignpy.errors import RemoteError, Unreachable
from cosignpy.net.http import HttpClient, HttpOptions, Request
from cosignpy.net.retry import NO_RETRIES
from cosignpy.net.url import Url
from log_server.sequencing.open_writer import open_writer
from log_server.tlog.values import Draft, leaf_key
from log_server.witness.ask import WitnessClient
from log_server.witness.cosigner import open_cosigner
from log_server.witness.growth import Growth
from log_server.witness.policy import WithoutQuorum, Witness, parse_policy
from tests.interop import peers
from tests.support.rekor_calls import V2_ENTRIES, propose_v2
from tests.support.witnessed_server import WitnessedLog, WitnessServer
from tests.support.witnesses import NOW, log_vkey, verifier_of

PATIENCE: Final = 60.0
TILES_ORIGIN: Final = "tiles.example"
BATCHES: Final = (1, 3, 251, 1, 1, 300, 1)
"""They end before, at and behind the borders of tiles."""


@contextmanager
def go_witness(log: str) -> Iterator[tuple[str, str]]:
    """Run the Go witness of a log; yields its submission prefix and its verifier key."""
    command = [str(peers.path("go-witness")), "-log", log]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port, vkey = process.stdout.readline().strip(), process.stdout.readline().strip()
            yield f"http://127.0.0.1:{port}", vkey
        finally:
            process.kill()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(HttpOptions(read_timeout=PATIENCE, retry=NO_RETRIES))
    yield made
    made.close()


def sequence(log: WitnessedLog, policy: str) -> list[bytes]:
    """Grow our log under a policy; return each checkpoint that it published."""
    objects = log.shard.open_objects()
    with open_cosigner(parse_policy(policy.encode()), objects, WithoutQuorum.REFUSE) as cosigner:
        writer = open_writer(log.files, log.shard, cosigner)
        published = []
        for number, size in enumerate(BATCHES):
            contents = [b"entry %d of batch %d" % (place, number) for place in range(size)]
            drafts = [Draft(content, leaf_key(hash_leaf(content))) for content in contents]
            published.append(writer.sequence(drafts, time.time_ns() // 1_000_000).checkpoint)
        writer.close()
    return published


def test_a_go_witness_follows_our_log_beside_our_own(tmp_path: Path) -> None:
    log = WitnessedLog(tmp_path / "log")
    ours = WitnessServer(tmp_path / "ours", "ours.example", [log.vkey])
    ours.start()
    try:
        with go_witness(log.vkey) as (prefix, vkey):
            lines = [f"witness go {vkey} {prefix}", ours.policy_line, "group both all go ours.example", "quorum both"]
            published = sequence(log, "\n".join(lines))
    finally:
        ours.stop()
    size = 1  # the entry that every log begins with
    for raw, batch in zip(published, BATCHES, strict=True):
        size += batch
        assert verify_checkpoint(raw, log_verifier(log.identity.origin, log.identity.key)).size == size
        assert abs(verify_cosignature(parse_note(raw), verifier_of(vkey)) - time.time()) < PATIENCE
        assert verify_cosignature(parse_note(raw), verifier_of(ours.witness.vkey)) == NOW


def test_a_go_witness_refuses_a_log_of_ours_that_forked(tmp_path: Path, client: HttpClient) -> None:
    log = WitnessedLog(tmp_path / "log")
    with go_witness(log.vkey) as (prefix, vkey):
        published = sequence(log, f"witness go {vkey} {prefix}\nquorum go")
        shorter = parse_note(published[0])
        witness = WitnessClient(Witness("go", verifier_of(vkey)), Url.parse(prefix), client)
        with pytest.raises(RemoteError) as caught:
            witness.cosign(Growth(shorter, log.shard.open_objects()))
    assert caught.value.status == 409


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def rekor_tiles(folder: Path, key: PrivateKey, policy: str, client: HttpClient) -> Iterator[str]:
    """Run the real Rekor v2 server with a witness policy; yields its address."""
    (folder / "key.pem").write_bytes(PemBlock("PRIVATE KEY", key.encode_pkcs8()).encode())
    (folder / "witnesses.policy").write_text(policy)
    port = free_port()
    flags = {
        "hostname": TILES_ORIGIN,
        "http-port": port,
        "grpc-port": free_port(),
        "http-metrics-port": free_port(),
        "storage-dir": folder / "tiles",
        "signer-filepath": folder / "key.pem",
        "witness-policy-path": folder / "witnesses.policy",
        "checkpoint-interval": "200ms",
    }
    command = [str(peers.path("rekor-tiles")), "serve", *(f"--{name}={given}" for name, given in flags.items())]
    with (folder / "output").open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            wait_until_healthy(client, f"127.0.0.1:{port}")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def wait_until_healthy(client: HttpClient, address: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with client.send(Request("GET", Url.parse(f"http://{address}/healthz"))) as response:
                if response.status == 200:
                    return
        except Unreachable:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def test_the_real_rekor_gets_our_cosignature_on_its_checkpoints(tmp_path: Path, client: HttpClient) -> None:
    key, signer = PrivateKey.generate(ED25519), PrivateKey.generate(ECDSA_P256)
    ours = WitnessServer(tmp_path / "ours", "ours.example", [log_vkey(key, TILES_ORIGIN)])
    ours.start()
    try:
        with rekor_tiles(tmp_path, key, f"{ours.policy_line}\nquorum ours.example\n", client) as address:
            for number in range(3):
                raw = add(client, address, propose_v2(signer, b"artifact %d" % number))
                assert verify_checkpoint(raw, log_verifier(TILES_ORIGIN, key.public_key)).size == number + 1
                assert verify_cosignature(parse_note(raw), verifier_of(ours.witness.vkey)) == NOW
    finally:
        ours.stop()
    kept = [path.read_bytes() for path in (tmp_path / "ours").rglob("checkpoint")]
    assert [parse_checkpoint(parse_note(raw).text).size for raw in kept] == [3]


def add(client: HttpClient, address: str, proposal: object) -> bytes:
    """Log an entry with the real server; return the checkpoint that it answers with."""
    url = Url.parse(f"http://{address}{V2_ENTRIES}")
    headers = {"Content-Type": "application/json"}
    with client.send(Request("POST", url, headers, json.dumps(proposal).encode())) as response:
        body = response.read(1 << 20, "answer")
        assert response.status == 201, body
    envelope: str = json.loads(body)["inclusionProof"]["checkpoint"]["envelope"]
    return envelope.encode()
