"""Rules for claims in the configuration file, which the real server does not have.

claim-rules:
  - {claim: repository_owner_id, equals: "65"}
  - {claim: ref, matches: [refs/heads/main, refs/tags/v*]}
  - {claim: groups, one-of: [release, security]}
  - {claim: [kubernetes.io, namespace], equals: prod}
"""

from typing import Final

from ca_server.identity.claim_rules import ClaimRule
from ca_server.identity.issuer_document import Entry
from ca_server.identity.wildcards import Wildcards
from cosignpy.documents import Items, Node
from cosignpy.errors import MalformedError

_RULES: Final = "claim-rules"
_CLAIM: Final = "claim"
_CONDITIONS: Final = ("equals", "one-of", "matches")


def read_rules(issuer: Entry) -> tuple[ClaimRule, ...]:
    """Read the rules of an issuer; none where it has none.

    Raises:
        DocumentError: Something else than a list of rules.
    """
    node = issuer.members.get(_RULES)
    if node is None:
        return ()
    if not isinstance(node, Items) or not node.items:
        raise node.place.error("expected a list of rules", "one line each, such as `- {claim: sub, equals: me}`")
    return tuple([_read_rule(item) for item in node.items])


def _read_rule(node: Node) -> ClaimRule:
    entry = Entry.read(node, (_CLAIM, *_CONDITIONS))
    path = entry.texts(_CLAIM)
    if not path or not all(path):
        raise entry.error(_CLAIM, "missing", "the name of a claim; a list of names leads into nested objects")
    given = [name for name in _CONDITIONS if name in entry.members]
    if len(given) != 1:
        raise node.place.error("a rule has one condition", f"one of: {', '.join(_CONDITIONS)}")
    condition = given[0]
    texts = entry.texts(condition) if condition != "equals" else (entry.text(condition),)
    if not texts or not all(texts):
        raise entry.error(condition, "nothing is given", "a text that the claim has to be")
    if condition != "matches":
        return ClaimRule(path, texts)
    try:
        return ClaimRule(path, patterns=tuple([Wildcards.parse_claim(text) for text in texts]))
    except MalformedError as error:
        raise entry.error(condition, error.why, "`*` for all but slashes, `**` for anything") from error
