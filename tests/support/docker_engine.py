"""A Docker engine that knows some images: the real API paths over a real unix socket, nothing more."""

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any, Final
from urllib.parse import unquote

_INSPECT: Final = re.compile(r"/v[0-9.]+/images/(?P<name>.+)/json")
_VERSION: Final = {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}


@contextmanager
def run_engine(path: Path, images: Mapping[str, Sequence[str] | None], failing: str = "") -> Iterator[dict[str, str]]:
    """Serve at a socket and yield the environment that leads there.

    Args:
        path: The socket.
        images: The registry digests of each image by name.
        failing: The name of an image whose inspection fails.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = _INSPECT.fullmatch(unquote(self.path))
            if self.path.endswith("/version"):
                self._answer(200, _VERSION)
            elif asked is not None and asked["name"] == failing:
                self._answer(500, {"message": "the disk is full"})
            elif asked is not None and asked["name"] in images:
                self._answer(200, {"Id": f"sha256:{'0' * 64}", "RepoDigests": images[asked["name"]]})
            else:
                self._answer(404, {"message": "No such image"})

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *_args: object) -> None:
            """Write no log."""

        def _answer(self, status: int, body: Mapping[str, Any]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    with ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield {"DOCKER_HOST": f"unix://{path}"}
        finally:
            server.shutdown()
            thread.join()
