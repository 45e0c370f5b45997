import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519, Algorithm
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.core.note.checkpoint import verify_checkpoint, verify_included
from cosignpy.core.note.signed_note import NoteVerifier
from cosignpy.core.note.tree_head import tree_head_verifier
from cosignpy.core.note.verifier import log_verifier, rekor_v1_verifier
from log_server.tlog.reader import NoSuchEntry
from log_server.web.bodies import Said
from log_server.web.pages import HOME_ENTRIES, PAGE_ENTRIES, view_entry_page, view_home, view_page
from log_server.web.places import Place, places_of
from log_server.web.proofs import encode_proven, prove
from tests.support.certificates import Authority
from tests.support.page_logs import (
    EMAIL,
    START_MS,
    V1_TREE,
    PageLog,
    certificate_entry,
    ct_log,
    draft,
    fulcio_leaf,
    hashedrekord,
    pem,
    rekor_v1,
    rekor_v2,
)


def place(log: PageLog) -> Place:
    return next(places_of([log]))


def filled(count: int) -> Place:
    return place(rekor_v2().add(*(draft(b"%d" % number) for number in range(count))))


def test_the_first_page_shows_each_log_with_its_newest_entries_first() -> None:
    first = rekor_v1().add(*(draft(b"%d" % number) for number in range(HOME_ENTRIES + 2)))
    page = view_home([first, ct_log()])
    assert [(brief.log.title, brief.log.size) for brief in page.logs] == [
        ("Rekor v1", HOME_ENTRIES + 2),
        ("Certificate transparency", 0),
    ]
    assert [entry.index for entry in page.logs[0].entries] == [6, 5, 4, 3, 2]
    assert page.logs[1].entries == ()


def test_the_first_page_shows_what_the_log_published() -> None:
    log = rekor_v2().add(draft(b"a"))
    tree = log.active.reader.tree()
    (brief,) = view_home([log]).logs
    assert (brief.log.root, brief.log.checkpoint) == (tree.root.hex(), tree.checkpoint.decode())
    assert brief.log.key.fingerprint == log.active.identity.key.fingerprint
    assert brief.log.log_id == log.active.identity.log_id.hex()


def test_frozen_shards_stand_behind_the_active_one_of_their_log() -> None:
    log = rekor_v1((0, 1)).add(draft(b"a"), shard=0)
    page = view_home([log, rekor_v2()])
    assert [[shard.path for shard in brief.earlier] for brief in page.logs] == [["/log/rekor-v1/0"], []]
    assert [(brief.log.path, brief.log.frozen) for brief in page.logs] == [
        ("/log/rekor-v1/1", False),
        ("/log/rekor-v2/0", False),
    ]
    assert page.logs[0].earlier[0].frozen


@pytest.mark.parametrize(
    ("before", "first", "last", "newer", "older"),
    [
        (None, 59, 35, None, "?before=35"),
        (35, 34, 10, "", "?before=10"),
        (10, 9, 0, "?before=35", None),
        (34, 33, 9, "?before=59", "?before=9"),
        (60, 59, 35, None, "?before=35"),
        (1000, 59, 35, None, "?before=35"),
        (25, 24, 0, "?before=50", None),
    ],
)
def test_pages_follow_each_other_without_gap(
    before: int | None, first: int, last: int, newer: str | None, older: str | None
) -> None:
    page = view_page(filled(60), before)
    assert [entry.index for entry in page.entries] == list(range(first, last - 1, -1))
    assert (page.newer, page.older) == tuple(
        None if address is None else f"/log/rekor-v2/0{address}" for address in (newer, older)
    )


def test_a_page_reaches_over_bundles() -> None:
    assert len(view_page(filled(260), None).entries) == PAGE_ENTRIES


def test_an_empty_log_and_the_page_before_its_first_entry_have_no_entries() -> None:
    empty, before = view_page(place(rekor_v2()), None), view_page(filled(3), 0)
    assert (empty.entries, empty.newer, empty.older, empty.log.checkpoint) == ((), None, None, "")
    assert (before.entries, before.newer, before.older) == ((), "/log/rekor-v2/0", None)


def test_an_entry_is_shown_in_full() -> None:
    log = rekor_v1((0, 1)).add(draft(b"a"), shard=0)
    entry = hashedrekord(7, pem(fulcio_leaf()))
    log.add(draft(b"b"), entry, at_ms=START_MS + 1500)
    page = view_entry_page(place(log), 1)
    assert (page.entry.index, page.virtual_index, page.entry.kind) == (1, 2, "hashedrekord 0.0.1")
    assert page.entry.moment == datetime.fromtimestamp(START_MS / 1000 + 1.5, UTC)
    assert (page.entry.leaf, page.entry.body) == (entry.content, entry.content.decode())
    assert page.entry.said[0] == Said("Artifact digest", f"sha256:{7:064x}")
    assert page.entry.title == EMAIL
    assert page.entry_id == f"{V1_TREE + 1:016x}{hash_leaf(entry.content).hex()}"
    assert page.json_path == "/log/rekor-v1/1/entry/1/json"


