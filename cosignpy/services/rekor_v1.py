"""Adding entries to a log of Rekor v1, and finding them there (rekor, openapi.yaml).

A log that has an equal entry already answers 409 and says where: that entry is fetched and used, so a request may be
repeated after an answer that got lost.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.rekor.body import parse_kind
from cosignpy.core.rekor.log_entry import MAX_ENTRIES, LogEntry, parse_v1_entries, parse_v1_search
from cosignpy.core.rekor.proposals import (
    Proposal,
    SignedContent,
    SignedDigest,
    SignedEnvelope,
    propose_dsse_v001,
    propose_hashedrekord_v001,
    propose_intoto_v002,
)
from cosignpy.core.rekor.searches import refuse_other, search_rounds
from cosignpy.errors import MalformedError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Sender
from cosignpy.services.conversation import Answer, Conversation, Expected, endpoint
from cosignpy.values import replace

PATH: Final = "/api/v1/log/entries"
SECONDS: Final = 90.0
"""As cosign waits: the log answers when it has integrated the entry."""
MAX_ANSWER: Final = 1 << 20
"""Octets of an answer: a body and some hashes, 20,000; and in what is fetched an attestation of 100 KiB at the most."""

PROOF_WAITS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between looks at an entry that came without an inclusion proof: the real server answers with one, since it
waits for its batch; one that answers with the promise alone has integrated the entry a batch or two later."""

_SERVICE: Final = "the transparency log"
_JSON: Final = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})
_CREATED: Final = 201
_CONFLICT: Final = 409
_ADDED: Final = Expected((_CREATED, _CONFLICT), MAX_ANSWER, "log entry")
_FOUND: Final = Expected((200,), MAX_ANSWER, "log entry")
_SEARCHED: Final = Expected((200,), MAX_ENTRIES * MAX_ANSWER, "log entries")
_LOCATION: Final = re.compile(r"(?:[^?#]*/)?(?P<id>(?:[0-9a-f]{16})?[0-9a-f]{64})")


class EnvelopeKind(StrEnum):
    """As what a log takes envelopes."""

    DSSE = "dsse"
    INTOTO = "intoto"
    """What clients sent before there was dsse; the log may keep the payload."""


_ENVELOPES: Final[Mapping[EnvelopeKind, Callable[[SignedEnvelope], Proposal]]] = MappingProxyType(
    {EnvelopeKind.DSSE: propose_dsse_v001, EnvelopeKind.INTOTO: propose_intoto_v002}
)


