"""A log under random use: it appends, restarts, crashes anywhere, loses power, and never contradicts itself."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from log_server.storage.memory import MemoryJournal
from log_server.storage.protocol import StorageError
from log_server.tlog.sequencer import MustRestart, Sequencer, Storage
from tests.support.fault_store import (
    FAULTS,
    Crash,
    Faults,
    FaultyIndex,
    FaultyJournal,
    FaultyObjects,
    Moment,
    VolatileIndex,
    VolatileObjects,
)
from tests.support.whole_log import Witnessed, check_whole_log, drafts, open_sequencer


class LogMachine(RuleBasedStateMachine):
    """The model is what clients were told: `Witnessed` remembers it, and `check_whole_log` compares."""

    def __init__(self) -> None:
        super().__init__()
        self.objects, self.index = VolatileObjects(), VolatileIndex()
        self.journal = MemoryJournal()
        self.faults = Faults()
        self.behind = Storage(self.objects, self.journal, self.index)
        self.faulty = Storage(
            FaultyObjects(self.objects, self.faults),
            FaultyJournal(self.journal, self.faults),
            FaultyIndex(self.index, self.faults),
        )
        self.witnessed = Witnessed()
        self.submitted = 0
        self.clock = 0
        self.sequencer: Sequencer | None = open_sequencer(self.faulty)

    @precondition(lambda self: self.sequencer is not None)
    @rule(count=st.integers(1, 300), again=st.integers(0, 3))
    def append(self, count: int, again: int) -> None:
        """Submit new entries, and some that may be there already."""
        self.clock += 1_000
        batch = [*drafts(self.submitted, count), *drafts(0, again)]
        self.submitted += count
        assert self.sequencer is not None
        try:
            published = self.sequencer.sequence(batch, self.clock)
        except MustRestart:
            self.sequencer = None
        except StorageError:
            pass  # nothing was committed, and the log goes on: the invariant sees to it
        except Crash:
            self.sequencer = None
        else:
            self.witnessed.note(batch, published)

    @rule(
        ahead=st.integers(0, 25),
        moment=st.sampled_from(list(Moment)),
        fault=st.sampled_from(["crash", "unknown"]),
    )
    def break_something(self, ahead: int, moment: Moment, fault: str) -> None:
        """Have one of the next writes fail, done or not."""
        self.faults.fail_at, self.faults.moment = self.faults.count + ahead, moment
        self.faults.error = FAULTS[fault]

    @precondition(lambda self: self.sequencer is not None)
    @rule()
    def settle(self) -> None:
        """Make everything durable, and drop the journal before the last full tile."""
        assert self.sequencer is not None
        if self.faults.crashed:
            return
        size = self.sequencer.tip.edge.size
        self.objects.settle()
        self.index.settle()
        self.journal.forget(size // 256 * 256)

    @rule(power=st.booleans())
    def restart(self, power: bool) -> None:
        """End the process, and perhaps the power, and recover."""
        self.faults.restart()
        if power:
            self.objects.cut_power()
            self.index.cut_power()
        self.sequencer = open_sequencer(self.faulty, self.clock)

    @invariant()
    def nothing_anyone_was_told_has_changed(self) -> None:
        """While the server runs, all of the log verifies; after a crash it must once it was restarted."""
        if self.sequencer is not None:
            check_whole_log(self.behind, self.witnessed)


TestLogMachine = LogMachine.TestCase
TestLogMachine.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
