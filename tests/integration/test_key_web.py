"""Public keys fetched over real sockets."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cosignpy.errors import LimitExceeded, RemoteError, Unreachable
from cosignpy.keystore.reference import load_public_key
from tests.support.keys import key_vectors

VECTOR = key_vectors()["P-256"]


class KeyServer(BaseHTTPRequestHandler):
    """A web server with a key, a redirect to it, and something far too large."""

    def do_GET(self) -> None:
        location = {"/latest.pub": "/cosign.pub"}.get(self.path)
        body = {"/cosign.pub": VECTOR.public, "/large.pub": b"x" * 70_000}.get(self.path, b"")
        self.send_response(302 if location else 200 if body else 404)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), KeyServer) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/cosign.pub", "/latest.pub"])
def test_a_key_is_fetched_also_through_a_redirect(server: str, path: str) -> None:
    assert load_public_key(server + path) == VECTOR.public_key()


def test_an_absent_key_is_a_remote_error(server: str) -> None:
    with pytest.raises(RemoteError) as caught:
        load_public_key(f"{server}/absent.pub")
    assert caught.value.status == 404


def test_a_large_answer_is_over_the_limit(server: str) -> None:
    with pytest.raises(LimitExceeded):
        load_public_key(f"{server}/large.pub")


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        load_public_key("http://127.0.0.1:1/cosign.pub")
