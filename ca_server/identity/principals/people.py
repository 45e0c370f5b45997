"""Principals that are people: e-mail addresses and user names."""

import re
from typing import Final

from ca_server.identity.claim_text import check_name, check_text, member_at, optional_text, required_text
from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.issuer import Issuer
from ca_server.identity.principal import Principal
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName

MAX_MAILBOX: Final = 254
MAX_LOCAL_PART: Final = 64
"""RFC 5321 section 4.5.3.1, and erratum 1690 of RFC 3696: what fits into a mail transaction."""

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_TOP_LABEL: Final = r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z])?"
_MAILBOX: Final = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+{_TOP_LABEL}")
"""An rfc822Name is ASCII (RFC 5280 section 4.2.1.6). Quoted local parts, which it could have, nobody has."""
_LIKE_A_MAILBOX: Final = re.compile(r".*@.*\..*", re.DOTALL)

_VERIFIED: Final[dict[object, bool]] = {"true": True, "True": True, "false": False, "False": False}
"""How issuers that write booleans as texts spell them (sigstore/fulcio issue 1744)."""


def build_email(issuer: Issuer, claims: Claims) -> Principal:
    """Name the holder of a mailbox, who proves possession over its address.

    Raises:
        TokenRefused: No address, not one that a certificate can name, or it was not verified.
    """
    if not is_verified(claims) and not issuer.skip_email_verification:
        raise TokenRefused("the e-mail address was not verified by its issuer")
    address = check_mailbox(required_text(claims, "email"))
    name = SubjectName(NameKind.EMAIL, address)
    return Principal(_issuer_text(issuer, claims), optional_text(claims, "sub"), address, name)


def is_verified(claims: Claims) -> bool:
    """Whether the issuer says that the address belongs to the holder of the token.

    Raises:
        TokenRefused: It says something that is neither yes nor no.
    """
    found = claims.get("email_verified", False)
    if isinstance(found, bool):
        return found
    if not isinstance(found, str) or found not in _VERIFIED:
        raise TokenRefused("claim email_verified is neither true nor false")
    return _VERIFIED[found]


def check_mailbox(address: str) -> str:
    """Return an address that an rfc822Name can hold.

    Raises:
        TokenRefused: It cannot.
    """
    match = _MAILBOX.fullmatch(address)
    if match is None or len(address) > MAX_MAILBOX or len(match["local"]) > MAX_LOCAL_PART:
        raise TokenRefused("claim email is not an address that a certificate can name")
    return address


def _issuer_text(issuer: Issuer, claims: Claims) -> str:
    """Return who vouches for the address: a federating issuer says on whose word it does."""
    if not issuer.issuer_claim:
        return issuer.url
    where = f"claim {'.'.join(issuer.issuer_claim)}"
    found = member_at(claims, issuer.issuer_claim)
    if not isinstance(found, str) or not found:
        raise TokenRefused(f"{where}, which names the issuer, is missing")
    return check_name(where, found)


def build_username(issuer: Issuer, claims: Claims) -> Principal:
    """Name a user of a domain, who proves possession over `sub`.

    Raises:
        TokenRefused: The user's name is missing, or could be taken for an address, or for a name with a domain.
    """
    user = check_name("claim sub", required_text(claims, "sub"))
    if "!" in user:
        raise TokenRefused("claim sub has an exclamation mark, which separates user and domain")
    if _LIKE_A_MAILBOX.fullmatch(user):
        raise TokenRefused("claim sub is an e-mail address, where a user name is expected")
    whole = check_text("the user name with its domain", f"{user}!{issuer.subject_domain}")
    return Principal(issuer.url, user, user, SubjectName(NameKind.USERNAME, whole))
