"""Verifying a bundle over an artifact that is read from somewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pytest

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.keys.algorithms import ECDSA_P384, ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.transparency import AssumeTimeUnsafe, SkipLogUnsafe
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch
from cosignpy.operations.verify_bundle import VerifyBundle, verify_bundle
from cosignpy.values import replace
from tests.support.certificates import MIDDLE
from tests.support.virtual_sigstore import (
    ALICE,
    ARTIFACT,
    BY_ALICE,
    BY_KEY,
    FILE,
    LEAF_KEY,
    ROOT,
    STATEMENT,
    Signing,
    key_bundle,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

WAIVED: Final = SkipLogUnsafe("test")


@dataclass
class Source:
    """An artifact in memory; what was asked of it is kept."""

    content: bytes | None = ARTIFACT
    hashed: list[frozenset[str]] = field(default_factory=list)

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        self.hashed.append(algorithms)
        return {name: FILE.digests[name] for name in algorithms}

    def read_content(self) -> bytes | None:
        return self.content


@dataclass
class Trusting:
    """A trusted root that counts who asks for it."""

    root: TrustedRoot = ROOT
    asked: int = 0

    def trusted_root(self) -> TrustedRoot:
        self.asked += 1
        return self.root


def verify(bundle: Bundle, policy: BundlePolicy, source: Source, trust: Trusting) -> VerifiedBundle:
    return verify_bundle(VerifyBundle(encode_bundle(bundle), policy), source, trust)


@pytest.mark.parametrize(
    ("bundle", "policy"),
    [(v1_bundle(), BY_ALICE), (v2_bundle(), BY_ALICE), (statement_bundle(), BY_ALICE), (key_bundle(), BY_KEY)],
)
def test_a_good_bundle_is_verified_by_the_digest_that_it_needs(bundle: Bundle, policy: BundlePolicy) -> None:
    source = Source()
    assert verify(bundle, policy, source, Trusting()).digests == {"sha256": FILE.digests["sha256"]}
    assert source.hashed == [{"sha256"}]


def by(key: PrivateKey) -> BundlePolicy:
    return BundlePolicy(SignedByKey((key.public_key,)), WAIVED)


def bare(key: PrivateKey) -> Bundle:
    return replace(Signing(leaf=None, signer=key).bundle(), log_entries=())


def test_the_artifact_is_hashed_for_every_key_that_may_have_signed() -> None:
    key = PrivateKey.generate(ECDSA_P384)
    source = Source()
    both = BundlePolicy(SignedByKey((LEAF_KEY.public_key, key.public_key)), WAIVED)
    assert verify(bare(key), both, source, Trusting()).algorithm == ECDSA_P384
    assert source.hashed == [{"sha256", "sha384"}]


@pytest.mark.parametrize("timed", [False, True])
def test_whom_to_believe_is_asked_where_somebody_has_to_say_when(timed: bool) -> None:
    stamped = replace(Signing(leaf=None, signer=LEAF_KEY, stamped=True).bundle(), log_entries=())
    policy = replace(by(LEAF_KEY), window=KeyWindow(MIDDLE) if timed else None)
    trust = Trusting()
    assert [time.moment for time in verify(stamped, policy, Source(), trust).times] == [MIDDLE] * timed
    assert trust.asked == timed


def test_a_key_that_signs_whole_files_gets_the_file() -> None:
    key = PrivateKey.generate(ED25519)
    source = Source()
    assert verify(bare(key), by(key), source, Trusting()).algorithm == ED25519
    assert source.hashed == []
    stated = replace(Signing(leaf=None, signer=key, statement=STATEMENT).bundle(), log_entries=())
    assert verify(stated, by(key), source, Trusting()).digests == {"sha256": FILE.digests["sha256"]}
    assert source.hashed == [{"sha256"}]
    with pytest.raises(ClaimMismatch):
        verify(bare(key), by(key), Source(b"another"), Trusting())
    with pytest.raises(SignatureMismatch):
        verify(bare(key), by(key), Source(None), Trusting())


def test_whom_to_believe_is_asked_only_where_somebody_has_to_be_believed() -> None:
    trust = Trusting()
    verify(replace(key_bundle(), log_entries=()), replace(BY_KEY, transparency=WAIVED), Source(), trust)
    assert trust.asked == 0
    verify(key_bundle(), BY_KEY, Source(), trust)
    verify(v2_bundle(), replace(BY_ALICE, transparency=WAIVED), Source(), trust)
    assert trust.asked == 2
    stamped = replace(Signing(leaf=None, signer=LEAF_KEY, stamped=True).bundle(), log_entries=())
    assert verify(stamped, by(LEAF_KEY), Source(), trust).times == ()
    assert trust.asked == 2
    assumed = SignedByIdentity((ALICE,), AssumeTimeUnsafe(MIDDLE, "test"))
    verify(replace(v1_bundle(), log_entries=()), BundlePolicy(assumed, WAIVED), Source(), trust)
    assert trust.asked == 3


def test_what_is_no_bundle_or_by_nobody_known_is_refused() -> None:
    with pytest.raises(MalformedError):
        verify_bundle(VerifyBundle(b"{}", BY_KEY), Source(), Trusting())
    with pytest.raises(SignatureMismatch):
        verify(key_bundle(), BY_ALICE, Source(), Trusting())
