"""`serve`: what is missing is said in the order in which someone who begins needs it."""

import subprocess
import sys
from pathlib import Path

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
