"""The policy refuses to be one that nobody, or anybody, could satisfy."""

from typing import Final

import pytest

from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.deny import DeniedKey, DenyList
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe
from cosignpy.errors import UsageError
from tests.support.certificates import START
from tests.support.signed import KEY, OTHER_KEY, WAIVED

ALICE: Final = IdentityRule((Exactly("alice"),), (Exactly("issuer"),))
BOB: Final = IdentityRule((Exactly("bob"),), (Exactly("issuer"),))


def test_a_policy_wants_a_signature_by_default() -> None:
    policy = ImagePolicy((KEY.public_key,), WAIVED)
    assert (policy.threshold, policy.annotations) == (1, {})
    assert policy.predicate == PredicateTypeIs(COSIGN_SIGN_V1)
    assert policy.transparency == SkipLogUnsafe("test")


def test_a_policy_without_keys_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        ImagePolicy((), WAIVED)
    assert refused.value.hint == "name one with --key"


@pytest.mark.parametrize(("keys", "threshold"), [((KEY,), 0), ((KEY,), -1), ((KEY,), 2), ((KEY, OTHER_KEY), 3)])
def test_a_threshold_must_be_one_that_the_keys_can_meet(keys: tuple[PrivateKey, ...], threshold: int) -> None:
    with pytest.raises(UsageError):
        ImagePolicy(tuple(key.public_key for key in keys), WAIVED, threshold)


def test_the_same_key_given_twice_is_one_key() -> None:
    again = PublicKey.parse_pem(KEY.public_key.encode_pem())
    with pytest.raises(UsageError):
        ImagePolicy((KEY.public_key, again), WAIVED, 2)
    assert ImagePolicy((KEY.public_key, OTHER_KEY.public_key), WAIVED, 2).threshold == 2


def test_identities_stand_in_place_of_keys() -> None:
    alice = SignedByIdentity((IdentityRule((Exactly("alice"),), (Exactly("issuer"),)),))
    by_alice = ImagePolicy((), RequireLog(), identities=alice)
    assert by_alice.bundle.signer == alice
    assert not by_alice.asks_a_key_alone
    assert not ImagePolicy((), WAIVED, identities=alice).asks_a_key_alone
    with pytest.raises(UsageError, match="a key and an identity"):
        ImagePolicy((KEY.public_key,), RequireLog(), identities=alice)
    with pytest.raises(UsageError, match="a key and an identity"):
        ImagePolicy((), RequireLog(), identities=alice, windows={KEY.public_key: KeyWindow(START)})


BOTH: Final = SignedByIdentity((ALICE, BOB, ALICE))


@pytest.mark.parametrize("threshold", [1, 2])
def test_a_threshold_of_identities_counts_different_rules(threshold: int) -> None:
    policy = ImagePolicy((), RequireLog(), threshold, identities=BOTH)
    assert policy.rules == (ALICE, BOB)


@pytest.mark.parametrize("threshold", [-1, 0, 3])
def test_a_threshold_that_no_identities_can_meet_is_refused(threshold: int) -> None:
    with pytest.raises(UsageError, match="2 different identities"):
        ImagePolicy((), RequireLog(), threshold, identities=BOTH)


def test_times_of_keys_and_the_deny_list_are_those_of_each_bundle() -> None:
    windows, denied = {KEY.public_key: KeyWindow(START)}, DenyList(keys=(DeniedKey(bytes(32)),))
    policy = ImagePolicy((KEY.public_key,), WAIVED, windows=windows, deny=denied)
    assert policy.bundle.signer == SignedByKey((KEY.public_key,), windows)
    assert policy.bundle.deny == denied
    assert policy.asks_when
    assert not policy.asks_a_key_alone
    assert policy.rules == ()
    with pytest.raises(UsageError, match="not one to verify with"):
        ImagePolicy((OTHER_KEY.public_key,), WAIVED, windows=windows)


def test_when_it_is_to_be_signed_is_asked_of_each_bundle() -> None:
    window = KeyWindow(START)
    policy = ImagePolicy((KEY.public_key,), WAIVED, window=window)
    assert policy.bundle.window == window
    assert policy.asks_when
    assert not policy.asks_a_key_alone
    assert ImagePolicy.of_bundle(policy.bundle) == policy
    assert not ImagePolicy((KEY.public_key,), WAIVED).asks_when


def test_a_key_alone() -> None:
    assert ImagePolicy((KEY.public_key,), WAIVED).asks_a_key_alone
    assert not ImagePolicy((KEY.public_key,), RequireLog()).asks_a_key_alone
    assert ImagePolicy((KEY.public_key,), WAIVED).bundle.signer == SignedByKey((KEY.public_key,))


def test_what_is_asked_of_a_bundle_is_asked_of_an_image() -> None:
    window = {KEY.public_key: KeyWindow(START, None)}
    listed = DenyList(keys=(DeniedKey(b"x" * 32),))
    keyed = BundlePolicy(SignedByKey((KEY.public_key,), window), RequireLog(), PredicateTypeIs("x:y"), listed)
    named = BundlePolicy(SignedByIdentity((ALICE, BOB)), WAIVED)
    assert ImagePolicy.of_bundle(keyed).bundle == keyed
    assert ImagePolicy.of_bundle(named, 2, {"a": "b"}).bundle == named
    assert ImagePolicy.of_bundle(named, 2, {"a": "b"}).annotations == {"a": "b"}
    with pytest.raises(UsageError):
        ImagePolicy.of_bundle(named, 3)


@pytest.mark.parametrize(
    ("predicate", "wanted"),
    [(PredicateTypeIs(), False), (PredicateTypeIs("x:y"), True), (AnyPredicateUnsafe("test"), False)],
)
def test_statements_of_one_type_are_attestations(predicate: PredicateTypeIs | AnyPredicateUnsafe, wanted: bool) -> None:
    assert ImagePolicy((KEY.public_key,), WAIVED, predicate=predicate).wants_attestation is wanted


def test_a_type_has_its_name_and_older_ones() -> None:
    rule = PredicateTypeIs("x:y", ("x:z",))
    assert [rule.accepts(name) for name in ("x:y", "x:z", "x:", "")] == [True, True, False, False]
