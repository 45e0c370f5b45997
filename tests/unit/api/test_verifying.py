"""Verifying in one call."""

from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy import (
    AnyPredicateUnsafe,
    BundlePolicy,
    ClaimMismatch,
    Digest,
    MalformedError,
    RequireLog,
    SignedByIdentity,
    SignedByKey,
    SkipLogUnsafe,
    Step,
    TransparencyError,
    encode_bundle,
    trail_of,
    verify_blob,
    verify_image,
)
from cosignpy.core.policy.image import ImagePolicy
from tests.support.virtual_sigstore import ALICE, ARTIFACT, ROOT, USER_KEY, key_bundle, statement_bundle, v2_bundle

BY_ALICE: Final = BundlePolicy(SignedByIdentity((ALICE,)), RequireLog())
BY_KEY: Final = SignedByKey((USER_KEY.public_key,))


@pytest.mark.parametrize("form", ["path", "content", "digest"])
def test_a_file_is_verified_in_any_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(ARTIFACT)
    blob: Any = {"path": tmp_path / "file", "content": ARTIFACT, "digest": Digest.of(ARTIFACT)}[form]
    found = verify_blob(blob, encode_bundle(v2_bundle()), BY_ALICE, ROOT)
    assert found.certificate is not None
    assert found.entries[0].log_index == 4


def test_an_attestation_has_to_be_of_the_type_that_is_wanted() -> None:
    bundle = encode_bundle(statement_bundle())
    assert verify_blob(ARTIFACT, bundle, BY_ALICE, ROOT).payload
    other = BundlePolicy(BY_ALICE.signer, RequireLog(), AnyPredicateUnsafe("test"))
    with pytest.raises(ClaimMismatch):
        verify_blob(b"another", bundle, other, ROOT)


def test_without_trust_nobody_is_believed_but_a_key() -> None:
    bundle = encode_bundle(key_bundle())
    assert verify_blob(ARTIFACT, bundle, BundlePolicy(BY_KEY, SkipLogUnsafe("test"))).key == USER_KEY.public_key
    with pytest.raises(TransparencyError) as caught:
        verify_blob(ARTIFACT, bundle, BundlePolicy(BY_KEY, RequireLog()))
    trail = trail_of(caught.value)
    assert trail is not None
    assert trail.current is Step.LOG


def test_what_is_no_bundle_and_no_reference_is_malformed() -> None:
    with pytest.raises(MalformedError):
        verify_blob(ARTIFACT, b"{}", BY_ALICE, ROOT)
    with pytest.raises(MalformedError):
        verify_image("not a reference", ImagePolicy((USER_KEY.public_key,), SkipLogUnsafe("test")))
