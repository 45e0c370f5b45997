"""What each version of the format demands."""

from typing import Final

import pytest

from cosignpy.core.bundle.model import Bundle, CertificateMaterial, PublicKeyMaterial
from cosignpy.core.bundle.versions import ChainRule, verify_form, without_unproved_inclusion
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.errors import MalformedError
from cosignpy.values import replace
from tests.support.virtual_sigstore import v1_bundle, v2_bundle

V01: Final = "application/vnd.dev.sigstore.bundle+json;version=0.1"
V02: Final = "application/vnd.dev.sigstore.bundle+json;version=0.2"
V03: Final = "application/vnd.dev.sigstore.bundle+json;version=0.3"


def entry() -> LogEntry:
    """Return an entry with promise and proof."""
    return v1_bundle().log_entries[0]


def versioned(media_type: str, *entries: LogEntry) -> Bundle:
    return replace(v1_bundle(), media_type=media_type, log_entries=entries)


def without_promise() -> LogEntry:
    return replace(entry(), entry_timestamp=b"")


def without_checkpoint() -> LogEntry:
    found = entry()
    assert found.inclusion is not None
    return replace(found, inclusion=replace(found.inclusion, checkpoint=""))


@pytest.mark.parametrize("media_type", [V01, V02, V03])
def test_promise_and_proof_are_good_for_every_version(media_type: str) -> None:
    verify_form(versioned(media_type, entry()))


def test_the_first_version_needs_a_promise_alone() -> None:
    verify_form(versioned(V01, replace(entry(), inclusion=None)))
    verify_form(versioned(V01, without_checkpoint()))
    with pytest.raises(MalformedError, match="inclusion promise"):
        verify_form(versioned(V01, without_promise()))


@pytest.mark.parametrize("media_type", [V02, V03])
def test_later_versions_need_a_proof_with_its_checkpoint(media_type: str) -> None:
    verify_form(versioned(media_type, without_promise()))
    for broken in (replace(entry(), inclusion=None), without_checkpoint()):
        with pytest.raises(MalformedError, match="inclusion proof"):
            verify_form(versioned(media_type, broken))


def test_every_entry_is_looked_at() -> None:
    other = replace(entry(), log_index=1)
    verify_form(versioned(V03, entry(), other))
    with pytest.raises(MalformedError, match="inclusion proof"):
        verify_form(versioned(V03, entry(), replace(other, inclusion=None)))


def test_only_the_newest_version_wants_the_certificate_alone() -> None:
    chain = CertificateMaterial((b"leaf", b"issuer"))
    verify_form(replace(versioned(V02, entry()), material=chain))
    with pytest.raises(MalformedError, match="chain of certificates"):
        verify_form(replace(versioned(V03, entry()), material=chain))
    with pytest.raises(MalformedError, match="chain of certificates"):
        verify_form(replace(versioned(V03, entry()), material=CertificateMaterial((b"leaf",))))
    verify_form(replace(versioned(V03, entry()), material=PublicKeyMaterial("hint")))


def test_nothing_may_be_there_twice() -> None:
    with pytest.raises(MalformedError, match="log entry"):
        verify_form(versioned(V03, entry(), entry()))
    bundle = v2_bundle()
    verify_form(replace(bundle, timestamps=(*bundle.timestamps, b"another")))
    with pytest.raises(MalformedError, match="timestamp"):
        verify_form(replace(bundle, timestamps=bundle.timestamps * 2))


def test_a_proof_without_checkpoint_is_not_looked_at() -> None:
    promised = replace(entry(), inclusion=None)
    other = replace(entry(), log_index=1)
    found = without_unproved_inclusion(versioned(V01, without_checkpoint(), other, promised)).log_entries
    assert found == (promised, other, promised)
    untouched = versioned(V01, promised, other)
    assert without_unproved_inclusion(untouched) is untouched


@pytest.mark.parametrize("rule", [ChainRule.ALLOW, ChainRule.COMPLETE])
def test_a_chain_passes_where_it_is_allowed_and_nothing_else_does(rule: ChainRule) -> None:
    chained = replace(versioned(V03, entry()), material=CertificateMaterial((b"leaf", b"issuer")))
    verify_form(chained, rule)
    with pytest.raises(MalformedError, match="chain"):
        verify_form(chained, ChainRule.REFUSE)
    with pytest.raises(MalformedError, match="twice"):
        verify_form(replace(chained, log_entries=(entry(), entry())), rule)
