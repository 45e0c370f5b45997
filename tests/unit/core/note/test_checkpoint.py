"""Checkpoints: one spelling each, signed by the log that they are of, and the tree they describe."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.merkle.hashing import hash_leaf
from cosignpy.core.merkle.proofs import InclusionProof, build_inclusion
from cosignpy.core.note.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint, verify_included
from cosignpy.core.note.key_id import log_key_id
from cosignpy.core.note.signed_note import encode_note, parse_note
from cosignpy.core.note.verifier import log_verifier, rekor_v1_verifier
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch, TransparencyError
from cosignpy.values import replace
from tests.support import naive_tree, notes, vectors

KEY = notes.private_key("Ed25519")
VERIFIER = log_verifier(notes.ORIGIN, KEY.public_key)
ROOT = encode_b64(bytes(range(32)))
LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "checkpoint"),
    [
        (f"a\n0\n{ROOT}\n", Checkpoint("a", 0, bytes(range(32)))),
        (f"host - 12\n{LARGEST}\n{ROOT}\n", Checkpoint("host - 12", LARGEST, bytes(range(32)))),
        (f"a\n7\n{ROOT}\nx\n y\n", Checkpoint("a", 7, bytes(range(32)), ("x", " y"))),
    ],
)
def test_a_checkpoint_is_three_lines_and_extensions(text: str, checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(text) == checkpoint
    assert checkpoint.encode() == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "checkpoint"),
        (f"a\n{ROOT}\n", "checkpoint"),
        (f"a\n7\n{ROOT}", "checkpoint"),
        (f"\n7\n{ROOT}\n", "checkpoint"),
        (f"a\n7\n{ROOT}\n\n", "checkpoint"),
        (f"a\n7\n{ROOT}\nx\n\ny\n", "checkpoint"),
        (f"a\n07\n{ROOT}\n", "checkpoint"),
        (f"a\n+7\n{ROOT}\n", "checkpoint"),
        (f"a\n-7\n{ROOT}\n", "checkpoint"),
        (f"a\n7 \n{ROOT}\n", "checkpoint"),
        (f"a\n1_000\n{ROOT}\n", "checkpoint"),
        (f"a\n\N{ARABIC-INDIC DIGIT FIVE}\n{ROOT}\n", "checkpoint"),
        (f"a\n0x7\n{ROOT}\n", "checkpoint"),
        (f"a\n\n{ROOT}\n", "checkpoint"),
        (f"a\n{LARGEST + 1}\n{ROOT}\n", "checkpoint"),
        (f"a\n10000000000000000000\n{ROOT}\n", "checkpoint"),
        (f"a\n7\n{encode_b64(bytes(31))}\n", "checkpoint"),
        (f"a\n7\n{encode_b64(bytes(33))}\n", "checkpoint"),
        ("a\n7\n\n", "checkpoint"),
        (f"a\n7\n{ROOT[:-1]}\n", "checkpoint root"),
        (f"a\n7\n{ROOT[:-2]}9=\n", "checkpoint root"),
        (f"a\n7\n{ROOT} \n", "checkpoint root"),
    ],
)
def test_a_checkpoint_with_one_thing_wrong_is_refused(text: str, what: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_checkpoint(text)
    assert caught.value.what == what


@pytest.mark.parametrize(
    "change",
    [{"origin": ""}, {"origin": "a\nb"}, {"extensions": ("x", "")}, {"extensions": ("x\ny",)}, {"size": -1}],
    ids=str,
)
def test_a_checkpoint_that_would_be_read_differently_is_not_built(change: dict[str, object]) -> None:
    with pytest.raises(MalformedError) as caught:
        replace(notes.checkpoint(), **change)
    assert caught.value.what == "checkpoint"


# --- signed


def test_a_checkpoint_signed_by_its_log() -> None:
    assert verify_checkpoint(notes.signed_checkpoint(KEY), VERIFIER) == notes.checkpoint()


def test_a_checkpoint_signed_by_another_log_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify_checkpoint(notes.signed_checkpoint(notes.private_key("P-256")), VERIFIER)


def test_a_checkpoint_of_another_log_is_refused_even_signed_by_this_one() -> None:
    note = notes.signed_text(notes.checkpoint(origin="other.example").encode(), KEY)
    with pytest.raises(ClaimMismatch) as caught:
        verify_checkpoint(encode_note(note), VERIFIER)
    assert (caught.value.claim, caught.value.wanted, caught.value.found) == ("origin", notes.ORIGIN, "other.example")


def test_the_origin_is_compared_whole() -> None:
    raw = notes.signed_checkpoint(KEY)
    with pytest.raises(ClaimMismatch):
        verify_checkpoint(raw, VERIFIER, origin=notes.ORIGIN[:-1])
    assert verify_checkpoint(raw, VERIFIER, origin=notes.ORIGIN).origin == notes.ORIGIN


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        verify_checkpoint(encode_note(notes.signed_text("a poem\n", KEY)), VERIFIER)
    assert caught.value.what == "checkpoint"


# --- the tree it describes

LEAVES = naive_tree.leaf_hashes(7)
PROOF = build_inclusion(2, 7, naive_tree.CompleteSubtrees(LEAVES))
TREE = Checkpoint(notes.ORIGIN, 7, naive_tree.root(LEAVES))


def test_an_entry_is_in_the_tree_of_a_checkpoint() -> None:
    verify_included(TREE, PROOF, LEAVES[2])


def test_an_entry_is_not_in_a_tree_with_another_root() -> None:
    with pytest.raises(TransparencyError) as caught:
        verify_included(replace(TREE, root=bytes(32)), PROOF, LEAVES[2])
    assert (caught.value.wanted, caught.value.found) == (bytes(32).hex(), TREE.root.hex())


@pytest.mark.parametrize("size", [6, 8])
def test_a_proof_for_a_tree_of_another_size_is_refused(size: int) -> None:
    """With the sizes not compared both would pass: the proof has the same hashes and leads to the same root."""
    with pytest.raises(TransparencyError) as caught:
        verify_included(TREE, replace(PROOF, size=size), LEAVES[2])
    assert (caught.value.wanted, caught.value.found) == ("7", str(size))


# --- what others signed


@vectors.NEEDED
@pytest.mark.parametrize("size", range(16))
def test_a_checkpoint_signed_by_tessera_keeps_its_bytes(size: int) -> None:
    raw = vectors.path(f"tessera/log/checkpoint.{size}").read_bytes()
    note = parse_note(raw)
    assert parse_checkpoint(note.text).size == size
    assert encode_note(replace(note, text=parse_checkpoint(note.text).encode())) == raw


def public_logs() -> dict[bytes, tuple[str, PublicKey]]:
    """Return the host names and keys of Sigstore's logs by their ids."""
    found = {}
    for name in ("production_trusted_root.json", "staging_trusted_root_2026-08-21.json"):
        for log in json.loads(vectors.path(f"trusted_roots/{name}").read_text())["tlogs"]:
            key = PublicKey.parse_der(b64decode(log["publicKey"]["rawBytes"]))
            found[b64decode(log["logId"]["keyId"])] = (log["baseUrl"].removeprefix("https://"), key)
    return found


