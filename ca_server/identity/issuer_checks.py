"""What an issuer's settings must fulfil together, so that its tokens name only what is its own to name."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.x509 import load_pem_x509_certificates

from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.issuer_document import Entry
from ca_server.identity.spiffe import parse_trust_domain
from ca_server.identity.uris import Uri
from ca_server.identity.wildcards import Wildcards
from cosignpy.errors import MalformedError
from cosignpy.values import replace

_SCHEMES: Final = frozenset({"https", "http"})
"""Plain http is for issuers on the same machine, in tests and clusters; the real server allows it as well."""
_STAR: Final = "_"
"""Stands for `*` where the form of a URL is looked at: valid in a host, and never part of a domain that is owned."""
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_LABELS: Final = 2
"""Of a host name, which two hosts of one owner have in common; as in Fulcio, `co.uk` passes for an owner."""
_ISSUER_CLAIM: Final = re.compile(r"\$((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)")
"""The part of JSONPath that names a member of objects."""


def parse_issuer_url(entry: Entry, url: str) -> Uri:
    """Parse the URL of an issuer, or of many.

    Raises:
        DocumentError: It is not a URL at which an issuer can be (OpenID Connect Discovery section 3).
    """
    try:
        Wildcards.parse_url(url)
        found = Uri.parse(url.replace("*", _STAR))
    except MalformedError as error:
        raise entry.place.error(error.why, "the URL of an issuer, as `iss` of its tokens has it") from error
    if found.scheme not in _SCHEMES or found.behind_path:
        raise entry.place.error("not the URL of an issuer", "https://, a host, and a path at the most")
    return found


def parse_issuer_claim(entry: Entry) -> tuple[str, ...]:
    """Parse where a token says who its issuer is.

    Raises:
        DocumentError: More of JSONPath than names of members.
    """
    text = entry.text("issuer-claim")
    if not text:
        return ()
    match = _ISSUER_CLAIM.fullmatch(text)
    if match is None:
        raise entry.error("issuer-claim", "not a path to a claim", "such as $.federated_claims.connector_id")
    return tuple(match[1].removeprefix(".").split("."))


def check_issuer(entry: Entry, issuer: Issuer) -> Issuer:
    """Return an issuer whose settings fit its type; a trust domain comes back in its one spelling.

    Raises:
        DocumentError: They do not.
    """
    if issuer.issuer_claim and issuer.type is not IssuerType.EMAIL:
        raise entry.error("issuer-claim", f"not for issuers of the type {issuer.type}", "allowed: email")
    if issuer.ca_cert:
        try:
            load_pem_x509_certificates(issuer.ca_cert.encode())
        except ValueError as error:
            raise entry.error("ca-cert", "no certificates", "PEM, on lines of their own after `|`") from error
    check = _CHECKS.get(issuer.type)
    return check(entry, issuer) if check is not None else issuer


def _check_spiffe(entry: Entry, issuer: Issuer) -> Issuer:
    """Tie one issuer to one trust domain: many issuers of one domain could each speak for all of it."""
    if issuer.is_wildcard:
        raise entry.error("type", "spiffe is not for meta-issuers", "list the issuers in oidc-issuers")
    try:
        domain = parse_trust_domain(issuer.spiffe_trust_domain)
    except MalformedError as error:
        raise entry.error("spiffe-trust-domain", error.why) from error
    return replace(issuer, spiffe_trust_domain=domain)


def _check_uri(entry: Entry, issuer: Issuer) -> Issuer:
    try:
        allowed = Uri.parse(issuer.subject_domain)
    except MalformedError as error:
        raise entry.error("subject-domain", error.why, "scheme and host, such as https://example.com") from error
    own = parse_issuer_url(entry, issuer.url)
    if allowed.scheme != own.scheme:
        raise entry.error("subject-domain", "another scheme than the issuer's", f"{own.scheme}://")
    _refuse_stranger(entry, allowed.host, own.host)
    return issuer


def _check_username(entry: Entry, issuer: Issuer) -> Issuer:
    if not _HOST.fullmatch(issuer.subject_domain):
        raise entry.error("subject-domain", "not a domain", "without a scheme, such as example.com")
    _refuse_stranger(entry, issuer.subject_domain, parse_issuer_url(entry, issuer.url).host)
    return issuer


def _refuse_stranger(entry: Entry, domain: str, host: str) -> None:
    """Refuse that an issuer names what is not of its own domain: their last two labels have to be equal."""
    own, other = host.split(".")[-_LABELS:], domain.split(".")[-_LABELS:]
    if domain != host and own != other:
        raise entry.error("subject-domain", "not of the issuer's own domain", f"the last labels of {host!r}")


_CHECKS: Final[Mapping[IssuerType, Callable[[Entry, Issuer], Issuer]]] = {
    IssuerType.SPIFFE: _check_spiffe,
    IssuerType.URI: _check_uri,
    IssuerType.USERNAME: _check_username,
}