def test_an_entry_leads_to_the_answer_of_its_own_protocol() -> None:
    first = rekor_v1((0, 1)).add(draft(b"a"), shard=0).add(draft(b"b"))
    second, third = rekor_v2().add(draft(b"a")), ct_log().add(certificate_entry(b"a"), certificate_entry(b"b"))
    paths = [view_entry_page(one, 0).api_path for log in (first, second, third) for one in places_of([log])]
    assert paths == [
        "/api/v1/log/entries?logIndex=1",
        "/api/v1/log/entries?logIndex=0",
        "",
        "/ct/v1/get-entry-and-proof?leaf_index=0&tree_size=2",
    ]


def test_a_log_that_was_ended_is_on_the_first_page_and_frozen() -> None:
    log = ct_log(2).add(certificate_entry(b"a"))
    log.frozen = True
    (brief,) = view_home([log]).logs
    assert (brief.log.path, brief.log.frozen, [shard.path for shard in brief.earlier]) == (
        "/log/ct/1", True, ["/log/ct/0"]
    )  # fmt: skip
    assert view_entry_page(place(log), 0).api_path, "it is the one that the protocol's addresses still lead to"


def test_a_frozen_certificate_log_is_not_asked_through_its_successor() -> None:
    active, frozen = places_of([ct_log(2).add(certificate_entry(b"a"), shard=0).add(certificate_entry(b"b"))])
    assert (view_entry_page(active, 0).api_path != "", view_entry_page(frozen, 0).api_path) == (True, "")


def test_an_entry_without_a_signer_is_called_by_its_digest_or_not_at_all() -> None:
    log = rekor_v1().add(draft(b"nothing"), hashedrekord(1, b""))
    entries = view_page(place(log), None).entries
    assert [entry.title for entry in entries] == [f"key {Digest.of(b'').hex}", ""]


def test_an_entry_beyond_the_log_is_refused() -> None:
    with pytest.raises(NoSuchEntry) as refused:
        view_entry_page(filled(3), 3)
    assert (refused.value.index, refused.value.size) == (3, 3)


def test_certificates_of_a_transparency_log_are_told_in_words() -> None:
    der = fulcio_leaf()
    log = ct_log().add(
        certificate_entry(der, (b"\1" * 32,)), certificate_entry(b"tbs", precertificate=der), certificate_entry(b"?")
    )
    final, before, broken = view_page(place(log), None).entries[::-1]
    assert (final.kind, final.title, final.said) == ("certificate", EMAIL, (Said("Issuer, SHA-256", "01" * 32),))
    assert (before.kind, before.title, before.said) == ("precertificate", EMAIL, ())
    assert (broken.kind, broken.signers, broken.said[0].label) == ("certificate", (), "Certificate")
    assert final.body == ""


def test_a_chain_is_listed_from_the_issuer_up() -> None:
    log = ct_log().add(certificate_entry(Authority.root().der, (b"\1" * 32, b"\2" * 32)))
    (entry,) = view_page(place(log), None).entries
    assert [said.text for said in entry.said] == ["01" * 32, "02" * 32]


def v1_verifier(log: PageLog) -> NoteVerifier:
    return rekor_v1_verifier("log.example.com", log.active.identity.key)


def v2_verifier(log: PageLog) -> NoteVerifier:
    return log_verifier(log.active.identity.origin, log.active.identity.key)


def ct_verifier(log: PageLog) -> NoteVerifier:
    return tree_head_verifier(log.active.identity.origin, log.active.identity.key)


CASES = [
    (rekor_v1, ECDSA_P256, v1_verifier, "note"),
    (rekor_v2, ED25519, v2_verifier, "note"),
    (ct_log, ECDSA_P256, ct_verifier, "tree-head"),
]


@pytest.mark.parametrize(("make", "algorithm", "verifier", "form"), CASES, ids=["v1", "v2", "ct"])
def test_the_page_has_what_verifies_and_says_which_signature_is_the_logs(
    make: Callable[[], PageLog], algorithm: Algorithm, verifier: Callable[[PageLog], NoteVerifier], form: str
) -> None:
    log = make()
    entry = certificate_entry if make is ct_log else draft
    log.add(*(entry(b"%d" % number) for number in range(5)))
    found, wanted = prove(place(log), 3), verifier(log)
    proof = found.proof
    assert (proof.signer, proof.hint, proof.form) == (wanted.name, wanted.hint, form)
    checkpoint = verify_checkpoint(proof.checkpoint.encode(), wanted, origin=log.active.identity.origin)
    verify_included(checkpoint, proof.inclusion, bytes.fromhex(found.entry.leaf_hash))
    assert log.active.identity.key.algorithm == algorithm
    assert proof.hashes == tuple(hashed.hex() for hashed in proof.inclusion.hashes)


def test_the_json_has_what_verifies() -> None:
    log = rekor_v2().add(draft(b"a"), draft(b"b"), draft(b"c"))
    found = json.loads(json.dumps(encode_proven(log.active.identity, prove(place(log), 1))))
    inclusion = found["inclusionProof"]
    hashes = tuple(decode_b64(text, what="test") for text in inclusion["hashes"])
    checkpoint = verify_checkpoint(inclusion["checkpoint"].encode(), v2_verifier(log))
    leaf = decode_b64(found["leaf"], what="test")
    verify_included(checkpoint, InclusionProof(found["logIndex"], inclusion["treeSize"], hashes), hash_leaf(leaf))
    assert (leaf, inclusion["rootHash"]) == (b"b", encode_b64(checkpoint.root))
    assert found["log"]["origin"] == "log.example.com"
    assert found["timestamp"] == "2026-09-21T14:13:20.000+00:00"
