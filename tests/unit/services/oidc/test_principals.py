from typing import Any

import pytest

from cosignpy.errors import MalformedError
from cosignpy.services.oidc.claims import parse_claims
from cosignpy.services.oidc.principals import challenge_of, issuer_of, name_of
from tests.support.identity_tokens import machine_token, token

GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = "team/app/.github/workflows/release.yml@refs/heads/main"
POD = {"namespace": "build", "serviceaccount": {"name": "signer", "uid": "1"}}


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({}, "subject"),
        ({"iss": GITHUB, "job_workflow_ref": WORKFLOW}, f"https://github.com/{WORKFLOW}"),
        (
            {"iss": "https://gitlab.com", "ci_config_ref_uri": "gitlab.com/team/app//.gitlab-ci.yml@refs/heads/main"},
            "https://gitlab.com/team/app//.gitlab-ci.yml@refs/heads/main",
        ),
        (
            {"iss": "https://agent.buildkite.com", "organization_slug": "team", "pipeline_slug": "app"},
            "https://buildkite.com/team/app",
        ),
        ({"kubernetes.io": POD}, "https://kubernetes.io/namespaces/build/serviceaccounts/signer"),
    ],
)
def test_a_machine_has_the_name_that_the_public_authority_gives_it(claims: dict[str, Any], name: str) -> None:
    found = parse_claims(machine_token(**claims))
    assert (name_of(found), challenge_of(found)) == (name, "subject")


def test_a_person_has_their_address_and_the_issuer_behind_the_issuer() -> None:
    found = parse_claims(token(federated_claims={"connector_id": "https://accounts.example"}))
    assert (name_of(found), challenge_of(found)) == ("ada@example.com", "ada@example.com")
    assert issuer_of(found) == "https://accounts.example"
    assert issuer_of(parse_claims(token())) == "https://issuer.example"


def test_a_claim_that_an_issuer_always_sends_is_missed() -> None:
    with pytest.raises(MalformedError):
        name_of(parse_claims(machine_token(iss=GITHUB)))


def test_nobody_is_nobody() -> None:
    with pytest.raises(MalformedError):
        challenge_of(parse_claims(machine_token(sub=None)))
