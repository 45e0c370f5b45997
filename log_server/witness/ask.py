"""One witness and what is known of it: the tree it saw last, whether it answers, when to ask it again."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol

from cosignpy.core.note.cosignature import CosignatureVerifier
from cosignpy.core.note.signed_note import NoteSignature, parse_note, signatures_by
from cosignpy.errors import MalformedError, RemoteError
from cosignpy.net.http import Request, Response, Sender
from cosignpy.net.redaction import redact_url
from cosignpy.net.url import Url
from cosignpy.values import record
from log_server.witness.growth import Growth
from log_server.witness.policy import Witness
from log_server.witness.submission import MAX_SIZE_LINE, SIZE_TYPE, parse_size

MAX_ANSWER: Final = 16 << 10
"""Octets of an answer: a cosignature takes some hundred, or five thousand where it is post-quantum."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""Seconds for which a witness that failed is left alone: twice as long after each failure, up to a minute."""

_OK: Final = 200
_CONFLICT: Final = 409


@record
class _SawOther(Exception):
    """The witness saw a tree of another size last."""

    size: int


class WitnessClient:
    """Speaks to one witness; one thread at a time."""

    def __init__(self, witness: Witness, url: Url, sender: Sender) -> None:
        self._name = witness.name
        self._verifier = witness.verifier
        self._url = Url(url.origin, f"{url.target.rstrip('/')}/add-checkpoint")
        self._sender = sender
        self._size = 0

    def cosign(self, growth: Growth) -> NoteSignature:
        """Return the witness's cosignature; one that saw another tree than we remember is asked once more.

        Raises:
            RemoteError: It refuses, or does not answer.
            MalformedError: Its answer cannot be read.
            SignatureMismatch: What it answers is not its cosignature on this checkpoint.
            StorageError: There is no proof for what it saw.
        """
        try:
            return self._submit(growth, min(self._size, growth.size))
        except _SawOther as conflict:
            self._size = conflict.size
        if self._size > growth.size:
            raise self._failed(_CONFLICT, f"it cosigned {self._size} entries of this log, which has {growth.size}")
        try:
            return self._submit(growth, self._size)
        except _SawOther as conflict:
            raise self._failed(_CONFLICT, f"it says that it cosigned {conflict.size} entries last") from conflict

    def _submit(self, growth: Growth, old: int) -> NoteSignature:
        body = growth.since(old).encode()
        with self._sender.send(Request("POST", self._url, {"Content-Type": "text/plain"}, body)) as response:
            if response.status == _CONFLICT and _media_type(response) == SIZE_TYPE:
                raise _SawOther(_parse_size_line(response.read(MAX_SIZE_LINE, "size of the witness")))
            if response.status != _OK:
                raise self._failed(response.status, "it does not cosign")
            lines = response.read(MAX_ANSWER, "cosignatures")
        found = select_cosignature(growth.text, lines, self._verifier)
        self._size = growth.size
        return found

    def _failed(self, status: int, why: str) -> RemoteError:
        return RemoteError(f"witness {self._name}", redact_url(str(self._url)), status, why)


def select_cosignature(text: str, lines: bytes, verifier: CosignatureVerifier) -> NoteSignature:
    """Return a witness's cosignature from its answer; lines of other keys are ignored.

    Raises:
        MalformedError: Not signature lines.
        SignatureMismatch: None is by this witness, or not on this checkpoint.
    """
    answered = parse_note(f"{text}\n".encode() + lines)
    if answered.text != text:
        raise MalformedError("cosignatures", "an empty line among them")
    found = signatures_by(answered, verifier)[0]
    verifier.verify(text, found.signature)
    return found


class Cosigns(Protocol):
    """Whatever gets one witness's cosignature."""

    def cosign(self, growth: Growth) -> NoteSignature:
        """Return the cosignature; see `WitnessClient.cosign`."""
        ...


class AskedWitness:
    """A witness with a thread of its own, so that nobody waits for a slow one; used by one thread only."""

    def __init__(self, name: str, client: Cosigns) -> None:
        self.name = name
        self._client = client
        self._thread = ThreadPoolExecutor(1, f"witness-{name}")
        self._under_way: list[Future[NoteSignature]] = []
        self._pause = 0.0
        self._resume_at = 0.0

    def ask(self, growth: Growth) -> Future[NoteSignature]:
        """Begin to ask; behind a request that is still under way."""
        future = self._thread.submit(self._client.cosign, growth)
        self._under_way.append(future)
        return future

    def is_ready(self, now: float) -> bool:
        """Tell whether it has answered everything, and not failed of late."""
        return not self._under_way and now >= self._resume_at

    def late(self) -> list[Future[NoteSignature]]:
        """Return requests that nobody waited for any more, and that have come to an end."""
        self._under_way = [future for future in self._under_way if not future.cancelled()]
        return [future for future in self._under_way if future.done()]

    def result(self, future: Future[NoteSignature]) -> NoteSignature:
        """Return what a request that has come to an end led to.

        Raises:
            CosignError: The witness did not cosign.
            StorageError: What it should be shown could not be read.
        """
        self._under_way.remove(future)
        return future.result()

    def succeeded(self) -> None:
        """Take note that it answers."""
        self._pause = 0.0
        self._resume_at = 0.0

    def failed(self, now: float) -> float:
        """Take note that it does not, and return for how many seconds it is left alone."""
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        self._resume_at = now + self._pause
        return self._pause

    def close(self) -> None:
        """Drop what has not begun, and wait for what has; no request takes long."""
        self._thread.shutdown(cancel_futures=True)


def _media_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def _parse_size_line(raw: bytes) -> int:
    try:
        return parse_size(raw.decode("ascii").removesuffix("\n"))
    except UnicodeDecodeError as error:
        raise MalformedError("tree size", "not ASCII") from error
