"""What `policy lint` says of identities: each differs in one thing from one without problems."""

from typing import Any, Final

import pytest

from cosignpy.core.trust.problems import Severity
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument
from tests.support.image_policies import ALICE, KEYLESS, own, parsed

ERROR: Final = Severity.ERROR
WARNING: Final = Severity.WARNING
IDENTITY: Final = "spec.authorities[0].keyless.identities[0]"
GITHUB: Final = "https://token.actions.githubusercontent.com"
WORKFLOW: Final = "https://github.com/team/app/.github/workflows/release.yml@refs/heads/main"


def signed_by(**fields: str) -> dict[str, Any]:
    return {"keyless": {"identities": [fields]}}


def found(policy: ImagePolicyDocument) -> list[tuple[Severity, str, str]]:
    return [(each.severity, each.place.rpartition(": ")[2], each.why) for each in lint_policies([policy])]


@pytest.mark.parametrize(
    "fields",
    [
        {"issuer": GITHUB, "subject": WORKFLOW},
        {"issuer": GITHUB, "subjectRegExp": r"^https://github\.com/team/[^/]+$"},
        {"issuer": "https://ghes.example.com/_services/token", "subject": "https://ghes.example.com/team/app"},
        {"issuer": "https://accounts.example.com/", "subject": "alice@example.com"},
        {"issuerRegExp": r"^https://accounts\.example\.com$", "subject": "alice@example.com"},
        {"issuer": "https://accounts.example.com", "subjectRegExp": r"^[a-z.]+@example\.com$"},
        {"issuer": "https://accounts.example.com", "subjectRegExp": r"^[a-z]+[.]x.*@example\.com$"},
    ],
)
def test_identities_in_order_have_no_problems(fields: dict[str, str]) -> None:
    assert found(parsed(signed_by(**fields))) == []


@pytest.mark.parametrize(
    ("fields", "severity", "name", "why"),
    [
        ({"issuer": f"{GITHUB}/", "subject": WORKFLOW}, ERROR, "issuer", "has a slash that certificates do not have"),
        ({"issuer": "accounts.example.com", "subject": "a"}, WARNING, "issuer", "is no URL"),
        ({"issuer": GITHUB, "subject": "team/app"}, ERROR, "subject", "OWNER/REPOSITORY/.github/workflows/FILE@REF"),
        ({"issuer": GITHUB, "subject": WORKFLOW.partition("@")[0]}, ERROR, "subject", "OWNER/REPOSITORY"),
        ({**ALICE, "subject": "alice@example.com "}, ERROR, "subject", "has a blank"),
        ({**ALICE, "subject": "\talice@example.com"}, ERROR, "subject", "has a blank"),
        ({**ALICE, "issuer": " https://accounts.example.com"}, ERROR, "issuer", "has a blank"),
        (
            {"issuer": ALICE["issuer"], "subjectRegExp": r"^.+@example.com$"},
            WARNING,
            "subjectRegExp",
            r"write \. for one that is a dot",
        ),
        (
            {"issuerRegExp": r"^https://accounts.example\.com$", "subject": "a"},
            WARNING,
            "issuerRegExp",
            "has a dot that is any character",
        ),
    ],
)
def test_an_identity_that_accepts_more_than_meant_or_nobody(
    fields: dict[str, str], severity: Severity, name: str, why: str
) -> None:
    ((how_bad, place, told),) = found(parsed(signed_by(**fields)))
    assert (how_bad, place) == (severity, f"{IDENTITY}.{name}")
    assert why in told


@pytest.mark.parametrize(
    "denied",
    [
        {"subject": "alice@example.com"},
        {"subjectRegExp": "@example[.]com$"},
        {"subject": "alice@example.com", "issuer": "https://accounts.example.com"},
    ],
)
def test_an_identity_that_the_policy_denies_itself(denied: dict[str, str]) -> None:
    ((severity, place, why),) = found(own(KEYLESS, deny=[{"identity": denied}]))
    assert (severity, place) == (ERROR, f"{IDENTITY}.subject")
    assert why.startswith("never counts: the policy denies the identity ")


@pytest.mark.parametrize(
    "denied",
    [{"subject": "bob@example.com"}, {"subject": "alice@example.com", "issuer": "https://other.example.com"}],
)
def test_an_identity_beside_one_that_is_denied(denied: dict[str, str]) -> None:
    assert found(own(KEYLESS, deny=[{"identity": denied}])) == []


def test_patterns_are_not_compared_with_what_is_denied() -> None:
    pattern = signed_by(issuer=ALICE["issuer"], subjectRegExp=r"^alice@example\.com$")
    assert found(own(pattern, deny=[{"identity": {"subject": "alice@example.com"}}])) == []
