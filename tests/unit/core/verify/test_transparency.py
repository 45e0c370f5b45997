"""Log entries: the right log, its promise, the proof into a checkpoint that it signed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.core.trust.trusted_root import TransparencyLog, TrustedRoot
from cosignpy.core.trust.validity import Validity
from cosignpy.core.verify.findings import ObservedTime, TimeSource
from cosignpy.core.verify.transparency import TrustedEntry, log_names, verify_entries
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch, TransparencyError
from cosignpy.values import replace
from tests.support.certificates import MIDDLE, START
from tests.support.virtual_sigstore import (
    FIRST_INDEX,
    INDEX,
    REKOR_V1,
    REKOR_V2,
    ROOT,
    SIZE,
    FakeLog,
    v1_bundle,
    v2_bundle,
)

SECOND: Final = timedelta(seconds=1)


def v1() -> LogEntry:
    return v1_bundle().log_entries[0]


def v2() -> LogEntry:
    return v2_bundle().log_entries[0]


def proof(entry: LogEntry) -> LoggedProof:
    assert entry.inclusion is not None
    return entry.inclusion


def verify(entry: LogEntry, *logs: TransparencyLog) -> TrustedEntry:
    (found,) = verify_entries([entry], replace(ROOT, logs=logs or ROOT.logs))
    return found


def with_proof(entry: LogEntry, **changes: object) -> LogEntry:
    return replace(entry, inclusion=replace(proof(entry), **changes))


def resigned(entry: LogEntry, log: FakeLog, name: str | None = None, **changes: object) -> LogEntry:
    """Return the entry with another checkpoint, which the log signed all the same."""
    checkpoint = parse_checkpoint(parse_note(proof(entry).checkpoint.encode()).text)
    return with_proof(entry, checkpoint=log.sign(replace(checkpoint, **changes), name))


def test_a_promise_and_a_proof_are_shown() -> None:
    found = verify(v1()).finding
    assert (found.log, found.integrated_time, found.log_index) == ("https://rekor.test", MIDDLE, FIRST_INDEX + INDEX)
    assert (found.kind, found.log_id) == ("hashedrekord 0.0.1", REKOR_V1.log_id)
    assert found.inclusion is not None
    assert (found.inclusion.index, found.inclusion.size) == (INDEX, SIZE)
    assert (found.inclusion.origin, found.inclusion.checkpoint) == (REKOR_V1.origin, proof(v1()).checkpoint)
    assert found.inclusion.root == proof(v1()).root_hash


def test_a_proof_alone_says_no_time() -> None:
    found = verify(v2()).finding
    assert (found.integrated_time, found.log_index) == (None, INDEX)


def test_a_promise_alone_says_no_place_in_a_tree() -> None:
    found = verify(replace(v1(), inclusion=None)).finding
    assert (found.inclusion, found.log_index) == (None, FIRST_INDEX + INDEX)


def test_without_a_promise_the_index_is_that_of_the_proof() -> None:
    found = verify(replace(v1(), entry_timestamp=b"", log_index=5)).finding
    assert (found.log_index, found.integrated_time) == (INDEX, None)


def test_entries_of_strangers_are_passed_over() -> None:
    assert verify_entries([v1()], replace(ROOT, logs=(REKOR_V2.trusted,))) == ()
    assert verify_entries([v1()], replace(ROOT, logs=(replace(REKOR_V1.trusted, key=None),))) == ()
    assert verify_entries([v1()], TrustedRoot()) == ()


def test_an_entry_with_neither_promise_nor_proof_is_refused() -> None:
    with pytest.raises(TransparencyError, match="log entry"):
        verify(replace(v1(), entry_timestamp=b"", inclusion=None))


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{}"},
        {"integrated_time": int(MIDDLE.timestamp()) + 1},
        {"log_index": FIRST_INDEX + INDEX + 1},
        {"entry_timestamp": b"x"},
    ],
)
def test_a_promise_is_of_all_that_it_states(change: dict[str, object]) -> None:
    with pytest.raises(SignatureMismatch):
        verify(replace(v1(), inclusion=None, **change))


def test_a_promise_of_a_year_that_no_calendar_has_is_refused() -> None:
    late = REKOR_V1.promise(replace(v1(), integrated_time=2**50, inclusion=None))
    with pytest.raises(TransparencyError, match="time of the log entry"):
        verify(late)


def _flipped(raw: bytes) -> bytes:
    return bytes([raw[0] ^ 1]) + raw[1:]


def _neighbour(change: Callable[[InclusionProof], InclusionProof]) -> Callable[[LogEntry], LogEntry]:
    return lambda entry: with_proof(entry, proof=change(proof(entry).proof))


@pytest.mark.parametrize(
    "change",
    [
        _neighbour(lambda found: replace(found, hashes=(_flipped(found.hashes[0]), *found.hashes[1:]))),
        _neighbour(lambda found: replace(found, hashes=(found.hashes[1], found.hashes[0], *found.hashes[2:]))),
        _neighbour(lambda found: replace(found, index=found.index + 1)),
        lambda entry: replace(entry, body=entry.body + b" "),
    ],
)
def test_a_proof_that_leads_elsewhere_is_refused(change: Callable[[LogEntry], LogEntry]) -> None:
    with pytest.raises(TransparencyError, match="root of the inclusion proof"):
        verify(change(v2()))


def test_the_tree_has_to_be_that_of_the_checkpoint() -> None:
    with pytest.raises(TransparencyError, match="root hash"):
        verify(with_proof(v2(), root_hash=_flipped(proof(v2()).root_hash)))
    with pytest.raises(TransparencyError, match="tree size"):
        verify(_neighbour(lambda found: InclusionProof(found.index, found.size + 1, found.hashes))(v2()))


def test_the_index_is_that_of_the_proof_where_trees_are_not_numbered() -> None:
    with pytest.raises(TransparencyError, match="index of the log entry"):
        verify(replace(v2(), log_index=INDEX + 1))


def test_a_checkpoint_has_to_be_signed_by_the_log() -> None:
    other = FakeLog(REKOR_V2.host, REKOR_V1.signer)
    with pytest.raises(SignatureMismatch):
        verify(resigned(v2(), other))
    text = proof(v2()).checkpoint
    with pytest.raises(SignatureMismatch):
        verify(with_proof(v2(), checkpoint=text.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")))
    with pytest.raises(MalformedError):
        verify(with_proof(v2(), checkpoint=text.partition("\n\n")[0]))


def test_other_signatures_on_a_checkpoint_are_not_looked_at() -> None:
    line = "\N{EM DASH} witness.test AAAAAAAAAAAA\n"
    found = verify(with_proof(v2(), checkpoint=proof(v2()).checkpoint + line)).finding
    assert found.inclusion is not None
    assert line in found.inclusion.checkpoint


@pytest.mark.parametrize("name", [None, "rekor.test"])
def test_the_name_of_a_signature_has_to_be_the_origin(name: str | None) -> None:
    with pytest.raises((SignatureMismatch, ClaimMismatch)):
        verify(resigned(v2(), REKOR_V2, name or "another.test", origin=REKOR_V2.host if name else "another.test"))


def test_the_origin_has_to_be_the_host_of_the_log() -> None:
    moved = replace(REKOR_V2.trusted, base_url="https://another.test")
    with pytest.raises(ClaimMismatch) as refused:
        verify(v2(), moved)
    assert (refused.value.claim, refused.value.found) == ("origin", REKOR_V2.host)


def test_only_a_log_whose_id_is_its_key_may_have_numbered_trees() -> None:
    numbered = resigned(v2(), REKOR_V2, origin=f"{REKOR_V2.host} - 5")
    with pytest.raises(ClaimMismatch) as refused:
        verify(numbered)
    assert refused.value.claim == "origin"


def test_a_numbered_tree_may_have_any_number_and_nothing_else() -> None:
    verify(resigned(v1(), REKOR_V1, origin="rekor.test - 5"))
    for origin in ("rekor.test - 05", "rekor.test - x", "rekor.test - 5 "):
        with pytest.raises((SignatureMismatch, ClaimMismatch)):
            verify(resigned(v1(), REKOR_V1, origin=origin))
    with pytest.raises(SignatureMismatch):
        verify(resigned(v1(), REKOR_V1, "another.test"))


def test_a_log_with_numbered_trees_may_be_at_another_address_than_its_name() -> None:
    verify(v1(), replace(REKOR_V1.trusted, base_url="http://internal:3000"))


def test_the_key_id_of_checkpoints_may_differ_from_that_of_entries() -> None:
    hint = b"\x01\x02\x03\x04" + bytes(28)
    apart = replace(REKOR_V2.trusted, checkpoint_key_id=hint)
    with pytest.raises(SignatureMismatch):
        verify(v2(), apart)
    lone = replace(v2(), log_id=b"another id" + bytes(22))
    own = replace(REKOR_V2.trusted, log_id=lone.log_id, checkpoint_key_id=REKOR_V2.log_id)
    assert verify(lone, own).finding.log_id == lone.log_id


@pytest.mark.parametrize(
    ("base_url", "names"),
    [
        ("https://rekor.test", {"rekor.test"}),
        ("https://rekor.test/", {"rekor.test"}),
        ("http://127.0.0.1:3003", {"127.0.0.1", "127.0.0.1:3003"}),
        ("https://rekor.test:1/a/b", {"rekor.test", "rekor.test:1", "rekor.test:1/a/b"}),
        ("rekor.test", {"rekor.test"}),
    ],
)
def test_a_log_is_called_by_its_address(base_url: str, names: set[str]) -> None:
    assert log_names(base_url) == names


def seen_at(*moments: datetime) -> list[ObservedTime]:
    return [ObservedTime(moment, TimeSource.TIMESTAMP_AUTHORITY, "tsa") for moment in moments]


def test_a_log_is_trusted_at_the_time_that_it_states() -> None:
    for validity in (Validity(MIDDLE), Validity(MIDDLE, MIDDLE)):
        verify(v1(), replace(REKOR_V1.trusted, validity=validity)).verify_at(seen_at(MIDDLE + SECOND))
    for validity in (Validity(MIDDLE + SECOND), Validity(MIDDLE - SECOND, MIDDLE - SECOND), Validity(None)):
        with pytest.raises(TransparencyError):
            verify(v1(), replace(REKOR_V1.trusted, validity=validity)).verify_at(())


def test_a_log_without_promises_is_trusted_at_all_times_that_others_saw() -> None:
    entry = verify(v2(), replace(REKOR_V2.trusted, validity=Validity(MIDDLE, MIDDLE)))
    entry.verify_at(seen_at(MIDDLE))
    with pytest.raises(TransparencyError):
        entry.verify_at(seen_at(MIDDLE, MIDDLE + SECOND))
    with pytest.raises(TransparencyError):
        verify(v2(), replace(REKOR_V2.trusted, validity=Validity(None))).verify_at(())


def test_of_a_log_that_is_over_some_time_has_to_be_known() -> None:
    """Else a bundle that is refused for its timestamp would count without it."""
    verify(v2(), replace(REKOR_V2.trusted, validity=Validity(MIDDLE))).verify_at(())
    over = verify(v2(), replace(REKOR_V2.trusted, validity=Validity(START, MIDDLE)))
    over.verify_at(seen_at(MIDDLE))
    with pytest.raises(TransparencyError, match="since the log ended at") as refused:
        over.verify_at(())
    assert refused.value.found == "not known"
    verify(v1(), replace(REKOR_V1.trusted, validity=Validity(START, MIDDLE))).verify_at(())


def test_dates_are_in_utc() -> None:
    assert verify(v1()).finding.integrated_time == MIDDLE.astimezone(UTC)


def test_a_checkpoint_of_another_size_is_another_tree() -> None:
    checkpoint = Checkpoint(REKOR_V2.host, SIZE + 1, proof(v2()).root_hash)
    with pytest.raises(TransparencyError, match="tree size"):
        verify(with_proof(v2(), checkpoint=REKOR_V2.sign(checkpoint)))
