"""Has witnesses cosign our checkpoints: all that answer at once, and as many as the policy asks for."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Final, TypeAlias

from cosignpy.core.note.signed_note import Note, NoteSignature
from cosignpy.errors import CosignError, UsageError
from cosignpy.net.http import HttpClient, HttpOptions, Sender
from cosignpy.net.retry import NO_RETRIES
from cosignpy.values import value
from log_server.storage.protocol import ObjectStore, StorageError
from log_server.tlog.publish import NotCosigned
from log_server.witness.ask import AskedWitness, WitnessClient
from log_server.witness.growth import Growth
from log_server.witness.policy import WithoutQuorum, Witness, WitnessPolicy

ANSWER_SECONDS: Final = 1.0
"""How long a batch waits for a quorum, as in rekor-tiles; its clients wait as long."""
STRAGGLER_SECONDS: Final = 0.02
"""How long a batch that has its quorum waits for the other witnesses: they are a bonus."""

_LOG: Final = logging.getLogger(__name__)
_Asked: TypeAlias = dict[Future[NoteSignature], AskedWitness]


@value
class Patience:
    """How many seconds a batch waits for a quorum, how many more for the other witnesses, and by which clock."""

    answer: float = ANSWER_SECONDS
    straggler: float = STRAGGLER_SECONDS
    now: Callable[[], float] = time.monotonic


class WitnessCosigner:
    """Implements `Cosigner` over the witnesses of a policy; one thread at a time calls it."""

    def __init__(
        self,
        policy: WitnessPolicy,
        witnesses: Sequence[AskedWitness],
        objects: ObjectStore,
        without_quorum: WithoutQuorum = WithoutQuorum.REFUSE,
        patience: Patience | None = None,
    ) -> None:
        """Get ready to ask witnesses about the log whose tiles are among these objects."""
        self._policy = policy
        self._witnesses = witnesses
        self._objects = objects
        self._without_quorum = without_quorum
        self._patience = patience or Patience()
        self._quorum = True

    def cosign(self, note: Note) -> Note:
        """Return the note with the cosignatures that were given. The empty tree, which commits to nothing, needs none.

        Raises:
            NotCosigned: The policy wants more of them.
        """
        growth = Growth(note, self._objects)
        if not growth.size:
            return note
        self._take_late()
        found = self._collect(growth, self._select())
        self._judge(found)
        return Note(note.text, (*note.signatures, *found.values()))

    def _select(self) -> Sequence[AskedWitness]:
        """Choose whom to ask: those who answer, if they can be enough, else everybody."""
        now = self._patience.now()
        ready = [witness for witness in self._witnesses if witness.is_ready(now)]
        enough = self._policy.is_satisfied_by({witness.name for witness in ready})
        return ready if enough or self._without_quorum is WithoutQuorum.PUBLISH_UNSAFE else self._witnesses

    def _collect(self, growth: Growth, chosen: Sequence[AskedWitness]) -> dict[str, NoteSignature]:
        """Ask all at once, and wait for a quorum and a moment more."""
        pending = {witness.ask(growth): witness for witness in chosen}
        found: dict[str, NoteSignature] = {}
        until, enough = self._patience.now() + self._patience.answer, False
        while pending:
            done, _ = wait(pending, max(0.0, until - self._patience.now()), FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                self._take(pending.pop(future), future, found)
            if not enough and self._policy.quorum is not None and self._policy.is_satisfied_by(found.keys()):
                until, enough = min(until, self._patience.now() + self._patience.straggler), True
        self._give_up(pending, found)
        return found

    def _take(self, witness: AskedWitness, future: Future[NoteSignature], found: dict[str, NoteSignature]) -> None:
        try:
            found[witness.name] = witness.result(future)
        except (CosignError, StorageError) as error:
            self._report(witness, str(error))
        else:
            witness.succeeded()

    def _give_up(self, pending: _Asked, found: dict[str, NoteSignature]) -> None:
        """Wait no longer; who held up the batch is left alone for a while, who was only slow is not."""
        short = self._policy.quorum is None or not self._policy.is_satisfied_by(found.keys())
        for future, witness in pending.items():
            future.cancel()
            if short:
                self._report(witness, f"no answer within {self._patience.answer:g} s")

    def _take_late(self) -> None:
        """See how requests ended that were given up."""
        for witness in self._witnesses:
            for future in witness.late():
                self._take(witness, future, {})

    def _report(self, witness: AskedWitness, why: str) -> None:
        pause = witness.failed(self._patience.now())
        _LOG.warning("witness %s does not cosign: %s; it is left alone for %g s", witness.name, why, pause)

    def _judge(self, found: dict[str, NoteSignature]) -> None:
        before, self._quorum = self._quorum, self._policy.is_satisfied_by(found.keys())
        if self._quorum:
            return
        missing = ", ".join(witness.name for witness in self._witnesses if witness.name not in found)
        if self._without_quorum is WithoutQuorum.REFUSE:
            raise NotCosigned("the checkpoint", f"too few witnesses cosigned it; without an answer: {missing}")
        if before:
            _LOG.error("checkpoints are published without their quorum; without an answer: %s", missing)


@contextmanager
def open_cosigner(
    policy: WitnessPolicy, objects: ObjectStore, without_quorum: WithoutQuorum
) -> Iterator[WitnessCosigner]:
    """Ask the witnesses of a policy about one log while the block runs.

    Raises:
        UsageError: A witness has no URL.
    """
    # Whoever waits for a batch waits no longer than that for a witness; repeating is the next batch's business.
    client = HttpClient(HttpOptions(connect_timeout=ANSWER_SECONDS, read_timeout=ANSWER_SECONDS, retry=NO_RETRIES))
    witnesses = [_build_witness(one, client) for one in policy.witnesses]
    try:
        yield WitnessCosigner(policy, witnesses, objects, without_quorum)
    finally:
        for witness in witnesses:
            witness.close()
        client.close()


def _build_witness(witness: Witness, sender: Sender) -> AskedWitness:
    if witness.url is None:
        raise UsageError(f"the witness {witness.name} has no URL", "add its submission prefix to the policy file")
    return AskedWitness(witness.name, WitnessClient(witness, witness.url, sender))
