"""`python -m ca_server` as a process: a data directory, a free port."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from cosignpy.values import record
from tests.support.server_process import ServerProcess


@record
class CaProcess(ServerProcess):
    """The server of certificates and timestamps."""

    module: ClassVar[str] = "ca_server"


@contextmanager
def serve_authority(directory: Path, settings: str, *options: str) -> Iterator[CaProcess]:
    """Serve the authority of a data directory with these settings (YAML), and stop at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "ca.yaml").write_text(settings)
    running = CaProcess(directory, options)
    running.start()
    try:
        yield running
    finally:
        running.kill() if sys.exc_info()[0] else running.stop()
