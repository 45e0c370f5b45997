"""All parts of a bundle are of one signature, whoever made it."""

from typing import Any, Final

import pytest

from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.timestamp.response import encode_granted
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.consistency import verify_consistency, verify_signed
from cosignpy.errors import ClaimMismatch, CosignError, MalformedError, SignatureMismatch, TransparencyError
from cosignpy.values import replace
from tests.support import timestamps
from tests.support.virtual_sigstore import (
    FILE,
    FULCIO_ISSUER,
    LEAF_KEY,
    REKOR_V2,
    USER_KEY,
    Signing,
    key_bundle,
    stamp,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

OTHER: Final = Artifact.of(b"another")
V01: Final = "application/vnd.dev.sigstore.bundle+json;version=0.1"


@pytest.mark.parametrize("bundle", [v1_bundle(), v2_bundle(), statement_bundle()])
def test_a_good_bundle_is_of_one_signature(bundle: Bundle) -> None:
    assert verify_signed(bundle, FILE, LEAF_KEY.public_key) is ECDSA_P256
    verify_consistency(bundle, FILE, LEAF_KEY.public_key)


def test_a_key_needs_no_certificate_and_a_promise_no_proof() -> None:
    verify_consistency(key_bundle(), FILE, USER_KEY.public_key)
    (entry,) = key_bundle().log_entries
    promised = replace(key_bundle(), media_type=V01, log_entries=(replace(entry, inclusion=None),))
    verify_consistency(promised, FILE, USER_KEY.public_key)


def proof(**changes: Any) -> Bundle:
    (entry,) = v1_bundle().log_entries
    assert entry.inclusion is not None
    return replace(v1_bundle(), log_entries=(replace(entry, inclusion=replace(entry.inclusion, **changes)),))


@pytest.mark.parametrize(
    ("bundle", "artifact", "kind"),
    [
        (v1_bundle(), OTHER, ClaimMismatch),
        (statement_bundle(), OTHER, ClaimMismatch),
        (replace(v1_bundle(), content=key_bundle().content), FILE, SignatureMismatch),
        (replace(v1_bundle(), log_entries=key_bundle().log_entries), FILE, ClaimMismatch),
        (replace(v1_bundle(), material=CertificateMaterial((FULCIO_ISSUER.leaf(),), alone=True)), FILE, ClaimMismatch),
        (proof(root_hash=bytes(32)), FILE, TransparencyError),
        (proof(checkpoint=""), FILE, MalformedError),
        (replace(v2_bundle(), timestamps=(stamp(b"another"),)), FILE, ClaimMismatch),
        (replace(v2_bundle(), timestamps=(b"nonsense",)), FILE, MalformedError),
        (replace(v2_bundle(), timestamps=(encode_granted(timestamps.token(content=b"")),)), FILE, MalformedError),
        (replace(v2_bundle(), timestamps=v2_bundle().timestamps * 2), FILE, MalformedError),
    ],
)
def test_a_part_of_something_else_is_refused(bundle: Bundle, artifact: Artifact, kind: type[CosignError]) -> None:
    with pytest.raises(kind):
        verify_consistency(bundle, artifact, LEAF_KEY.public_key)


def test_another_key_made_it() -> None:
    with pytest.raises(SignatureMismatch):
        verify_consistency(v1_bundle(), FILE, USER_KEY.public_key)


def test_a_log_of_the_second_version_proves_too() -> None:
    verify_consistency(Signing(leaf=None, signer=USER_KEY, log=REKOR_V2).bundle(), FILE, USER_KEY.public_key)
