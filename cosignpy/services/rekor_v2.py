"""Adding entries to a log of Rekor v2 (rekor-tiles, api/proto/rekor/v2/rekor_service.proto).

A log that has an equal entry already may answer with it, or with 409 and its index. Ours then gives the entry at that
index; of others it is read from their tiles (`rekor_tiles`), which takes knowing the id of the log's key. Where neither
is possible the error is one of its own, because another signature makes another entry.
"""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.core.rekor.body import parse_kind
from cosignpy.core.rekor.log_entry import LogEntry, parse_v2_entry
from cosignpy.core.rekor.proposals import (
    AlreadyLogged,
    Proposal,
    SignedContent,
    SignedDigest,
    request_dsse_v002,
    request_hashedrekord_v002,
)
from cosignpy.errors import MalformedError, RemoteError, Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Sender
from cosignpy.net.redaction import redact_url
from cosignpy.services.conversation import Answer, Conversation, Expected, endpoint
from cosignpy.services.rekor_tiles import TiledLog
from cosignpy.values import value

PATH: Final = "/api/v2/log/entries"
SECONDS: Final = 30.0
"""The real server answers after its next checkpoint, 11 s with its default settings."""
MAX_ANSWER: Final = 1 << 20
"""Octets of an answer: a body of 65,535 at the most, some hashes, and a checkpoint with its cosignatures."""

_SERVICE: Final = "the transparency log"
_JSON: Final = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})
_CREATED: Final = 201
_CONFLICT: Final = 409
_ADDED: Final = Expected((_CREATED, _CONFLICT), MAX_ANSWER, "log entry")
_FOUND: Final = Expected((200,), MAX_ANSWER, "log entry")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class EnvelopeForm(StrEnum):
    """As what a log takes envelopes."""

    HASHEDREKORD = "hashedrekord"
    """By the digest of what was signed: what every log of version 2 takes."""
    DSSE = "dsse"
    """Whole, for logs of before rekor-tiles 2.3 and clients that verify nothing else."""


@value
class V2Options:
    """How a log is spoken to; `log_id` is the id of its key, for reading its tiles."""

    envelopes: EnvelopeForm = EnvelopeForm.HASHEDREKORD
    log_id: bytes | None = None


class RekorV2Client:
    """A log at an address, as signing configs give it; safe to share among threads."""

    def __init__(
        self,
        url: str,
        sender: Sender,
        clock: Clock | None = None,
        options: V2Options | None = None,
    ) -> None:
        """Take the address that paths are added to.

        Raises:
            UsageError: The address has a query.
            MalformedError: It is no URL.
        """
        self._url = url
        self._entries = endpoint(url, PATH)
        self._clock = clock or Clock()
        self._conversation = Conversation(_SERVICE, sender, self._clock, SECONDS)
        self._options = options or V2Options()

    def add(self, content: SignedContent) -> LogEntry:
        """Have the log hold a signature, and return the entry: about that signature, with an inclusion proof.

        Whether the proof holds is for the verification to show.

        Raises:
            AlreadyLogged: It has the entry and does not give it.
            RemoteError: The log refuses, or its answer cannot be used.
            ClaimMismatch: Its answer is about something else.
            KeyUnusable: A key whose signatures no log can verify by the digest.
        """
        proposal = self._propose(content)
        request = Request("POST", self._entries, _JSON, proposal.request, repeatable=True)
        answer = self._conversation.ask(request, _ADDED)
        if answer.status == _CREATED:
            return self._understand(answer, proposal)
        return self._recover(answer, proposal)

    def _propose(self, content: SignedContent) -> Proposal:
        if isinstance(content, SignedDigest):
            return request_hashedrekord_v002(content)
        if self._options.envelopes is EnvelopeForm.DSSE:
            return request_dsse_v002(content)
        return request_hashedrekord_v002(content.digest)

    def _recover(self, conflict: Answer, proposal: Proposal) -> LogEntry:
        """Find the entry at the index that a log names, whichever way the log allows."""
        index = conflict.log_index or ""
        if not _INDEX.fullmatch(index):
            raise _already_logged(conflict, None)
        request = Request("GET", endpoint(self._url, f"{PATH}/{index}"), _JSON)
        try:
            found = self._conversation.ask(request, _FOUND)
        except Unreachable:
            raise
        except RemoteError as error:
            if self._options.log_id is None:
                raise _already_logged(conflict, int(index)) from error
            entry = self._read_tiles(conflict, int(index), self._options.log_id)
            proposal.verify_logged(entry.body)
            return entry
        return self._understand(found, proposal)

    def _read_tiles(self, conflict: Answer, index: int, log_id: bytes) -> LogEntry:
        try:
            return TiledLog(self._url, log_id, self._conversation, self._clock).find(index)
        except Unreachable:
            raise
        except RemoteError as error:
            raise _already_logged(conflict, index) from error

    def _understand(self, answer: Answer, proposal: Proposal) -> LogEntry:
        """Parse an answer: an entry about what was proposed, with an inclusion proof for its own index."""
        with self._conversation.understanding(answer):
            entry = parse_v2_entry(answer.body)
            proposal.verify_logged(entry.body)
            if (entry.kind, entry.version) != parse_kind(entry.body):
                raise MalformedError("log entry", f"{entry.kind} {entry.version} is not what its body is")
            if entry.inclusion is None or not entry.inclusion.checkpoint:
                raise MalformedError("log entry", "it has no inclusion proof with a checkpoint")
            if entry.inclusion.proof.index != entry.log_index:
                raise MalformedError("log entry", "its inclusion proof is for another index")
        return entry


def _already_logged(conflict: Answer, index: int | None) -> AlreadyLogged:
    where = f" at index {index}" if index is not None else ""
    detail = f"an equal entry is in the log already{where}, and the log does not give it"
    hint = "sign again: another signature makes another entry"
    return AlreadyLogged(_SERVICE, redact_url(str(conflict.url)), conflict.status, detail, hint=hint, index=index)
