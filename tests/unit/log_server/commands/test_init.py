"""`init`: what a data directory has before anything is served."""

import stat
from pathlib import Path

import pytest

from cosignpy.serving.settings import load_settings
from log_server.config import Settings
from tests.support.log_commands import run, show


def test_init_begins_every_log_and_writes_all_settings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = run("init", data, "--hostname", "log.example")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        f"rekor-v1  {data}/rekor-v1/0001",
        f"rekor-v2  {data}/rekor-v2/0001",
        f"ct  {data}/ct/0001",
        f"settings  {data}/log.yaml",
    ]
    assert load_settings(data / "log.yaml", Settings) == Settings(hostname="log.example")
    assert [(shard["log"], shard["treeSize"], shard["state"]) for shard in show(data)] == [
        ("rekor-v1", 1, "active"),
        ("rekor-v2", 1, "active"),
        ("ct", 0, "active"),
    ]


def test_names_in_checkpoints_follow_from_the_host_name(tmp_path: Path) -> None:
    run("init", tmp_path, "--hostname", "log.example")
    v1, v2, ct = show(tmp_path)
    assert (v1["origin"], v2["origin"], ct["origin"]) == (
        f"log.example - {v1['treeId']}",
        "log.example",
        "log.example/ctlog",
    )


def test_keys_are_readable_for_their_owner_alone(tmp_path: Path) -> None:
    run("init", tmp_path)
    keys = list(tmp_path.glob("*/0001/key.pem"))
    assert [stat.S_IMODE(key.stat().st_mode) for key in keys] == [0o600] * 3
    assert all(key.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----") for key in keys)


def test_keys_are_encrypted_where_there_is_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    run("init", tmp_path)
    assert b"ENCRYPTED" in (tmp_path / "ct" / "0001" / "key.pem").read_bytes()
    monkeypatch.delenv("COSIGN_PASSWORD")
    said = run("freeze", tmp_path, "--log", "ct")
    assert (said.code, "COSIGN_PASSWORD" in said.err) == (2, True)


def test_init_never_writes_over_settings(tmp_path: Path) -> None:
    run("init", tmp_path)
    said = run("init", tmp_path)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {tmp_path}/log.yaml is there already\nhint: ")


def test_init_says_what_is_wrong_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = run("init", tmp_path / "file")
    assert (said.code, str(tmp_path / "file") in said.err, said.err.count("\n")) == (1, True, 1)