@vectors.NEEDED
@pytest.mark.parametrize("name", ["valid.txt", "valid_multi_sig.txt"])
def test_a_checkpoint_of_rekor_v1(name: str) -> None:
    raw = vectors.path(f"sigstore-java/checkpoints/{name}").read_bytes()
    key = dict(public_logs().values())["rekor.sigstore.dev"]
    checkpoint = verify_checkpoint(
        raw, rekor_v1_verifier("rekor.sigstore.dev", key), origin="rekor.sigstore.dev - 2605736670972794746"
    )
    assert checkpoint.size == 37795272
    assert checkpoint.extensions == ("Timestamp: 1697034484441201852",)


@vectors.NEEDED
@pytest.mark.parametrize("file", vectors.files("sigstore-java/checkpoints/error_*.txt"), ids=lambda file: file.stem)
def test_a_broken_checkpoint_of_rekor_v1(file: Path) -> None:
    with pytest.raises(MalformedError):
        parse_checkpoint(parse_note(file.read_bytes()).text)


BUNDLES = [
    file
    for file in (*vectors.files("extra-bundles/*/bundle*.json"), *vectors.files("sigstore-conformance/*/bundle*.json"))
    if not file.parent.name.endswith("_fail")
]


@vectors.NEEDED
def test_the_checkpoints_of_public_bundles_are_signed_and_hold_their_entries() -> None:
    """Rekor v1 and v2, as they answered at the time: every checkpoint verifies, and with it every proof."""
    logs = public_logs()
    verified = {"P-256": 0, "Ed25519": 0}
    for file in BUNDLES:
        for entry in json.loads(file.read_text())["verificationMaterial"].get("tlogEntries", ()):
            log = logs.get(b64decode(entry["logId"]["keyId"]))
            proof = entry.get("inclusionProof", {})
            if log is None or "checkpoint" not in proof:
                continue
            host, key = log
            raw = proof["checkpoint"]["envelope"].encode()
            assert log_key_id(host, key) == b64decode(entry["logId"]["keyId"])
            checkpoint = verify_checkpoint(raw, log_verifier(host, key), origin=raw.decode().partition("\n")[0])
            hashes = tuple(map(b64decode, proof["hashes"]))
            leaf = hash_leaf(b64decode(entry["canonicalizedBody"]))
            verify_included(
                checkpoint, InclusionProof(int(proof.get("logIndex", 0)), int(proof["treeSize"]), hashes), leaf
            )
            verified[key.algorithm.key] += 1
    assert verified["P-256"] > 50
    assert verified["Ed25519"] > 5
