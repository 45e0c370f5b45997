"""Submitting certificates to certificate transparency logs (RFC 6962 sections 4.1 and 4.2).

Logs are asked in the order of the settings until one answers. Each is asked again while that can help: a log that
gets a certificate twice answers twice. A promise that does not verify ends everything: its log is not what it is
taken for, and another log's promise would only hide that.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from ca_server.config import CtLogSettings, TransparencySettings
from ca_server.issuance.errors import LogRefused, LogsBusy
from cosignpy.core.ct.entry import EntryType, SignedEntry
from cosignpy.core.ct.precertificate import verify_sct
from cosignpy.core.ct.sct import Sct
from cosignpy.core.ct.submission import encode_chain, parse_sct_answer
from cosignpy.core.keys.digitally_signed import refuse_unusable_log_key
from cosignpy.core.keys.pem_file import MAX_KEY_FILE
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import MalformedError, RemoteError, VerificationError
from cosignpy.files import explain
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient, HttpOptions, Request, Sender, TlsOptions
from cosignpy.net.response import Response
from cosignpy.net.retry import NO_RETRIES, parse_retry_after
from cosignpy.net.url import Url
from cosignpy.values import field, record, value

MAX_ANSWER: Final = 64 << 10
"""Octets of an answer: with an ECDSA key it has about 300, and extensions can be 64 KiB at the most."""
MAX_REASON: Final = 512
"""Characters of what a log says about a refusal that reach the audit log."""

MAX_THREADS: Final = 64
"""Submissions under way at once in one process; a log that commits in batches answers as many in one batch."""
MAX_WAITING: Final = 256
"""Submissions that wait for a thread. When a log hangs, clients are told at once, and not after they gave up."""

BUSY_SECONDS: Final = 1.0

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 2.0
"""Seconds between two attempts, drawn from zero to a bound that doubles."""

_CONNECT_SECONDS: Final = 4.0
_JSON: Final = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})

PATHS: Final[Mapping[EntryType, str]] = MappingProxyType(
    {EntryType.PRECERTIFICATE: "/ct/v1/add-pre-chain", EntryType.X509: "/ct/v1/add-chain"}
)


@value
class Submission:
    """A certificate or precertificate with those above it up to the root, and what a log certifies of it."""

    chain: tuple[bytes, ...] = field(repr=False)
    entry: SignedEntry


class LogClient(Sender, Protocol):
    """What requests are sent with, over connections that are kept."""

    def close(self) -> None:
        """Close those that are idle."""
        ...


@value
class CtLog:
    """A log: where it is, its key if that is known, and how it is reached."""

    url: str
    client: LogClient = field(repr=False, compare=False)
    key: PublicKey | None = None

    def endpoint(self, kind: EntryType) -> Url:
        """Return where submissions of a kind go."""
        return Url.parse(self.url.rstrip("/") + PATHS[kind])


@value
class Patience:
    """How often a log is asked, and how many seconds all that may take."""

    attempts: int
    seconds: float


@record
class LogNotNow(RemoteError):
    """The log did nothing, and says in how many seconds it may."""

    retry_after: float = 0.0


class CtSubmitter:
    """Submits to the first of several logs that answers; safe to share among threads."""

    def __init__(self, logs: Sequence[CtLog], patience: Patience, clock: Clock | None = None) -> None:
        """Take the logs in the order in which they are asked.

        Raises:
            MalformedError: The URL of one is none.
        """
        self.logs = tuple(logs)
        self._endpoints = {(log.url, kind): log.endpoint(kind) for log in self.logs for kind in EntryType}
        self.patience = patience
        self.clock = clock or Clock()

    def submit(self, submission: Submission) -> Sct:
        """Return a log's promise to show a certificate; where the log's key is known, one that verifies.

        Raises:
            LogRefused: No log gives one, or one gave a promise for something else.
        """
        body = encode_chain(submission.chain)
        reasons = []
        for log in self.logs:
            by = self.clock.monotonic() + self.patience.seconds
            request = Request("POST", self._endpoints[log.url, submission.entry.kind], _JSON, body, by)
            try:
                sct = parse_sct_answer(self._ask(log, request), what=f"SCT of {log.url}")
            except (RemoteError, MalformedError) as error:
                reasons.append(str(error))
                continue
            _verify(sct, submission.entry, log)
            return sct
        raise LogRefused("; ".join(reasons) or "no log is configured")

    def close(self) -> None:
        """Let go of idle connections."""
        for log in self.logs:
            log.client.close()

    def _ask(self, log: CtLog, request: Request) -> bytes:
        """Ask one log until it answers, or until the request's deadline.

        Raises:
            RemoteError: It refuses, or did not answer for as long and as often as it is asked.
            LimitExceeded: Its answer is larger than any.
        """
        attempt = 1
        while True:
            try:
                with log.client.send(request) as response:
                    return _read_answer(response, log, self.clock)
            except RemoteError as error:
                pause = self._pause_after(error, attempt)
                late = self.clock.monotonic() + pause >= request.deadline
                if not error.retryable or attempt == self.patience.attempts or late:
                    raise
            self.clock.sleep(pause)
            attempt += 1

    def _pause_after(self, error: RemoteError, attempt: int) -> float:
        pause = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1)) * self.clock.chance()
        return max(pause, error.retry_after) if isinstance(error, LogNotNow) else pause


def _read_answer(response: Response, log: CtLog, clock: Clock) -> bytes:
    """Read the answer to a submission.

    Raises:
        RemoteError: It is a refusal.
        LimitExceeded: It is larger than any.
    """
    raw = response.read(MAX_ANSWER, f"answer of {log.url}")
    if response.status == HTTPStatus.OK:
        return raw
    reason = " ".join(raw.decode("utf-8", "replace").split())[:MAX_REASON]
    told = ("the log", log.url, response.status, reason, response.status in _TRANSIENT)
    raise LogNotNow(*told, retry_after=parse_retry_after(response.headers, clock) or 0.0)


def _verify(sct: Sct, entry: SignedEntry, log: CtLog) -> None:
    """Show that a promise is this log's and for this certificate, as far as its key is known.

    Raises:
        LogRefused: It is not.
    """
    if log.key is None:
        return
    try:
        verify_sct(sct, entry, log.key)
    except VerificationError as error:
        raise LogRefused(f"the SCT of {log.url} proves nothing: {error}") from error


class CtSubmissions:
    """Submits from an event loop: the waiting is done by threads, of which there are not ever more."""

    def __init__(self, submitter: CtSubmitter) -> None:
        self._submitter = submitter
        self._threads = ThreadPoolExecutor(MAX_THREADS, "ct-submission")
        self._under_way = 0

    async def submit(self, submission: Submission) -> Sct:
        """Return what `CtSubmitter.submit` returns.

        Raises:
            LogsBusy: Too many wait already, or this one waited for too long.
            LogRefused: No log gives a promise, or one gave a promise for something else.
        """
        if self._under_way >= MAX_THREADS + MAX_WAITING:
            raise LogsBusy(f"{self._under_way} certificates wait for the logs", BUSY_SECONDS)
        self._under_way += 1
        try:
            since = self._submitter.clock.monotonic()
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._submit, submission, since)
        finally:
            self._under_way -= 1

    def _submit(self, submission: Submission, since: float) -> Sct:
        """Submit once there is a thread, unless that took as long as one log has: whoever asked has gone by then."""
        waited = self._submitter.clock.monotonic() - since
        if waited >= self._submitter.patience.seconds:
            raise LogsBusy(f"the logs had no time for it in {waited:.1f} s", BUSY_SECONDS)
        return self._submitter.submit(submission)

    def close(self) -> None:
        """Let go of threads and connections; what has not begun is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._submitter.close()


def build_submitter(settings: TransparencySettings) -> CtSubmitter:
    """Build the submitter that settings describe.

    Raises:
        CosignError: A URL or a key cannot be used.
    """
    logs = [_build_log(log, float(settings.timeout)) for log in settings.logs]
    return CtSubmitter(logs, Patience(settings.attempts, float(settings.timeout)))


def _build_log(settings: CtLogSettings, seconds: float) -> CtLog:
    options = HttpOptions(
        connect_timeout=min(seconds, _CONNECT_SECONDS),
        read_timeout=seconds,
        tls=TlsOptions(ca_file=str(settings.ca) if settings.ca else None),
        retry=NO_RETRIES,
    )
    key = load_log_key(settings.public_key) if settings.public_key else None
    return CtLog(settings.url, HttpClient(options), key)


def load_log_key(path: Path) -> PublicKey:
    """Load the key of a log.

    Raises:
        FileError: The file cannot be read.
        MalformedError: It is not a public key in PEM.
        KeyUnusable: A kind of key that logs do not have.
    """
    with explain(path), path.open("rb") as file:
        raw = file.read(MAX_KEY_FILE + 1)
    key = PublicKey.parse_pem(raw, what=str(path))
    refuse_unusable_log_key(key)
    return key
