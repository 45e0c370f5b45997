"""Principals that are programs: URIs, SPIFFE ids, service accounts of Kubernetes, identities of Chainguard."""

import re
from typing import Final

from ca_server.identity.claim_text import member_at, optional_text, required_text
from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.issuer import Issuer
from ca_server.identity.principal import Principal
from ca_server.identity.principals.assembly import refusing_malformed, uri_principal
from ca_server.identity.principals.people import is_verified
from ca_server.identity.spiffe import parse_spiffe_id
from ca_server.identity.uris import Uri
from cosignpy.values import replace

_KUBERNETES: Final = "kubernetes.io"
_OBJECT_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
"""The names of Kubernetes' objects: RFC 1123 subdomains of at most 253 characters."""


def build_uri(issuer: Issuer, claims: Claims) -> Principal:
    """Name what `sub` says, a URI of the host that the issuer is configured for.

    Raises:
        TokenRefused: It is not a URI, or one of another scheme or host.
    """
    subject = required_text(claims, "sub")
    with refusing_malformed():
        found = Uri.parse(subject)
    allowed = Uri.parse(issuer.subject_domain)
    if (found.scheme, found.host) != (allowed.scheme, allowed.host):
        raise TokenRefused("claim sub is a URI of another scheme or host than this issuer may name")
    return uri_principal(issuer, claims, subject, {})


def build_spiffe(issuer: Issuer, claims: Claims) -> Principal:
    """Name a SPIFFE id of the trust domain that the issuer is configured for.

    Raises:
        TokenRefused: `sub` is not one.
    """
    subject = required_text(claims, "sub")
    with refusing_malformed():
        found = parse_spiffe_id(subject)
    if found.trust_domain != issuer.spiffe_trust_domain:
        raise TokenRefused("claim sub is a SPIFFE id of another trust domain than this issuer may name")
    return uri_principal(issuer, claims, subject, {})


def build_kubernetes(issuer: Issuer, claims: Claims) -> Principal:
    """Name a service account.

    Raises:
        TokenRefused: Its name or namespace is missing, or not one that Kubernetes gives.
    """
    namespace = _object_name(claims, "namespace")
    account = _object_name(claims, "serviceaccount", "name")
    return uri_principal(issuer, claims, f"https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{account}", {})


def _object_name(claims: Claims, *path: str) -> str:
    found = member_at(claims, (_KUBERNETES, *path))
    if not isinstance(found, str) or not _OBJECT_NAME.fullmatch(found):
        raise TokenRefused(f"claim {'.'.join((_KUBERNETES, *path))} is missing, or not the name of an object")
    return found


def build_chainguard(issuer: Issuer, claims: Claims) -> Principal:
    """Name an identity below its issuer; who has an e-mail address proves possession over that, as cosign does.

    Raises:
        TokenRefused: There is no `sub`, or an address that was not verified.
    """
    subject = required_text(claims, "sub")
    with refusing_malformed():
        uri = Uri.parse(issuer.url).join(subject)
    made = uri_principal(issuer, claims, uri, {})
    email = optional_text(claims, "email")
    if not email:
        return made
    if not is_verified(claims):
        raise TokenRefused("the e-mail address was not verified by its issuer")
    return replace(made, challenge=email)
