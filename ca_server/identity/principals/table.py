"""Which principal the tokens of an issuer make."""

from collections.abc import Callable, Mapping
from typing import Final

from ca_server.identity.claim_rules import check_claims
from ca_server.identity.claims import Claims
from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.principal import Principal
from ca_server.identity.principals.ci_provider import build_ci_provider
from ca_server.identity.principals.people import build_email, build_username
from ca_server.identity.principals.pipelines import build_buildkite, build_codefresh, build_github, build_gitlab
from ca_server.identity.principals.workloads import build_chainguard, build_kubernetes, build_spiffe, build_uri

_BUILDERS: Final[Mapping[IssuerType, Callable[[Issuer, Claims], Principal]]] = {
    IssuerType.EMAIL: build_email,
    IssuerType.USERNAME: build_username,
    IssuerType.URI: build_uri,
    IssuerType.SPIFFE: build_spiffe,
    IssuerType.KUBERNETES: build_kubernetes,
    IssuerType.GITHUB_WORKFLOW: build_github,
    IssuerType.GITLAB_PIPELINE: build_gitlab,
    IssuerType.BUILDKITE_JOB: build_buildkite,
    IssuerType.CODEFRESH_WORKFLOW: build_codefresh,
    IssuerType.CHAINGUARD_IDENTITY: build_chainguard,
    IssuerType.CI_PROVIDER: build_ci_provider,
}


def build_principal(issuer: Issuer, claims: Claims) -> Principal:
    """Make of verified claims what a certificate will say, once the issuer's rules are fulfilled.

    Raises:
        TokenRefused: A rule is not, a claim is missing, of the wrong type or too long, or no name can be made.
    """
    check_claims(issuer.rules, claims)
    return _BUILDERS[issuer.type](issuer, claims)
