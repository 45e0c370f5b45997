"""Requests to a server of ours over a socket, with whatever answer comes."""

import json
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cosignpy.values import field, value

_SECONDS: Final = 30.0


@value
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


@value
class Caller:
    """Sends requests to one server; `headers` go with each."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for a path."""
        return self._send(Request(self.url + path, headers=self._with(headers)))

    def post(self, path: str, content: object, **headers: str) -> Reply:
        """Send JSON, or bytes as they are."""
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self._send(Request(self.url + path, raw, {"Content-Type": "application/json", **self._with(headers)}))

    def _with(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}

    def _send(self, request: Request) -> Reply:
        try:
            with urlopen(request, timeout=_SECONDS, context=self.tls) as answer:
                return Reply(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read())
