"""An issuer of tokens on a port of this machine: its discovery document and its keys, whatever these are now."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.threaded import ServerOptions, ThreadedServer
from tests.support.tokens import TokenIssuer


@contextmanager
def serve_tokens() -> Iterator[TokenIssuer]:
    """Serve a new issuer whose tokens are valid now."""
    issuer = TokenIssuer(now=time.time())

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        found = {"/.well-known/openid-configuration": issuer.discovery, "/keys": issuer.jwks}.get(scope["path"])
        body = found() if found else b""
        await answer(send, 200 if found else 404, body, ((b"content-type", b"application/json"),))

    server = ThreadedServer(app, ServerOptions())
    issuer.url = f"http://{server.address}"
    server.start()
    try:
        yield issuer
    finally:
        server.stop()
