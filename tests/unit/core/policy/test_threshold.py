"""How many rules are satisfied: never more than there are rules, signers, or rules for one signer."""

from typing import Final

import pytest

from cosignpy.core.policy.identity import CertificateIdentity, Containing, Exactly, IdentityRule
from cosignpy.core.policy.threshold import count_satisfied, distinct_rules

ISSUER: Final = "https://issuer.test"
ANYBODY: Final = IdentityRule((Containing.parse("@example.com$"),), (Exactly(ISSUER),))


def rule(name: str, **extensions: str) -> IdentityRule:
    rules = {key.replace("_", "-"): Exactly(text) for key, text in extensions.items()}
    return IdentityRule((Exactly(f"{name}@example.com"),), (Exactly(ISSUER),), rules)


def signer(*names: str, issuer: str = ISSUER, **said: str) -> CertificateIdentity:
    texts = {20: said["trigger"]} if said else {}
    return CertificateIdentity(tuple(f"{name}@example.com" for name in names), {8: issuer} | texts)


ALICE: Final = rule("alice")
BOB: Final = rule("bob")


@pytest.mark.parametrize(
    ("rules", "signers", "count"),
    [
        ((ALICE, BOB), (signer("alice"), signer("bob")), 2),
        ((ALICE, BOB), (signer("alice"),), 1),
        ((ALICE, BOB), (), 0),
        ((ALICE, BOB), (signer("carol"),), 0),
        ((ALICE, BOB), (signer("alice"), signer("alice")), 1),
        ((ALICE, ANYBODY), (signer("alice"), signer("alice")), 1),
        ((ALICE, ANYBODY), (signer("alice"), signer("bob")), 2),
        ((ANYBODY, ALICE), (signer("alice"), signer("bob")), 2),
        ((ANYBODY, ALICE), (signer("bob"), signer("alice")), 2),
        ((ANYBODY, ALICE), (signer("bob"), signer("carol")), 1),
        ((ANYBODY,), (signer("alice"), signer("bob")), 1),
        ((ALICE, BOB), (signer("alice", "bob"),), 1),
        ((ALICE, BOB), (signer("alice", "bob"), signer("bob", "alice")), 1),
        ((ALICE, BOB), (signer("alice", "bob"), signer("alice")), 2),
        ((ALICE, BOB), (signer("alice", issuer="https://other.test"), signer("bob")), 1),
        (
            (rule("alice", build_trigger="push"), rule("alice", build_trigger="tag")),
            (signer("alice", trigger="push"), signer("alice", trigger="tag")),
            1,
        ),
        (
            (rule("alice", build_trigger="push"), ANYBODY),
            (signer("alice", trigger="tag"), signer("alice", trigger="push"), signer("bob")),
            2,
        ),
    ],
)
def test_each_signer_counts_for_one_rule(
    rules: tuple[IdentityRule, ...], signers: tuple[CertificateIdentity, ...], count: int
) -> None:
    assert count_satisfied(rules, signers) == count


def test_a_rule_that_is_given_twice_is_one() -> None:
    again = IdentityRule((Containing.parse("@example.com$"),), (Exactly(ISSUER),))
    assert distinct_rules((ALICE, ANYBODY, rule("alice"), again)) == (ALICE, ANYBODY)
