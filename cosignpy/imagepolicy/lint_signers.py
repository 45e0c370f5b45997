"""Identities that accept more than meant, or nobody."""

import re
from collections.abc import Iterator
from typing import Final

from cosignpy.core.policy.deny import DenyList
from cosignpy.core.policy.identity import ISSUER, CertificateIdentity, Containing, Exactly
from cosignpy.core.trust.problems import Problem
from cosignpy.documents import Place
from cosignpy.imagepolicy.lint_problems import fail, warn
from cosignpy.imagepolicy.model import Authority, Identity, Keyless

ISSUERS: Final = (
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    "https://accounts.google.com",
    "https://github.com/login/oauth",
    "https://agent.buildkite.com",
    "https://oauth2.sigstore.dev/auth",
)
"""As certificates of the public Fulcio name them, without a slash at the end."""
GITHUB: Final = ISSUERS[0]

_STRANGER: Final = "https://stranger.invalid/\u2603"
"""What no pattern about a signer is meant to accept."""
_WORKFLOW: Final = re.compile(r"https://github\.com/[^/]+/[^/]+/\.github/workflows/[^@]+@.+")
_LOOSE_DOT: Final = re.compile(r"(?<![\\\[])\b\.(?=[A-Za-z0-9])")
"""A dot between letters, which is any character: not behind a backslash, and not in front of an asterisk."""


def lint_signer(authority: Authority) -> Iterator[Problem]:
    """Say what is wrong with whom an authority accepts."""
    signer = authority.signer
    if isinstance(signer, Keyless):
        for identity in signer.identities:
            yield from lint_identity(identity)
            yield from _lint_denied(identity, authority.deny)


def lint_identity(identity: Identity) -> Iterator[Problem]:
    """Say what is wrong with an identity: what strangers satisfy, and what no certificate does."""
    yield from _lint_rule(identity.issuer_place, identity.issuer)
    yield from _lint_rule(identity.subject_place, identity.subject)
    issuer, subject = identity.issuer, identity.subject
    if not isinstance(issuer, Exactly) or "*" in issuer.wanted:
        return
    bare = issuer.wanted.rstrip("/")
    if bare != issuer.wanted and bare in ISSUERS:
        yield fail(identity.issuer_place, f"{issuer} has a slash that certificates do not have: {bare}")
    elif "://" not in issuer.wanted:
        yield warn(identity.issuer_place, f"{issuer} is no URL, as issuers of identities are")
    elif issuer.wanted == GITHUB and isinstance(subject, Exactly) and not _WORKFLOW.fullmatch(subject.wanted):
        form = "https://github.com/OWNER/REPOSITORY/.github/workflows/FILE@REF"
        yield fail(identity.subject_place, f"{subject} is not how that issuer's certificates name a workflow: {form}")


def _lint_rule(place: Place, rule: Exactly | Containing) -> Iterator[Problem]:
    if isinstance(rule, Exactly):
        if "*" in rule.wanted:
            yield fail(place, f"{rule} is compared character by character, * too: patterns are RegExp fields")
        elif rule.wanted != rule.wanted.strip():
            yield fail(place, f"{rule} has a blank at its beginning or its end, which is compared too")
    elif rule.accepts(_STRANGER):
        yield warn(place, f"{rule} accepts everybody")
    elif not rule.is_anchored:
        yield warn(place, f"{rule} is found anywhere, in a stranger's name too: let it begin with ^ and end with $")
    elif _LOOSE_DOT.search(rule.pattern):
        yield warn(place, rf"{rule} has a dot that is any character: write \. for one that is a dot")


def _lint_denied(identity: Identity, deny: DenyList) -> Iterator[Problem]:
    """Look for who is wanted and denied; patterns are not compared with patterns."""
    if not isinstance(identity.subject, Exactly) or not isinstance(identity.issuer, Exactly):
        return
    found = CertificateIdentity((identity.subject.wanted,), {ISSUER: identity.issuer.wanted})
    for entry in deny.identities:
        if entry.accepts(found):
            yield fail(identity.subject_place, f"never counts: the policy denies the {entry}")
