"""`serve`: what is missing is said in the order in which someone who begins needs it."""

import subprocess
import sys
from pathlib import Path

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from tests.support.ca_process import serve_authority
from tests.support.server_process import PATIENCE_SECONDS


def serve(path: Path, settings: str = "") -> tuple[int, str]:
    if settings:
        (path / "ca.yaml").write_text(settings)
    command = [sys.executable, "-m", "ca_server", "serve", "--dir", str(path), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    return done.returncode, done.stderr


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, said = serve(tmp_path / "nowhere")
    assert (code, f"{tmp_path / 'nowhere'}: there is no such data directory" in said, "`init`" in said) == (
        1,
        True,
        True,
    )


def test_an_empty_directory_has_no_authority(tmp_path: Path) -> None:
    code, said = serve(tmp_path)
    assert (code, "there is no" in said, "`init`" in said) == (1, True, True)


def test_certificates_without_a_log_need_a_word(tmp_path: Path) -> None:
    code, said = serve(tmp_path, "authority:\n  backend: ephemeral\n")
    assert (code, "no log is named" in said, "transparency.sct: none" in said) == (2, True, True)


def test_a_log_whose_promises_nobody_verifies_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "ct.pub").write_bytes(PrivateKey.generate(ECDSA_P256).public_key.encode_pem())
    logs = "[{url: 'https://one.example.com', public_key: ../ct.pub}, {url: 'https://two.example.com'}]"
    settings = f"authority:\n  backend: ephemeral\nworkers: 0\ntransparency:\n  logs: {logs}\n"
    with serve_authority(tmp_path / "ca", settings) as ca:
        said = ca.messages.read_text()
    assert "the SCTs of https://two.example.com are NOT verified" in said
    assert said.count("NOT verified") == 1
