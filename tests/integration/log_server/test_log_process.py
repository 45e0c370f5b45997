"""The server as a process: it starts from nothing, and again on the same port at once."""

import json
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_canonical_json
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from tests.support.log_process import LogProcess, serve_logs
from tests.support.server_process import ServerProcessError

KINDS: Final = ("rekor-v1", "rekor-v2")


def test_a_server_restarts_on_its_port_while_connections_of_the_last_one_linger(tmp_path: Path) -> None:
    """The server closes connections first when it stops, so the kernel still has them."""
    with serve_logs(tmp_path / "data") as log:
        port = log.port
        before = json.loads(log.fetch("/api/v1/log"))["treeSize"]
        log.restart()
        assert log.port == port
        assert json.loads(log.fetch("/api/v1/log"))["treeSize"] == before


def test_a_server_that_cannot_start_tells_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ServerProcessError) as caught, serve_logs(tmp_path / "data", "prot: 3000\n"):
        pass
    assert "log.yaml" in str(caught.value)


def test_logs_that_begin_are_told_and_those_that_go_on_are_not(tmp_path: Path) -> None:
    """Where the disk with the logs is not mounted, logs of the same names would begin in its place."""
    with serve_logs(tmp_path / "data", "ct: {serve: false}\n") as log:
        warned = [line for line in log.messages.read_text().splitlines() if '"level":"warning"' in line]
        assert all(f"no {kind} log in {log.directory}" in line for kind, line in zip(KINDS, warned, strict=True))
        assert announcement(log).endswith(" (Ctrl-C stops). Begun just now: rekor-v1, rekor-v2")
        log.restart()
        assert announcement(log).endswith(" (Ctrl-C stops)")
        assert '"level":"warning"' not in log.messages.read_text()


def announcement(log: LogProcess) -> str:
    (line,) = [line for line in log.messages.read_text().splitlines() if line.startswith("serving ")]
    return line


def first_entry(log: LogProcess) -> Mapping[str, Any]:
    (entry,) = json.loads(log.fetch("/api/v1/log/entries?logIndex=0")).values()
    found: Mapping[str, Any] = entry
    return found


def test_entries_of_a_frozen_shard_are_promised_by_its_own_key_as_long_as_that_is_kept(tmp_path: Path) -> None:
    """Clients refuse entries of Rekor v1 without a SET, and the new shard's key is not that of their log id."""
    with serve_logs(tmp_path / "data") as log:
        log.stop()
        log.run("rotate", "--log", "rekor-v1")
        log.start()
        frozen, _ = log.shards("rekor-v1")
        entry = first_entry(log)
        promised = {name: entry[name] for name in ("body", "integratedTime", "logID", "logIndex")}
        promise = b64decode(entry["verification"]["signedEntryTimestamp"])
        verify_signature(PublicKey.parse_pem(frozen.public_key.encode()), promise, encode_canonical_json(promised))
        log.stop()
        (log.directory / "rekor-v1" / frozen.number / "key.pem").unlink()
        log.start()
        assert set(first_entry(log)["verification"]) == {"inclusionProof"}
