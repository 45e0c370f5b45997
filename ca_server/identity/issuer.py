"""An issuer of identity tokens, as the configuration file describes it."""

from enum import StrEnum

from ca_server.identity.claim_rules import ClaimRule
from ca_server.identity.provider import CiProvider
from cosignpy.values import value


class IssuerType(StrEnum):
    """What an issuer's tokens speak of: this decides the name in the certificate, and the claims it needs."""

    EMAIL = "email"
    USERNAME = "username"
    URI = "uri"
    SPIFFE = "spiffe"
    KUBERNETES = "kubernetes"
    GITHUB_WORKFLOW = "github-workflow"
    GITLAB_PIPELINE = "gitlab-pipeline"
    BUILDKITE_JOB = "buildkite-job"
    CODEFRESH_WORKFLOW = "codefresh-workflow"
    CHAINGUARD_IDENTITY = "chainguard-identity"
    CI_PROVIDER = "ci-provider"


@value
class Issuer:
    """One issuer: whose tokens are believed, for which audience, and what becomes of their claims."""

    url: str
    """What `iss` must be. In the table it may hold `*`; what `Issuers.find` returns never does."""
    type: IssuerType
    audience: str
    configured: str = ""
    """The URL in the file, with its `*`: what private authorities and the configuration endpoint go by."""
    subject_domain: str = ""
    spiffe_trust_domain: str = ""
    issuer_claim: tuple[str, ...] = ()
    """Where the certificate's issuer stands in the token, member by member; empty: it is `iss`."""
    challenge_claim: str = ""
    """Only told to clients: what they are to sign is decided by the type, as in Fulcio."""
    ca_cert: str = ""
    """PEM: who may have issued the certificate of the issuer's server; empty: those the system trusts."""
    skip_email_verification: bool = False
    ci_provider: str = ""
    provider: CiProvider | None = None
    """The templates of `ci_provider`; only for issuers of that type."""
    description: str = ""
    contact: str = ""
    environment: str = ""
    rules: tuple[ClaimRule, ...] = ()
    authority: str = ""
    """The private authority that issues for it, by its name in the settings; empty: the one for all."""

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for many issuers."""
        return "*" in self.configured
