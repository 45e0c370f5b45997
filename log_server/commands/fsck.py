"""`fsck`: check all of a log, and make again what can be made from its entries."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from enum import StrEnum
from functools import lru_cache, partial
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from cosignpy.core.merkle.tiles import TILE_WIDTH
from cosignpy.errors import MalformedError, VerificationError
from cosignpy.values import value
from log_server.commands.arguments import (
    DAMAGED,
    DataOption,
    count_entries,
    existing,
    refuse_no_shards,
    speaking_plainly,
)
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS, verify_published
from log_server.shard_files import ShardFiles, load_shards
from log_server.storage.failures import explain
from log_server.storage.journal import FileJournal, read_end
from log_server.storage.lock import lock_directory
from log_server.storage.protocol import StorageDamaged
from log_server.storage.segment import create_segment
from log_server.storage.sqlite_index import SqliteIndex
from log_server.tlog.fsck import (
    Finding,
    check_bundle,
    check_digests,
    check_levels,
    check_surplus,
    count_keys,
    rebuild_index,
    rebuild_journal,
    rebuild_tiles,
)
from log_server.tlog.reader import LogDamaged, LogReader

_CHUNK: Final = 16
"""Bundles that a process checks before it reports."""

_SHOWN: Final = 20
"""Findings that are printed; a log that is damaged throughout has one for each entry."""

_NAMED_BY_DIGEST: Final = ("attestations", "issuer")
"""Folders of what is kept beside entries: payloads of Rekor v1, certificates of issuers."""


class Rebuild(StrEnum):
    """What can be made again."""

    INDEX = "index"
    TILES = "tiles"
    JOURNAL = "journal"


def fsck_command(
    data: DataOption,
    rebuild: Annotated[Rebuild | None, typer.Option(help="Make this again from the entries, then check.")] = None,
    log: Annotated[LogKind | None, typer.Option(help="Only this log.")] = None,
) -> None:
    """Check the logs of a data directory.

    Reads every entry, tile and index key, and the journal; the server must be stopped.
    """
    with speaking_plainly(), lock_directory(existing(data)):
        shards = [shard for kind in ([log] if log else LogKind) for shard in load_shards(data, kind)]
        refuse_no_shards(shards, data, log)
        if rebuild is not None:
            for shard in shards:
                _REBUILDERS[rebuild](shard)
        findings = [finding for shard in shards for finding in _check(shard)]
    if findings:
        raise typer.Exit(DAMAGED)


def _check(shard: ShardFiles) -> Sequence[Finding]:
    reader = _open(shard.directory)
    size = reader.tree().size
    numbers = range(-(-size // TILE_WIDTH))
    console = Console(stderr=True)
    findings: list[Finding] = [*_check_head(shard, reader), *_check_journal(shard, size)]
    label = f"{shard.kind} {shard.directory.name}"
    with (
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
        ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as pool,
    ):
        task = progress.add_task(label, total=len(numbers))
        keys = 0
        chunks = [numbers[first : first + _CHUNK] for first in range(0, len(numbers), _CHUNK)]
        for chunk, checked in zip(chunks, pool.map(partial(_check_bundles, shard.directory), chunks), strict=True):
            findings += checked.findings
            keys += checked.keys
            progress.advance(task, len(chunk))
    if not findings:  # else what is missing would be counted too
        findings += check_surplus(reader, keys)
    findings += check_levels(reader)
    for folder in _NAMED_BY_DIGEST:
        findings += check_digests(reader.objects, folder)
    verdict = f"damaged in {len(findings)} places" if findings else "all of it verifies"
    typer.echo(f"{label}: {count_entries(size)}, {verdict}")
    for finding in findings[:_SHOWN]:
        typer.echo(f"  {finding}")
    if len(findings) > _SHOWN:
        typer.echo(f"  and {len(findings) - _SHOWN} more")
    return findings


def _check_head(shard: ShardFiles, reader: LogReader) -> Iterator[Finding]:
    """Check that the checkpoint is signed with the shard's key, and that the index reaches as far as it."""
    tree = reader.tree()
    try:
        verify_published(shard.kind, PROTOCOLS[shard.kind].identify(shard), tree)
    except (MalformedError, VerificationError) as error:
        yield Finding("checkpoint", str(error))
    if reader.index.size != tree.size:
        why = f"it covers {reader.index.size} of {tree.size} entries; after a power cut, start the server once"
        yield Finding("index", why)


def _check_journal(shard: ShardFiles, size: int) -> Iterator[Finding]:
    """Check that the journal can be read, and reaches as far as what is published."""
    path = shard.directory / "journal"
    try:
        end = read_end(path) if path.is_dir() else 0
    except StorageDamaged as error:
        yield Finding(f"journal/{Path(error.what).name}", error.why)
        return
    if end < size:
        yield Finding("journal", f"it ends at {end}, and {size} entries are published")


@lru_cache(maxsize=1)
def _open(directory: Path) -> LogReader:
    """Open a shard once for each process."""
    shard = ShardFiles.load(directory)
    return shard.open_reader(PROTOCOLS[shard.kind].form)


@value
class _Checked:
    """What is wrong with some bundles, and how many keys they have if nothing is."""

    findings: tuple[Finding, ...]
    keys: int


def _check_bundles(directory: Path, numbers: Sequence[int]) -> _Checked:
    """Check some bundles; runs in a process of its own."""
    reader = _open(directory)
    findings = tuple([finding for number in numbers for finding in check_bundle(reader, number)])
    return _Checked(findings, 0 if findings else sum(count_keys(reader, number) for number in numbers))


def _rebuild_index(shard: ShardFiles) -> None:
    path = shard.directory / "index"
    if path.exists():  # it may be too damaged to be opened
        with explain(path):
            rmtree(path)
    _open.cache_clear()  # who has the old one open goes on reading it
    index = SqliteIndex(path)
    size = rebuild_index(index, _open(shard.directory))
    index.settle()
    index.close()
    typer.echo(f"{shard.kind} {shard.directory.name}: made the index of {count_entries(size)} again")


def _rebuild_tiles(shard: ShardFiles) -> None:
    objects = shard.open_objects()
    mended = rebuild_tiles(objects, _open(shard.directory))
    objects.settle()
    typer.echo(f"{shard.kind} {shard.directory.name}: tiles that were missing or wrong, and were made again: {mended}")


def _rebuild_journal(shard: ShardFiles) -> None:
    """Begin a new journal. The old one is kept beside it: someone may want to know what became of it.

    Raises:
        LogDamaged: The published entries are not all there, and right.
        StorageError: It cannot be written.
    """
    reader = _open(shard.directory)
    numbers = range(-(-reader.tree().size // TILE_WIDTH))
    for finding in (*_check_bundles(shard.directory, numbers).findings, *check_levels(reader)):
        raise LogDamaged(finding.name, f"{finding.why}; a new journal must not cover that up")
    records = list(rebuild_journal(reader))
    path = shard.directory / "journal"
    with explain(path):
        if path.exists():
            path.rename(path.with_name(f"journal.damaged-{time.time_ns()}"))
        path.mkdir()
    create_segment(path, records[0].start if records else 0)
    with closing(FileJournal(path)) as journal:
        for record in records:
            journal.append(record)
    typer.echo(f"{shard.kind} {shard.directory.name}: began a new journal, with {len(records)} records")


_REBUILDERS: Final[Mapping[Rebuild, Callable[[ShardFiles], None]]] = {
    Rebuild.INDEX: _rebuild_index,
    Rebuild.TILES: _rebuild_tiles,
    Rebuild.JOURNAL: _rebuild_journal,
}
