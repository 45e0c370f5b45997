"""Principals that are builds of any service, described by templates in the configuration file."""

from ca_server.identity.claim_text import check_text, write_scalar
from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.issuer import Issuer
from ca_server.identity.principal import Principal
from ca_server.identity.principals.assembly import uri_principal
from ca_server.identity.provider import CiProvider
from ca_server.identity.templates import ClaimTexts, expand
from cosignpy.errors import UsageError


def build_ci_provider(issuer: Issuer, claims: Claims) -> Principal:
    """Name what the provider's templates make of the claims.

    Raises:
        TokenRefused: A claim that a template names is missing, or what it makes cannot stand in a certificate.
        UsageError: The issuer has no provider, which a configuration file cannot lead to.
    """
    provider = issuer.provider
    if provider is None:
        raise UsageError(f"the issuer {issuer.url} has no CI provider")
    texts = _texts(provider, claims)
    name = expand(provider.subject_alternative_name, _demanding(texts))
    made = {number: expand(template, texts) for number, template in provider.extensions.items()}
    return uri_principal(issuer, claims, name, made)


def _texts(provider: CiProvider, claims: Claims) -> ClaimTexts:
    """Find texts in the claims, and where there is none in the defaults."""

    def find(name: str) -> str | None:
        found = claims.get(name)
        if found is None:
            return provider.defaults.get(name)
        text = write_scalar(found)
        if text is None:
            raise TokenRefused(f"claim {name} is a list or an object, where a template needs a text")
        return check_text(f"claim {name}", text)

    return find


def _demanding(texts: ClaimTexts) -> ClaimTexts:
    """Refuse claims that are missing also where Go writes nothing for them: a name with a hole is many builds' name."""

    def find(name: str) -> str:
        found = texts(name)
        if found is None:
            raise TokenRefused(f"claim {name}, which is part of the name, is missing")
        return found

    return find
