"""A worker process: questions come in on its standard input, a socket, and answers go out there.

It ends when that is closed, which it is when the front has ended, however that came about.
"""

import gc
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import BinaryIO, Final

from cosignpy.errors import LimitExceeded
from cosignpy.webhook.engine.answering import Answering, Asked, Believed, Policies, renew
from cosignpy.webhook.engine.limits import Deadline
from cosignpy.webhook.engine.messages import (
    LENGTH,
    Answer,
    Decide,
    Extend,
    Found,
    NewPolicy,
    NewTrust,
    OldPolicies,
    Question,
    Renew,
    Resolve,
    Setup,
    ToWorker,
    decode_question,
    encode,
)
from cosignpy.webhook.engine.places import Registries
from cosignpy.webhook.policies.compiled import decode_policy

_LOG: Final = logging.getLogger(__name__)
_STACK: Final = 1 << 20
"""Octets for each thread; of the usual eight million, which count as taken, hardly any are used."""
_SWITCH_SECONDS: Final = 0.0005
"""How long a thread computes while others wait: those that verify let others compute meanwhile."""


class Worker:
    """Answers questions in threads; what it is told otherwise, it takes in the order in which it is told."""

    def __init__(self, connection: socket.socket, setup: Setup) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._policies = Policies(decode_policy)
        registries = Registries(setup)
        self._answering = Answering(self._policies, registries)
        self._believed = Believed()
        self._deadlines: dict[int, Deadline] = {}
        self._threads = ThreadPoolExecutor(setup.threads)
        self._threads.submit(registries.prepare)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked."""
        return not self._deadlines

    def take(self, message: ToWorker) -> None:
        """Take a message, and return at once."""
        if isinstance(message, Decide | Resolve | Renew):
            deadline = self._deadlines[message.number] = Deadline.at(message.deadline)
            self._threads.submit(self._send, message.number, self._answer_later(message, deadline))
        elif isinstance(message, NewPolicy):
            self._policies.add(message)
        elif isinstance(message, OldPolicies):
            self._policies.forget(message)
        elif isinstance(message, NewTrust):
            self._believed = Believed(message.root, message.problem)
        elif isinstance(message, Extend) and message.number in self._deadlines:
            self._deadlines[message.number].put_off(message.deadline)

    def _answer_later(self, question: Question, deadline: Deadline) -> Callable[[], Answer]:
        """Return what answers a question by what is known now."""
        if isinstance(question, Decide):
            asked = Asked(question, deadline, self._policies.find(question.policies), self._believed)
            return partial(self._answering.decide, asked)
        if isinstance(question, Resolve):
            return partial(self._answering.resolve, question, deadline)
        return partial(renew, question)

    def _send(self, number: int, answer: Callable[[], Answer]) -> None:
        try:
            content = encode(answer())
        except LimitExceeded as error:  # no answer of the kind that was asked for: the front refuses
            _LOG.error("an answer cannot be sent: %s", error)
            content = encode(Found(number))
        self._deadlines.pop(number, None)
        with self._sending:
            self._connection.sendall(content)


def preload() -> None:
    """Import what the first question would wait for."""
    import cosignpy.core.bundle.protojson
    import cosignpy.core.trust.trusted_root
    import cosignpy.core.verify.attestation
    import cosignpy.core.verify.bundle
    import cosignpy.operations.beside
    import cosignpy.registry.credential_selection
    import cosignpy.registry.error_body
    import cosignpy.registry.token_flow  # noqa: F401


def limit_memory(most: int) -> None:
    """Have what takes too much memory fail in this process, before the kernel ends all processes of the container.

    Who runs a registry, or signs something, decides how much there is to read: what fails is refused.
    """
    threading.stack_size(_STACK)
    resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def serve(connection: socket.socket, limit: Callable[[int], None] = limit_memory) -> bool:
    """Take messages until nobody sends any more; tell whether all of them are answered."""
    worker: Worker | None = None
    with connection.makefile("rb") as source:
        while (content := read_message(source)) is not None:
            message = decode_question(content)
            if isinstance(message, Setup):
                limit(message.memory)
                worker = Worker(connection, message)
            elif worker is not None:
                worker.take(message)
    return worker is None or worker.is_idle


def read_message(source: BinaryIO) -> bytes | None:
    """Read a message without its length; None where there is no whole one any more."""
    try:
        head = source.read(LENGTH.size)
        size = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 1
        content = source.read(size)
    except ConnectionError:
        return None
    return content if len(content) == size else None


def main() -> None:
    """Serve the socket that is the standard input."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the front is told, and closes the socket
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    sys.setswitchinterval(_SWITCH_SECONDS)
    preload()
    gc.freeze()
    if not serve(socket.socket(fileno=os.dup(0))):
        os._exit(0)  # nobody waits for the answers any more


if __name__ == "__main__":
    main()
