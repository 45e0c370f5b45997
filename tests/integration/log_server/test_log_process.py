"""The server as a process: it starts from nothing, and again on the same port at once."""

import json
from pathlib import Path

import pytest

from tests.support.log_process import LogProcessError, serve_logs


def test_a_server_restarts_on_its_port_while_connections_of_the_last_one_linger(tmp_path: Path) -> None:
    """The server closes connections first when it stops, so the kernel still has them."""
    with serve_logs(tmp_path / "data") as log:
        port = log.port
        before = json.loads(log.fetch("/api/v1/log"))["treeSize"]
        log.restart()
        assert log.port == port
        assert json.loads(log.fetch("/api/v1/log"))["treeSize"] == before


def test_a_server_that_cannot_start_tells_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(LogProcessError) as caught, serve_logs(tmp_path / "data", "prot: 3000\n"):
        pass
    assert "log.yaml" in str(caught.value)
