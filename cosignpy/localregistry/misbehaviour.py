"""The middleware that does what `Faults` says."""

import asyncio
import re
from collections import Counter
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cosignpy.localregistry.badbodies import spoil_body
from cosignpy.localregistry.connection import connection_of, wait_for_disconnect
from cosignpy.localregistry.errors import ErrorCode, OciError
from cosignpy.localregistry.faults import Faults, Kind
from cosignpy.values import field, value

_KIND: Final = re.compile(r"/v2/.+/(?P<kind>blobs/uploads|blobs|manifests|tags|referrers)/[^/]*")
_OTHER_DIGEST: Final = f"sha256:{'0' * 64}"


def kind_of(path: str) -> Kind:
    """Tell which endpoint a path belongs to."""
    match = _KIND.fullmatch(path)
    if match is None:
        return Kind.TOKEN if path == "/token" else Kind.PING
    return Kind(match["kind"].removeprefix("blobs/"))


@value
class Misbehaviour:
    """Spoils requests before the registry proper sees them, and answers on their way out."""

    app: ASGIApp
    faults: Faults
    done: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, wrongly."""
        if self.faults.latency:
            await asyncio.sleep(self.faults.latency * (1 + connection_of(scope).round_trips_before))
        if self.faults.only and kind_of(scope["path"]) not in self.faults.only:
            await self.app(scope, receive, send)
            return
        if self._first("reset", self.faults.resets):
            connection_of(scope).reset()
            await wait_for_disconnect(receive)
            return
        answer = self._answer(scope) or self._refusal(scope)
        await (answer or self.app)(scope, receive, self._spoil(scope, receive, send))

    def _answer(self, scope: Scope) -> Response | None:
        for answer in self.faults.scripted:
            if (answer.method, answer.path) == (scope["method"], scope["path"]):
                return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))
        return None

    def _refusal(self, scope: Scope) -> Response | None:
        again = {"retry-after": str(self.faults.retry_after)}
        if self._first("rate limit", self.faults.rate_limit):
            return OciError(ErrorCode.TOOMANYREQUESTS, "slow down", headers=again).response()
        if self._first("server error", self.faults.server_errors):
            return OciError(ErrorCode.UNKNOWN, "out of order", status=503, headers=again).response()
        if self.faults.status:
            return OciError(ErrorCode.UNKNOWN, "always this", status=self.faults.status).response()
        if self.faults.no_deletes and scope["method"] == "DELETE":
            return OciError(ErrorCode.UNSUPPORTED, "nothing is deleted here").response()
        if self.faults.no_referrers_api and kind_of(scope["path"]) is Kind.REFERRERS:
            return PlainTextResponse("404 page not found\n", status_code=404)
        return None

    def _first(self, what: str, times: int) -> bool:
        """Tell whether this is one of the first so many requests to be treated this way."""
        if self.done[what] >= times:
            return False
        self.done[what] += 1
        return True

    def _spoil(self, scope: Scope, receive: Receive, send: Send) -> Send:
        async def spoiling_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._spoil_headers(MutableHeaders(raw=message["headers"]))
            await send(message)

        return spoil_body(self.faults, scope, receive, spoiling_send)

    def _spoil_headers(self, headers: MutableHeaders) -> None:
        if self.faults.no_referrers_api and "oci-subject" in headers:
            del headers["oci-subject"]
        if self.faults.wrong_digest and "docker-content-digest" in headers:
            headers["docker-content-digest"] = _OTHER_DIGEST
