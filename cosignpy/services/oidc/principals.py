"""Which name a certificate would carry for a token: what the public authority makes of each issuer's claims.

The authority decides, not this table: a private one may have other rules for the same issuer. Where an issuer is not
in the table, its subject is the name, or the e-mail address where the token has one.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cosignpy.errors import MalformedError
from cosignpy.services.oidc.claims import Claims

_KUBERNETES: Final = "kubernetes.io"


def name_of(claims: Claims) -> str:
    """Return the name that a certificate for these claims is expected to have.

    Raises:
        MalformedError: A claim that its issuer always sends is missing.
    """
    if claims.email:
        return claims.email
    if _KUBERNETES in claims.members:
        return _name_service_account(claims)
    return _BY_ISSUER.get(claims.issuer, _name_subject)(claims)


def challenge_of(claims: Claims) -> str:
    """Return what a proof of possession signs: the e-mail address where there is one, else the subject.

    Raises:
        MalformedError: There is neither.
    """
    if not claims.email and not claims.subject:
        raise MalformedError("identity token", "it has neither an e-mail address nor a subject")
    return claims.email or claims.subject


def issuer_of(claims: Claims) -> str:
    """Return the issuer that a certificate names: the one that is behind another, where the token says so."""
    return claims.connector or claims.issuer


def _name_subject(claims: Claims) -> str:
    return claims.subject


def _name_service_account(claims: Claims) -> str:
    found = claims.members.child(_KUBERNETES)
    account = found.child("serviceaccount").text("name")
    return f"https://kubernetes.io/namespaces/{found.text('namespace')}/serviceaccounts/{account}"


def _name_pipeline(*names: str, site: str) -> Callable[[Claims], str]:
    def build(claims: Claims) -> str:
        return "/".join([site, *(claims.members.text(name) for name in names)])

    return build


_BY_ISSUER: Final[Mapping[str, Callable[[Claims], str]]] = MappingProxyType(
    {
        "https://token.actions.githubusercontent.com": _name_pipeline("job_workflow_ref", site="https://github.com"),
        "https://gitlab.com": _name_pipeline("ci_config_ref_uri", site="https:/"),
        "https://agent.buildkite.com": _name_pipeline(
            "organization_slug", "pipeline_slug", site="https://buildkite.com"
        ),
    }
)