class RekorV1Client:
    """A log at an address, as signing configs give it; safe to share among threads."""

    def __init__(
        self,
        url: str,
        sender: Sender,
        clock: Clock | None = None,
        envelopes: EnvelopeKind = EnvelopeKind.DSSE,
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
        self._propose_envelope = _ENVELOPES[envelopes]

    def add(self, content: SignedContent) -> LogEntry:
        """Have the log hold a signature, and return the entry: about that signature, with promise and inclusion proof.

        Whether promise and proof hold is for the verification to show.

        Raises:
            RemoteError: The log refuses, or its answer cannot be used.
            ClaimMismatch: Its answer is about something else.
            KeyUnusable: A key whose signatures no log can verify by the digest.
        """
        proposal = self._propose(content)
        request = Request("POST", self._entries, _JSON, proposal.request, repeatable=True)
        answer = self._conversation.ask(request, _ADDED)
        if answer.status == _CREATED:
            entry_id, entry = self._understand(answer, proposal)
        else:
            entry_id, entry = self._fetch(self._find_id(answer), proposal)
        return entry if _is_proved(entry) else self._await_proof(entry_id, proposal)

    def search(self, content: SignedContent) -> LogEntry | None:
        """Find the oldest entry about a signature, whatever it was logged as; nothing is added. None: it is in none.

        Raises:
            RemoteError: The log refuses, or its answer cannot be used.
            ClaimMismatch: Its answer is about something else.
            KeyUnusable: A key whose signatures no log can verify by the digest.
        """
        for proposals in search_rounds(content):
            found = self._search(proposals)
            if found:
                return min(found, key=lambda entry: entry.integrated_time)
        return None

    def _search(self, proposals: Sequence[Proposal]) -> Sequence[LogEntry]:
        body = b'{"entries":[%b]}' % b",".join([proposal.request for proposal in proposals])
        request = Request("POST", endpoint(self._url, f"{PATH}/retrieve"), _JSON, body, repeatable=True)
        answer = self._conversation.ask(request, _SEARCHED)
        with self._conversation.understanding(answer):
            found = [self._complete(entry) for entry in parse_v1_search(answer.body).values()]
            for entry in found:
                refuse_other(entry.body, proposals)
        return found

    def fetch(self, log_index: int) -> LogEntry:
        """Return the entry that has an index over all trees of the log, with a proof; whose it is, others have to look.

        Raises:
            RemoteError: The log does not have it, or its answer cannot be used.
        """
        request = Request("GET", endpoint(self._url, f"{PATH}?logIndex={log_index}"), _JSON)
        answer = self._conversation.ask(request, _FOUND)
        with self._conversation.understanding(answer):
            return self._complete(_parse_one(answer.body)[1])

    @staticmethod
    def _complete(entry: LogEntry) -> LogEntry:
        """Name the kind of an entry that was found, as bundles do and answers do not."""
        if not _is_proved(entry):
            raise MalformedError("log entry", "it has no inclusion proof with a checkpoint")
        kind, version = parse_kind(entry.body)
        return replace(entry, kind=kind, version=version, attestation=None)

    def _propose(self, content: SignedContent) -> Proposal:
        if isinstance(content, SignedDigest):
            return propose_hashedrekord_v001(content)
        return self._propose_envelope(content)

    def _find_id(self, answer: Answer) -> str:
        """Return the id of the entry that is there already; where it is asked for is ours to know."""
        found = _LOCATION.fullmatch(answer.location or "")
        if found is None:
            raise self._conversation.refusal(answer.url, answer.status, "it has the entry, and does not say where")
        return found["id"]

    def _fetch(self, entry_id: str, proposal: Proposal) -> tuple[str, LogEntry]:
        request = Request("GET", endpoint(self._url, f"{PATH}/{entry_id}"), _JSON)
        return self._understand(self._conversation.ask(request, _FOUND), proposal)

    def _await_proof(self, entry_id: str, proposal: Proposal) -> LogEntry:
        """Look at an entry until it has an inclusion proof with a checkpoint."""
        for pause in PROOF_WAITS:
            self._clock.sleep(pause)
            entry = self._fetch(entry_id, proposal)[1]
            if _is_proved(entry):
                return entry
        why = f"it gave no inclusion proof within {sum(PROOF_WAITS):g} s"
        raise self._conversation.refusal(self._entries, None, why)

    def _understand(self, answer: Answer, proposal: Proposal) -> tuple[str, LogEntry]:
        """Parse an answer: one entry, under the id that its body has, with a promise, and about what was proposed."""
        with self._conversation.understanding(answer):
            entry_id, entry = _parse_one(answer.body)
            proposal.verify_logged(entry.body)
            if not entry_id.endswith(hash_leaf(entry.body).hex()):
                raise MalformedError("log entry", "its id is not the hash of its body")
            if not entry.entry_timestamp:
                raise MalformedError("log entry", "it has no signed entry timestamp")
            kind, version = parse_kind(entry.body)  # beside which bundles name them, and answers do not
        return entry_id, replace(entry, kind=kind, version=version)


def _parse_one(raw: bytes) -> tuple[str, LogEntry]:
    found = parse_v1_entries(raw)
    if len(found) != 1:
        raise MalformedError("log entry", f"{len(found)} entries, one was asked for")
    ((entry_id, entry),) = found.items()
    return entry_id, entry


def _is_proved(entry: LogEntry) -> bool:
    return entry.inclusion is not None and entry.inclusion.checkpoint != ""
