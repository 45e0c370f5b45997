"""Rules for claims: all of them hold, or the audit log says which claim is at fault."""

import pytest

from ca_server.identity.claim_rules import MAX_VALUES, ClaimRule, check_claims
from ca_server.identity.claim_text import MAX_TEXT
from ca_server.identity.claims import TokenRefused
from ca_server.identity.wildcards import Wildcards

OWNER = ClaimRule(("owner",), ("65", "66"))
REF = ClaimRule(("ref",), patterns=(Wildcards.parse_claim("refs/heads/main"), Wildcards.parse_claim("refs/tags/*")))
SPACE = ClaimRule(("kubernetes.io", "namespace"), ("prod",))

GOOD = {
    "owner": 65,
    "ref": "refs/tags/v1",
    "kubernetes.io": {"namespace": "prod"},
    "groups": ["all", 3, None, {"x": 1}, "release"],
    "email_verified": True,
}


def test_a_token_that_fulfils_all_rules() -> None:
    rules = (OWNER, REF, SPACE, ClaimRule(("groups",), ("release",)), ClaimRule(("email_verified",), ("true",)))
    check_claims(rules, GOOD)
    check_claims((), {})


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (OWNER, {"owner": "650"}),
        (OWNER, {"owner": None}),
        (OWNER, {"owner": ""}),
        (OWNER, {"owner": []}),
        (OWNER, {"owner": {"65": "65"}}),
        (REF, {"ref": "refs/tags/v1/x"}),
        (REF, {"ref": "x refs/heads/main"}),
        (REF, {"ref": ["refs/heads/other"]}),
        (SPACE, {"kubernetes.io": {}}),
        (SPACE, {"kubernetes.io": "prod"}),
        (SPACE, {"kubernetes.io": ..., "kubernetes.io.namespace": "prod"}),
        (ClaimRule(("groups",), ("release",)), {"groups": "a release"}),
        (ClaimRule(("groups",), ("release",)), {"groups": ["release"] * (MAX_VALUES + 1)}),
        (ClaimRule(("email_verified",), ("true",)), {"email_verified": False}),
        (ClaimRule(("x",), patterns=(Wildcards.parse_claim("**"),)), {"x": "a" * (MAX_TEXT + 1)}),
    ],
)
def test_a_token_that_does_not_is_refused_by_the_name_of_the_claim(rule: ClaimRule, changes: dict[str, object]) -> None:
    claims = {name: content for name, content in (GOOD | changes).items() if content is not ...}
    with pytest.raises(TokenRefused) as caught:
        check_claims((rule,), claims)
    assert f"claim {rule.claim}" in caught.value.why
    assert "refs/" not in caught.value.why


def test_a_claim_is_named_by_its_path() -> None:
    assert SPACE.claim == "kubernetes.io.namespace"
