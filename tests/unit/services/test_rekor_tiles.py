"""An entry and its proof from the public files of a log; each broken log differs by one file."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import pytest

from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.note.checkpoint import parse_checkpoint, verify_included
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import AlreadyLogged, request_hashedrekord_v002
from cosignpy.errors import (
    ClaimMismatch,
    CosignError,
    RemoteError,
    TransparencyError,
    Unreachable,
)
from cosignpy.net.http import Request, Response
from cosignpy.services.conversation import Conversation
from cosignpy.services.rekor_tiles import CHECKPOINT_WAITS, TiledLog
from cosignpy.services.rekor_v2 import RekorV2Client, V2Options
from log_server.rekor.draft import build_draft
from log_server.rekor.v2_request import accept
from tests.support.answers import ManualTime, ScriptedSender, answer
from tests.support.fixed_keys import ecdsa_signer
from tests.support.memory_log import build_log, v2_shard
from tests.support.sigstore_services import manual_clock, signed_digest, unreachable

DIGEST: Final = signed_digest(b"logged in the middle")
PROPOSAL: Final = request_hashedrekord_v002(DIGEST)
INDEX: Final = 301
BEHIND: Final = 400
LOG_ID: Final = bytes(range(32))
BUNDLE: Final = "tile/entries/001"
BESIDE: Final = (INDEX % 256 - 1) * 32
"""The hash of the entry's neighbour in its tile."""
BASE: Final = "https://log.example/below"
Files = Mapping[str, bytes]


@cache
def log_files(behind: int = BEHIND) -> Files:
    """Return all files of a log whose entry 301 is ours, with so many entries behind it."""
    return _built()[behind]


@cache
def _built() -> Mapping[int, Files]:
    """Let one log grow, and keep its files at some sizes."""
    log = build_log(v2_shard(ecdsa_signer("tiles")))
    log.fill(INDEX - 1)
    assert log.append_now(build_draft(accept(PROPOSAL.request))).index == INDEX
    kept, objects = {}, log.active.storage.objects
    for more, behind in ((0, 0), (1, 1), (BEHIND - 1, BEHIND)):
        if more:
            log.fill(more)
        names = ["checkpoint", *objects.names("tile/")]
        kept[behind] = {name: content for name in names if (content := objects.get(name)) is not None}
    return kept


def sender_of(files: Files) -> ScriptedSender:
    """Serve files, and say of each entry that it is there already."""

    def respond(request: Request) -> Response:
        path = str(request.url).removeprefix(f"{BASE}/api/v2/")
        if request.method == "POST":
            return answer(request.url, 409, b"{}", {"x-log-index": str(INDEX)})
        if path not in files:
            return answer(request.url, 404)
        return answer(request.url, 200, files[path])

    return ScriptedSender(respond)


def find(files: Files, index: int = INDEX, time: ManualTime | None = None) -> LogEntry:
    clock = manual_clock(time or ManualTime())
    return TiledLog(BASE, LOG_ID, Conversation("the log", sender_of(files), clock, 30.0), clock).find(index)


def add(files: Files, log_id: bytes | None = LOG_ID) -> LogEntry:
    clock = manual_clock(ManualTime())
    return RekorV2Client(BASE, sender_of(files), clock, V2Options(log_id=log_id)).add(DIGEST)


def without(*paths: str) -> Files:
    assert set(paths) <= set(log_files())
    return {path: content for path, content in log_files().items() if path not in paths}


@pytest.mark.parametrize("behind", [0, 1, BEHIND])
@pytest.mark.parametrize("index", [0, INDEX])
def test_an_entry_is_found_with_a_proof_that_leads_to_the_checkpoint(behind: int, index: int) -> None:
    files = log_files(behind)
    entry = find(files, index)
    assert entry.inclusion is not None
    assert entry.inclusion.checkpoint.encode() == files["checkpoint"]
    checkpoint = parse_checkpoint(parse_note(files["checkpoint"]).text)
    assert checkpoint.size == INDEX + 1 + behind
    verify_included(checkpoint, entry.inclusion.proof, hash_leaf(entry.body))
    assert (entry.log_id, entry.log_index, entry.inclusion.root_hash) == (LOG_ID, index, checkpoint.root)


