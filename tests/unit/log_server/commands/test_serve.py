"""`serve`, as far as it goes before it listens."""

from pathlib import Path

import pytest

from log_server.storage.lock import lock_directory
from tests.support.log_commands import run


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ("prot: 1\n", 2, "log.yaml:1: prot"),
        ("writers: {tokens: none}\n", 1, "none: no such file"),
        ("writers: {subjects: [CN=ci]}\n", 2, "needs tls.client_ca"),
        ("tls: {certificate: a, key: b}\n", 2, "cannot serve TLS"),
        ("ct: {roots: none}\n", 1, "none: no such file"),
        ("ct: {purposes: [Fishing]}\n", 2, "Fishing"),
        ("rekor_v2: {witnesses: none}\n", 1, "none: no such file"),
        ("witness: {logs: none}\n", 1, "none: no such file"),
    ],
)
def test_a_mistake_is_told_before_anything_is_served(tmp_path: Path, settings: str, code: int, said: str) -> None:
    (tmp_path / "log.yaml").write_text(settings)
    found = run("serve", tmp_path, "--workers", "0", "--port", "0")
    assert (found.code, said in found.err, found.err.startswith("error: ")) == (code, True, True), found.err
    assert not (tmp_path / "rekor-v2").exists()


def test_a_directory_has_one_server(tmp_path: Path) -> None:
    with lock_directory(tmp_path):
        found = run("serve", tmp_path)
    assert (found.code, "writes to" in found.err) == (2, True)


def test_settings_that_are_named_must_be_there(tmp_path: Path) -> None:
    found = run("serve", tmp_path / "data", "--config", str(tmp_path / "none.yaml"))
    assert (found.code, "none.yaml" in found.err) == (1, True)


def test_a_place_that_cannot_be_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = run("serve", tmp_path / "file" / "data")
    assert (found.code, str(tmp_path / "file" / "data") in found.err) == (1, True)
