"""Older bundles as ones of version 0.3, and the proofs that logs give for their entries."""

from typing import Any, Final

import pytest

from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, CertificateMaterial
from cosignpy.core.bundle.upgrade import (
    is_current,
    needs_proof,
    prove_entry,
    tell_changes,
    upgrade_bundle,
    verify_proof,
)
from cosignpy.core.rekor.log_entry import LogEntry, LoggedProof
from cosignpy.errors import ClaimMismatch, CosignError, MalformedError, TransparencyError
from cosignpy.values import replace
from tests.support.virtual_sigstore import FULCIO_ISSUER, FULCIO_ROOT, good_leaf, key_bundle, v1_bundle, v2_bundle

V01: Final = "application/vnd.dev.sigstore.bundle+json;version=0.1"
CHAIN: Final = CertificateMaterial((good_leaf(), FULCIO_ISSUER.der, FULCIO_ROOT.der))


def entry() -> LogEntry:
    (found,) = v1_bundle().log_entries
    return found


def logged(**changes: Any) -> LoggedProof:
    inclusion = entry().inclusion
    assert inclusion is not None
    return replace(inclusion, **changes)


def promised() -> LogEntry:
    return replace(entry(), inclusion=None)


def old(*entries: LogEntry) -> Bundle:
    return replace(v1_bundle(), media_type=V01, material=CHAIN, log_entries=entries)


def test_only_the_last_version_in_order_is_current() -> None:
    assert is_current(v1_bundle())
    assert not is_current(old(entry()))
    assert not is_current(replace(v1_bundle(), log_entries=(promised(),)))
    assert not is_current(replace(v1_bundle(), material=CHAIN))


def test_a_proof_without_its_checkpoint_is_none() -> None:
    assert not needs_proof(entry())
    assert needs_proof(promised())
    assert needs_proof(replace(entry(), inclusion=logged(checkpoint="")))


def test_the_log_proves_what_it_promised() -> None:
    answer = replace(entry(), integrated_time=1, entry_timestamp=b"another promise")
    assert prove_entry(promised(), answer) == entry()
    assert prove_entry(replace(entry(), inclusion=logged(checkpoint="")), answer) == entry()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"log_id": b"another"}, ClaimMismatch),
        ({"log_index": 1}, ClaimMismatch),
        ({"body": b"another"}, ClaimMismatch),
        ({"inclusion": None}, MalformedError),
        ({"inclusion": logged(checkpoint="nonsense")}, MalformedError),
        ({"inclusion": logged(root_hash=bytes(32))}, TransparencyError),
        ({"inclusion": logged(proof=replace(logged().proof, index=5))}, TransparencyError),
        ({"inclusion": logged(proof=replace(logged().proof, size=8))}, CosignError),
    ],
)
def test_the_proof_of_anything_else_is_refused(changes: dict[str, Any], kind: type[CosignError]) -> None:
    with pytest.raises(kind):
        prove_entry(promised(), replace(entry(), **changes))


def test_a_proof_leads_to_its_own_checkpoint() -> None:
    verify_proof(entry().body, logged())
    with pytest.raises(TransparencyError):
        verify_proof(b"another", logged())


def test_an_upgrade_leaves_the_signature_as_it_is() -> None:
    made = upgrade_bundle(old(promised()), (entry(),))
    assert made == v1_bundle()
    assert (made.media_type, made.material) == (BUNDLE_V03, CertificateMaterial((good_leaf(),), alone=True))


def test_a_key_stays_as_well() -> None:
    before = replace(key_bundle(), media_type=V01)
    assert upgrade_bundle(before, before.log_entries) == key_bundle()
    assert list(tell_changes(before, key_bundle())) == ["from version 0.1 to 0.3"]


@pytest.mark.parametrize("entries", [(promised(),), (entry(), entry())])
def test_what_no_verifier_accepts_is_not_made(entries: tuple[LogEntry, ...]) -> None:
    with pytest.raises(MalformedError):
        upgrade_bundle(old(promised()), entries)


def test_what_was_done_is_told() -> None:
    assert list(tell_changes(old(promised()), v1_bundle())) == [
        "from version 0.1 to 0.3",
        "without the 2 issuers of the certificate",
        "with a proof of the log for 1 log entry",
    ]
    twice = old(promised(), replace(promised(), log_index=1))
    assert list(tell_changes(twice, v1_bundle()))[2] == "with a proof of the log for 2 log entries"
    assert list(tell_changes(replace(v2_bundle(), media_type=V01), v2_bundle())) == ["from version 0.1 to 0.3"]
