"""What an issuer's tokens must say before anything is issued for them."""

from typing import Final

from ca_server.identity.claim_text import MAX_TEXT, member_at, write_scalar
from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.wildcards import Wildcards
from cosignpy.values import value

MAX_VALUES: Final = 1000
"""Entries of a claim that is a list: directories cut lists of groups off at a few hundred."""


@value
class ClaimRule:
    """One claim, and what it may say: any of some texts, or what any of some patterns describes."""

    path: tuple[str, ...]
    """The claim's name; more than one name leads into nested objects."""
    texts: tuple[str, ...] = ()
    patterns: tuple[Wildcards, ...] = ()

    @property
    def claim(self) -> str:
        """The claim as people write it."""
        return ".".join(self.path)

    def accepts(self, text: str) -> bool:
        """Whether the claim may be this text."""
        return len(text) <= MAX_TEXT and (text in self.texts or any(one.matches(text) for one in self.patterns))


def check_claims(rules: tuple[ClaimRule, ...], claims: Claims) -> None:
    """Show that claims fulfil all of an issuer's rules; of a claim that is a list, one entry has to.

    Raises:
        TokenRefused: They do not; which claim is at fault is said, and never what it says.
    """
    for rule in rules:
        found = member_at(claims, rule.path)
        if found is None:
            raise TokenRefused(f"claim {rule.claim}, which this issuer's rules ask for, is missing")
        entries = found if isinstance(found, list | tuple) else (found,)
        if len(entries) > MAX_VALUES:
            raise TokenRefused(f"claim {rule.claim} has {len(entries)} entries, at most {MAX_VALUES} are accepted")
        texts = [text for text in map(write_scalar, entries) if text is not None]
        if not any(rule.accepts(text) for text in texts):
            raise TokenRefused(f"claim {rule.claim} is not what this issuer's rules ask for")
