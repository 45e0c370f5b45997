"""Whether a server lives, and whether it can do its work: what orchestrators and load balancers ask."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.problem import ErrorShape, Problem, answer_problem, problem_json

ReadinessCheck = Callable[[], Awaitable[str]]
"""Says why the server cannot do its work now, or nothing if it can."""

CHECK_SECONDS: Final = 2.0
"""An orchestrator waits one second by default, some two; a check without an answer by then is one that failed."""

_HEADERS: Final = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))


class Alive:
    """`/healthz`: the process answers. It never looks at anything else: a restart cures only the process."""

    def __init__(self, body: bytes = b'{"status":"SERVING"}') -> None:
        self._body = body

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer 200."""
        await answer(send, HTTPStatus.OK, self._body, _HEADERS)


class Ready:
    """`/readyz`: the server can do its work; 503 says why not."""

    def __init__(self, check: ReadinessCheck, shape: ErrorShape = problem_json) -> None:
        self._check = check
        self._shape = shape

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer 200, or 503 with the reason."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                reason = await self._check()
        except TimeoutError:
            reason = f"not known within {CHECK_SECONDS:g} s"
        if reason:
            await answer_problem(send, Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {reason}"), self._shape)
        else:
            await answer(send, HTTPStatus.OK, b'{"status":"READY"}', _HEADERS)
