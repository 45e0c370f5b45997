"""What an identity token says (RFC 7519, OIDC Core section 2), read and not proved: that is the authority's task.

The parts are decoded strictly all the same: what two programs could read differently is refused.
"""

import base64
import re
from typing import Final

from cosignpy.core.encoding import MAX_INTEGER, JsonObject
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import value

MAX_TOKEN: Final = 32 * 1024
"""Characters; tokens of people in hundreds of groups reach some 20,000, and servers refuse longer headers."""
MAX_AUDIENCES: Final = 100

_WHAT: Final = "identity token"
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TRUE: Final = frozenset({"true", "True"})
"""Some issuers send text: the certificate authority takes both (Fulcio's `email_verified`)."""
_PARTS: Final = 3


@value
class Claims:
    """The claims that matter here; empty texts where a token is silent."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    expires: float
    """Seconds since 1970."""
    issued: float | None
    email: str
    email_verified: bool
    nonce: str
    connector: str
    """Where an issuer passes on what another said: which one (dex's `federated_claims.connector_id`)."""
    members: JsonObject
    """All of them."""


def looks_like_token(text: str) -> bool:
    """Tell whether a text has the form of a compact JWS (RFC 7515 section 3.1), which no sensible file name has."""
    return text.startswith("eyJ") and _COMPACT.fullmatch(text) is not None


def parse_claims(token: str) -> Claims:
    """Parse a token.

    Raises:
        MalformedError: Not a signed token, or a claim is missing or of another type. No claim is repeated in it.
        LimitExceeded: Longer than tokens are.
    """
    if len(token) > MAX_TOKEN:
        raise LimitExceeded(_WHAT, f"at most {MAX_TOKEN} characters are accepted")
    if not _COMPACT.fullmatch(token):
        raise MalformedError(_WHAT, f"not {_PARTS} base64url parts with dots between them")
    header, payload, signature = (_decode_part(part) for part in token.split("."))
    algorithm = JsonObject.parse(header, what=f"header of the {_WHAT}").text("alg")
    if algorithm.lower() == "none" or not signature:
        raise MalformedError(_WHAT, "nobody signed it")
    members = JsonObject.parse(payload, what=_WHAT)
    federated = members.optional_child("federated_claims")
    return Claims(
        issuer=members.text("iss"),
        subject=members.optional_text("sub"),
        audience=_read_audience(members),
        expires=_read_time(members, "exp"),
        issued=_read_time(members, "iat") if "iat" in members else None,
        email=members.optional_text("email"),
        email_verified=_read_flag(members, "email_verified"),
        nonce=members.optional_text("nonce"),
        connector=federated.optional_text("connector_id") if federated else "",
        members=members,
    )


def _decode_part(part: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(part + "==")
    except ValueError as error:  # a part of a length that no encoding has
        raise MalformedError(_WHAT, "a part of it is not base64url") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part.encode("ascii"):
        raise MalformedError(_WHAT, "a part of it is not canonical base64url")
    return raw


def _read_audience(members: JsonObject) -> tuple[str, ...]:
    """Read one audience or a list of them (RFC 7519 section 4.1.3)."""
    if isinstance(members.members.get("aud"), list):
        return tuple(members.texts("aud", most=MAX_AUDIENCES))
    return (members.text("aud"),)


def _read_time(members: JsonObject, name: str) -> float:
    """Read a NumericDate, which may have a fraction (RFC 7519 section 2)."""
    found = members.members.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= MAX_INTEGER:
        raise members.malformed(name, "missing, or not a time")
    return float(found)


def _read_flag(members: JsonObject, name: str) -> bool:
    found = members.members.get(name)
    return found is True or found in _TRUE if isinstance(found, bool | str) else False
