"""How many of the rules a set of signers satisfies, each signer for one rule only.

Rules are counted and not names: one account has many names, a workflow one for each branch, and could meet any number
alone. And each signer counts for one rule: who is named by two of them has still signed as one. Signers are told apart
by their names and their issuer, not by their certificates, of which anybody can have as many as they like.
"""

from collections.abc import Iterable, Sequence

from cosignpy.core.policy.identity import CertificateIdentity, IdentityRule


def distinct_rules(rules: Iterable[IdentityRule]) -> tuple[IdentityRule, ...]:
    """Return the rules without those that say the same as one before."""
    found: list[IdentityRule] = []
    for rule in rules:
        if rule not in found:
            found.append(rule)
    return tuple(found)


def count_satisfied(rules: Sequence[IdentityRule], signers: Iterable[CertificateIdentity]) -> int:
    """Return for how many rules there is a signer of its own: the size of a largest matching (Kuhn 1955).

    What several certificates of one signer say in their extensions counts together.
    """
    accepted: dict[tuple[tuple[str, ...], str], set[int]] = {}
    for signer in signers:
        by = accepted.setdefault((tuple(sorted(signer.names)), signer.issuer), set())
        by.update(place for place, rule in enumerate(rules) if rule.accepts(signer))
    wanted = tuple(accepted.values())
    holders: dict[int, int] = {}

    def assign(signer: int, tried: set[int]) -> bool:
        """Find a rule for a signer, of which others may have to take another one."""
        for rule in wanted[signer] - tried:
            tried.add(rule)
            if rule not in holders or assign(holders[rule], tried):
                holders[rule] = signer
                return True
        return False

    return sum(assign(signer, set()) for signer in range(len(wanted)))
