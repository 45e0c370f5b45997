"""A witness on the web (C2SP tlog-witness): submissions, and the newest cosigned checkpoint of each log."""

import asyncio
import logging
import re
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope

from cosignpy.errors import FileError
from cosignpy.serving.asgi import BodyLimits, read_body
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import NO_STORE, Answer, Manner, Refused, Route, Router
from log_server.log import TryLater
from log_server.problems import translate
from log_server.witness.judge import SizeConflict, SubmissionRefused
from log_server.witness.submission import MAX_SUBMISSION, SIZE_TYPE
from log_server.witness.witness import Witness

RETRY_SECONDS: Final = 10
"""What Retry-After says while nothing can be remembered: a full disk does not mend itself at once."""

_LOG: Final = logging.getLogger(__name__)
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_LIMITS: Final = BodyLimits(MAX_SUBMISSION)
_TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")
_SIZE: Final = (b"content-type", SIZE_TYPE.encode())
_NO_CACHE: Final = (b"cache-control", b"no-cache")


def build_router(witness: Witness, prefix: str = "/witness") -> Router:
    """Build the face of a witness below a prefix, for submissions and for monitors."""
    served = _Served(witness)
    return Router(
        (
            Route("POST", f"{prefix}/add-checkpoint", served.add_checkpoint),
            Route("GET", f"{prefix}/{{hash}}/checkpoint", served.checkpoint),
        ),
        Manner(translate=translate),
    )


class _Served:
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def add_checkpoint(self, scope: Scope, receive: Receive) -> Answer:
        """POST a checkpoint; the answer is its cosignature."""
        raw = await read_body(scope, receive, _LIMITS)
        try:
            lines = await asyncio.to_thread(self._witness.add_checkpoint, raw)
        except SizeConflict as error:
            return Answer(HTTPStatus.CONFLICT, b"%d\n" % error.size, (_SIZE, NO_STORE))
        except SubmissionRefused as error:
            raise Refused(Problem(error.status, error.why)) from error
        except FileError as error:
            _LOG.exception("nothing is cosigned")
            raise TryLater("the witness cannot remember checkpoints now", RETRY_SECONDS) from error
        return Answer(HTTPStatus.OK, lines, (_TEXT, NO_STORE))

    async def checkpoint(self, scope: Scope, _receive: Receive) -> Answer:
        """GET the newest checkpoint of a log that was cosigned, by the SHA-256 of its origin."""
        name: str = scope["path_params"]["hash"]
        raw = await asyncio.to_thread(self._witness.state.read, name) if _HASH.fullmatch(name) else None
        if raw is None:
            raise Refused(Problem(HTTPStatus.NOT_FOUND, "no checkpoint of such a log was cosigned here"))
        return Answer(HTTPStatus.OK, raw, (_TEXT, _NO_CACHE))
