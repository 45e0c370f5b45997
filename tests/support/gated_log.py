"""A log in memory whose batches wait at a gate, or fail, as a test wants."""

import threading
from collections.abc import Sequence
from typing import Final

from cosignpy.values import field, record
from log_server.tlog.values import Draft, Published
from tests.support.whole_log import memory_storage, open_sequencer

PATIENCE: Final = 30.0
"""Seconds; far longer than anything takes."""


@record
class GatedLog:
    """Implements `Batches`. `taken` is set when a batch arrives; `refusal` is raised instead of sequencing it."""

    refusal: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    taken: threading.Event = field(default_factory=threading.Event)
    batches: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sequencer = open_sequencer(memory_storage())
        self.gate.set()

    def sequence(self, drafts: Sequence[Draft], now_ms: int) -> Published:
        self.taken.set()
        assert self.gate.wait(PATIENCE)
        self.batches.append(len(drafts))
        if self.refusal:
            raise self.refusal
        return self.sequencer.sequence(drafts, now_ms)

    def tick(self, now_ms: int) -> None:
        pass