def test_an_entry_that_is_there_already_is_read_from_the_tiles() -> None:
    entry = add(log_files())
    assert (entry.body, entry.log_index) == (PROPOSAL.bodies[0], INDEX)
    assert (entry.kind, entry.version) == ("hashedrekord", "0.0.2")


def test_without_the_id_of_the_key_there_is_no_whole_entry() -> None:
    with pytest.raises(AlreadyLogged) as caught:
        add(log_files(), None)
    assert caught.value.index == INDEX


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/001", "tile/1/000.p/2", "tile/entries/001"])
def test_a_log_that_does_not_show_its_files_does_not_give_the_entry(path: str) -> None:
    with pytest.raises(AlreadyLogged):
        add(without(path))


def test_a_log_that_goes_away_is_unreachable() -> None:
    files = sender_of(log_files())

    def respond(request: Request) -> Response:
        return unreachable(request) if str(request.url).endswith("/checkpoint") else files.respond(request)

    client = RekorV2Client(BASE, ScriptedSender(respond), manual_clock(ManualTime()), V2Options(log_id=LOG_ID))
    with pytest.raises(Unreachable):
        client.add(DIGEST)


def test_a_partial_file_that_gave_way_to_the_full_one_is_asked_for_again() -> None:
    """The checkpoint is older than the tiles: the entry bundle and the tile are full by now."""
    before, after = log_files(0), log_files()
    assert {"tile/0/001.p/46", "tile/entries/001.p/46"} < set(before)
    kept = {path: before[path] for path in ("checkpoint", "tile/1/000.p/1")}
    entry = find({"tile/0/001": after["tile/0/001"], BUNDLE: after[BUNDLE], **kept})
    assert entry.inclusion is not None
    assert (entry.inclusion.proof.size, entry.body) == (INDEX + 1, PROPOSAL.bodies[0])


def test_a_checkpoint_that_does_not_cover_the_entry_is_waited_for() -> None:
    time = ManualTime()
    with pytest.raises(RemoteError) as caught:
        find(log_files(0), INDEX + 1, time)
    assert "does not cover" in caught.value.detail
    assert time.slept == [*CHECKPOINT_WAITS, 0.0]


def changed(path: str, change: Callable[[bytes], bytes]) -> Files:
    files = log_files()
    return {**files, path: change(files[path])}


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (lambda: changed("tile/0/001", flip(BESIDE)), TransparencyError),
        (lambda: changed("tile/1/000.p/2", flip(0)), TransparencyError),
        (lambda: changed("tile/0/001", lambda raw: raw[:64]), RemoteError),
        (lambda: changed(BUNDLE, lambda raw: raw[:-1]), RemoteError),
        (lambda: changed(BUNDLE, lambda raw: raw.replace(b"hashedrekord", b"hashedREKORD")), TransparencyError),
        (lambda: changed("checkpoint", lambda _: b"nonsense"), RemoteError),
        (lambda: changed("checkpoint", lambda _: b"<html></html>"), RemoteError),
    ],
    ids=["neighbour", "tile above", "short tile", "short bundle", "entry", "nonsense", "HTML"],
)
def test_files_that_do_not_fit_together_are_refused(files: Callable[[], Files], kind: type[CosignError]) -> None:
    with pytest.raises(kind):
        find(files())


def test_an_entry_about_something_else_is_refused() -> None:
    """The log names the index of another entry, and proves that one."""
    files = sender_of(log_files())

    def respond(request: Request) -> Response:
        if request.method == "POST":
            return answer(request.url, 409, b"{}", {"x-log-index": "0"})
        return files.respond(request)

    client = RekorV2Client(BASE, ScriptedSender(respond), manual_clock(ManualTime()), V2Options(log_id=LOG_ID))
    with pytest.raises(ClaimMismatch):
        client.add(DIGEST)
