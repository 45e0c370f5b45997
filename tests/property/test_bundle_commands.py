"""Bundles of every kind, upgraded, described and compared: what verified still does, and nothing goes unseen."""

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.bundle.described_material import describe_certificate, describe_timestamp
from cosignpy.core.bundle.description import describe_bundle
from cosignpy.core.bundle.difference import diff_bundles
from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.encoding import encode_json
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.errors import CosignError
from cosignpy.operations.upgrade_bundle import upgrade
from cosignpy.values import replace
from tests.property.strategies import neighbours
from tests.support.kept_entries import KeptEntries
from tests.support.virtual_sigstore import (
    BY_ALICE,
    BY_KEY,
    FILE,
    FULCIO_ISSUER,
    FULCIO_ROOT,
    LEAF_KEY,
    REKOR_V1,
    REKOR_V2,
    STATEMENT,
    TRUST,
    USER_KEY,
    Signing,
    good_leaf,
    key_bundle,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle+json;version="
CHAIN: Final = (good_leaf(), FULCIO_ISSUER.der, FULCIO_ROOT.der)
GOOD: Final = (v1_bundle(), v2_bundle(), statement_bundle(), key_bundle())


@st.composite
def old_bundles(draw: st.DrawFn) -> tuple[Bundle, BundlePolicy, KeptEntries]:
    """Draw a bundle of an older version that verifies, how it does, and the log that has its entries."""
    keyed, log = draw(st.booleans()), draw(st.sampled_from([REKOR_V1, REKOR_V2]))
    signing = Signing(
        log=log,
        statement=draw(st.sampled_from([b"", STATEMENT])),
        stamped=log is REKOR_V2 or draw(st.booleans()),
        leaf=None if keyed else good_leaf(),
        signer=USER_KEY if keyed else LEAF_KEY,
    )
    bundle = signing.bundle()
    kept = KeptEntries(bundle.log_entries)
    # Only Rekor v1 promises, and only version 0.1 takes a promise for a proof.
    version = draw(st.sampled_from(["0.1", "0.2"] if log is REKOR_V1 else ["0.2"]))
    if version == "0.1" and draw(st.booleans()):
        bundle = replace(bundle, log_entries=tuple(replace(entry, inclusion=None) for entry in bundle.log_entries))
    if not keyed:
        bundle = replace(bundle, material=CertificateMaterial(CHAIN[: draw(st.integers(1, len(CHAIN)))]))
    return replace(bundle, media_type=f"{MEDIA_TYPE}{version}"), BY_KEY if keyed else BY_ALICE, kept


@settings(max_examples=60)
@given(old_bundles())
def test_what_verified_still_does_after_an_upgrade(drawn: tuple[Bundle, BundlePolicy, KeptEntries]) -> None:
    bundle, policy, log = drawn
    before = verify_bundle(bundle, FILE, TRUST, policy)
    made = parse_bundle(encode_bundle(upgrade(bundle, log)))
    after = verify_bundle(made, FILE, TRUST, policy)
    assert made.version == "0.3"
    assert replace(after, entries=before.entries) == before
    assert upgrade(made, log) is made
    assert len(log.requests) == sum(entry.inclusion is None for entry in bundle.log_entries)


@settings(max_examples=300)
@given(st.data())
def test_no_change_of_a_bundle_goes_unseen(data: st.DataObject) -> None:
    """One octet changed: no bundle any more, or the same spelled otherwise, or a difference is found."""
    bundle = data.draw(st.sampled_from(GOOD))
    try:
        changed = parse_bundle(data.draw(neighbours(encode_bundle(bundle))))
    except CosignError:
        return
    encode_json(describe_bundle(changed))
    same = replace(changed, media_type=bundle.media_type) == bundle and changed.version == bundle.version
    assert (diff_bundles(bundle, changed) == ()) == same
    assert (diff_bundles(changed, bundle) == ()) == same


@settings(max_examples=400)
@given(st.data())
def test_certificates_and_timestamps_with_an_octet_changed_are_described(data: st.DataObject) -> None:
    certificate = data.draw(neighbours(good_leaf()))
    (stamp,) = v2_bundle().timestamps
    for found in (describe_certificate(certificate), describe_timestamp(data.draw(neighbours(stamp)), ())):
        assert found["fingerprint"]
        encode_json(found)
