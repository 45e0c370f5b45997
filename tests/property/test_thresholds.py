"""Thresholds over identities: what is counted is the best assignment of signers to rules, and nothing better."""

from itertools import permutations
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.policy.identity import CertificateIdentity, Exactly, IdentityRule, Matching
from cosignpy.core.policy.threshold import count_satisfied

PEOPLE: Final = "abcd"
ISSUER: Final = "https://issuer.test"

subsets = st.lists(st.sets(st.sampled_from(PEOPLE), min_size=1), max_size=4)


def best(wanted: list[set[str]], signers: list[str]) -> int:
    """Try all assignments."""
    places = [*range(len(wanted)), *[-1] * len(signers)]
    return max(
        sum(place >= 0 and name in wanted[place] for name, place in zip(signers, order, strict=True))
        for order in permutations(places, len(signers))
    )


@given(subsets, st.lists(st.sampled_from(PEOPLE), max_size=6))
def test_the_count_is_that_of_the_best_assignment(wanted: list[set[str]], signed: list[str]) -> None:
    """Whoever signs twice is one signer."""
    rules = [IdentityRule((Matching.parse("|".join(sorted(names))),), (Exactly(ISSUER),)) for names in wanted]
    found = [CertificateIdentity((name,), {8: ISSUER}) for name in signed]
    assert count_satisfied(rules, found) == best(wanted, sorted(set(signed)))
