"""What operators see of a log's writer."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from cosignpy.values import field, record
from cosignpy.version import VERSION
from log_server.log import LogKind
from log_server.sequencing.observed import ObservedWriter
from log_server.sequencing.readiness import Readiness, read_trouble
from log_server.storage.protocol import StorageError
from log_server.tlog.values import Draft, Published, Sequenced

DRAFT = Draft(b"content", b"identity")


@record
class Writer:
    """Sequences what it is given, the first of a batch as a duplicate, until it is told to fail."""

    size: int = 5
    trouble: str = ""
    failing: bool = False
    ticks: list[int] = field(default_factory=list)

    def sequence(self, drafts: Sequence[Draft], now_ms: int) -> Published:
        if self.failing:
            raise StorageError("journal", "the disk is full")
        self.size += len(drafts) - 1
        places = [Sequenced(index, now_ms, duplicate=index == 0) for index in range(len(drafts))]
        return Published(self.size, b"root", b"checkpoint", tuple(places))

    def tick(self, now_ms: int) -> None:
        self.ticks.append(now_ms)


@pytest.fixture
def trouble(tmp_path: Path) -> Path:
    return tmp_path / "trouble"


def observe(writer: Writer, kind: LogKind, trouble: Path) -> ObservedWriter:
    return ObservedWriter(writer, kind, trouble.parent, Readiness(trouble, trouble.parent, 0.0))


def number(name: str, kind: LogKind | None = None) -> float:
    return REGISTRY.get_sample_value(name, {"log": kind} if kind else {}) or 0.0


@pytest.mark.parametrize(
    ("kind", "real"),
    [(LogKind.REKOR_V1, "rekor_new_entries"), (LogKind.REKOR_V2, "rekor_v2_new_hashedrekord_entries")],
)
def test_a_batch_is_counted_under_our_name_and_the_real_one(kind: LogKind, real: str, trouble: Path) -> None:
    names = ("log_new_entries_total", "log_duplicate_entries_total", "log_batch_entries_count",
             "log_batch_entries_sum", "log_integration_seconds_count")  # fmt: skip
    before = [number(name, kind) for name in names]
    real_before = number(f"{real}_total")
    observe(Writer(), kind, trouble).sequence([DRAFT] * 3, 7)
    assert [number(name, kind) - old for name, old in zip(names, before, strict=True)] == [2, 1, 1, 3, 1]
    assert number(f"{real}_total") - real_before == 2
    assert number("log_tree_size", kind) == 7


def test_ct_has_no_name_of_a_real_server(trouble: Path) -> None:
    before = number("rekor_new_entries_total")
    observe(Writer(), LogKind.CT, trouble).sequence([DRAFT] * 2, 7)
    assert number("rekor_new_entries_total") == before
    assert number("log_tree_size", LogKind.CT) == 6


@pytest.mark.parametrize(
    ("kind", "name"), [(LogKind.REKOR_V1, "rekor_build_info"), (LogKind.REKOR_V2, "rekor_v2_build_info")]
)
def test_which_version_runs_is_told(kind: LogKind, name: str, trouble: Path) -> None:
    observe(Writer(), kind, trouble)
    assert REGISTRY.get_sample_value(name, {"version": VERSION}) == 1


def test_the_size_is_known_before_the_first_batch(trouble: Path) -> None:
    observe(Writer(size=99), LogKind.CT, trouble)
    assert number("log_tree_size", LogKind.CT) == 99


def test_a_batch_that_fails_is_counted_and_told(trouble: Path) -> None:
    writer = Writer(failing=True)
    observed = observe(writer, LogKind.CT, trouble)
    before = number("log_failed_batches_total", LogKind.CT)
    with pytest.raises(StorageError):
        observed.sequence([DRAFT], 7)
    assert number("log_failed_batches_total", LogKind.CT) - before == 1
    assert read_trouble(trouble) == "the disk is full"
    writer.failing = False
    observed.sequence([DRAFT], 8)
    assert read_trouble(trouble) == ""


def test_a_tick_is_passed_on_and_looks_around(trouble: Path) -> None:
    writer = Writer(trouble="recovering")
    observed = observe(writer, LogKind.CT, trouble)
    observed.tick(1)
    observed.tick(2)
    assert writer.ticks == [1, 2]
    assert read_trouble(trouble) == "recovering"
    assert number("log_disk_free_bytes", LogKind.CT) > 0
