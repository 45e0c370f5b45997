"""Asking a timestamp authority (RFC 3161 section 3.4, the protocol over HTTP).

The address is used as it is: signing configs and people give it with its path. Nothing is lost when a request is
repeated, a timestamp of a moment later serves as well.
"""

import secrets
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import MAX_RESPONSE, TimestampResponse
from cosignpy.core.timestamp.verify import verify_answer
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Sender
from cosignpy.net.url import Url
from cosignpy.services.conversation import Conversation, Expected

SECONDS: Final = 30.0
"""As cosign waits."""

_SERVICE: Final = "the timestamp authority"
_HEADERS: Final = MappingProxyType(
    {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
)
_EXPECTED: Final = Expected((200, 201), MAX_RESPONSE, "timestamp response")
"""Both are answered by the real server, depending on its version."""
_NONCE_BITS: Final = 64


def _draw_nonce() -> int:
    return secrets.randbits(_NONCE_BITS)


class TimestampClient:
    """A timestamp authority at an address; safe to share among threads."""

    def __init__(
        self,
        url: str,
        sender: Sender,
        clock: Clock | None = None,
        nonce: Callable[[], int] = _draw_nonce,
    ) -> None:
        """Take the whole address.

        Raises:
            MalformedError: It is no URL.
        """
        self._url = Url.parse(url)
        self._conversation = Conversation(_SERVICE, sender, clock or Clock(), SECONDS)
        self._nonce = nonce

    def timestamp(self, message: bytes) -> bytes:
        """Return an answer (TimeStampResp in DER, as bundles hold it) that states when a message existed.

        It answers this request: by the nonce, and with the authority's certificate. Whether the authority is one to be
        believed is for the verification to show.

        Raises:
            TimestampError: The authority refuses, or what it gives is not a timestamp.
            ClaimMismatch: It states another message or has another nonce.
            CertificateError: Its certificate does not come along.
            RemoteError: It answers with an error, or with what cannot be used.
        """
        request = TimestampRequest(MessageImprint.of(message), nonce=self._nonce(), certificates=True)
        sent = Request("POST", self._url, _HEADERS, request.encode(), repeatable=True)
        answer = self._conversation.ask(sent, _EXPECTED)
        with self._conversation.understanding(answer):
            verify_answer(TimestampResponse.parse(answer.body), request)
        return answer.body
