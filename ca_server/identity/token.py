"""Identity tokens: JSON Web Tokens, signed (RFC 7519, RFC 7515), from text to verified claims.

Pure: keys and time are given. What the claims say of a person or a job is the principals' business. PyJWT checks
signatures; it does not parse, since it decodes padded base64url and keeps the last of two equal claims.
"""

from collections.abc import Sequence
from typing import Final

from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.jose import ALGORITHMS, IssuerKey, JwsAlgorithm, decode_b64url
from cosignpy.core.encoding import parse_json
from cosignpy.errors import MalformedError
from cosignpy.values import field, record, value

MAX_TOKEN: Final = 64 << 10
"""Characters of a token. Those of build systems have 2,000, and with hundreds of groups in them 20,000."""

NOT_BEFORE_LEEWAY: Final = 5 * 60
"""Seconds that an issuer's clock may be ahead of ours; as go-oidc, and with it the real server."""

_DOTS: Final = 2
_UNREADABLE: Final = ("crit", "b64")
"""Header members that change how a token is to be read (RFC 7515 section 4.1.11, RFC 7797): in ways unknown to us."""


@value
class TokenHeader:
    """What a header says of the signature. Keys and URLs of keys in it are not looked at: anyone can write them."""

    algorithm: JwsAlgorithm
    key_id: str | None


@value
class UnverifiedToken:
    """A token that is well-formed. Nothing in it is true yet; its issuer says whose keys to ask."""

    header: TokenHeader
    issuer: str
    unverified_claims: Claims = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@record
class SignatureRefused(TokenRefused):
    """No given key made the signature; the issuer may have new ones."""


def parse_token(text: str) -> UnverifiedToken:
    """Parse a token in compact form (RFC 7515 section 7.1), what costs least first.

    Raises:
        TokenRefused: It is not one, or signed in a way that is not accepted.
    """
    if len(text) > MAX_TOKEN:
        raise TokenRefused(f"longer than {MAX_TOKEN} characters")
    if text.count(".") != _DOTS:
        # Counted before anything is split: a text of dots once cost the real server its memory (GHSA-f83f-xpx7-ffpw).
        raise TokenRefused("not three parts with dots between them")
    signed, _, signature = text.rpartition(".")
    header, _, payload = signed.partition(".")
    parsed = _parse_header(_parse_object(header, "header"))
    claims = _parse_object(payload, "payload")
    return UnverifiedToken(
        parsed, _parse_issuer(claims), claims, signed.encode("ascii"), _decode(signature, "signature")
    )


def verify_token(token: UnverifiedToken, keys: Sequence[IssuerKey], audience: str, now: float) -> Claims:
    """Show that the issuer of these keys made a token, for this audience, and that it is valid now.

    Raises:
        SignatureRefused: None of the keys made the signature.
        TokenRefused: Another audience, or not valid now.
    """
    _verify_signature(token, keys)
    claims = token.unverified_claims
    _verify_audience(claims, audience)
    _verify_times(claims, now)
    return claims


def _decode(part: str, name: str) -> bytes:
    try:
        return decode_b64url(part, what=name)
    except MalformedError as error:
        raise TokenRefused(f"its {name} is {error.why}") from error


def _parse_object(part: str, name: str) -> Claims:
    try:
        found = parse_json(_decode(part, name), what=name)
    except MalformedError as error:
        # The parser's words name keys, and those here are anyone's.
        raise TokenRefused(f"its {name} is not strict JSON") from error
    if not isinstance(found, dict):
        raise TokenRefused(f"its {name} is not a JSON object")
    return found


def _parse_header(members: Claims) -> TokenHeader:
    """Read the header (RFC 7515 section 4.1)."""
    name, key_id = members.get("alg"), members.get("kid")
    algorithm = ALGORITHMS.get(name) if isinstance(name, str) else None
    if algorithm is None:
        raise TokenRefused("its alg is none that is accepted")
    if key_id is not None and not isinstance(key_id, str):
        raise TokenRefused("its kid is not a text")
    for unreadable in _UNREADABLE:
        if unreadable in members:
            raise TokenRefused(f"its header has {unreadable}")
    return TokenHeader(algorithm, key_id or None)


def _parse_issuer(claims: Claims) -> str:
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise TokenRefused("its iss is missing or not a text")
    return issuer


def _verify_signature(token: UnverifiedToken, keys: Sequence[IssuerKey]) -> None:
    """Try the keys of the token's key id, or all where it has none (RFC 7515 section 4.1.4, OIDC Core section 10.1)."""
    algorithm, key_id = token.header.algorithm, token.header.key_id
    named = [key for key in keys if key_id in {None, key.key_id}]
    if not named:
        raise SignatureRefused("the issuer has no key with its key id")
    fitting = [key for key in named if key.may_verify(algorithm)]
    if not fitting:
        raise SignatureRefused(f"the issuer's key is not one for {algorithm.name}")
    if not any(algorithm.is_signed(token.signed, token.signature, key) for key in fitting):
        raise SignatureRefused("its signature was not made by the issuer's key")


def _verify_audience(claims: Claims, audience: str) -> None:
    """Look for our audience in `aud`, one text or a list of them (RFC 7519 section 4.1.3)."""
    found = claims.get("aud")
    named = [found] if isinstance(found, str) else found
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise TokenRefused("its aud is missing, or neither a text nor a list of texts")
    if audience not in named:
        raise TokenRefused("it is for another audience")


def _verify_times(claims: Claims, now: float) -> None:
    """Compare with `exp` and `nbf` (RFC 7519 sections 4.1.4 and 4.1.5); `iat` only has to be a time."""
    expiry, begin, _ = (_parse_date(claims, name) for name in ("exp", "nbf", "iat"))
    if expiry is None:
        raise TokenRefused("it has no exp")
    if expiry <= now:
        raise TokenRefused("it has expired")
    if begin is not None and begin > now + NOT_BEFORE_LEEWAY:
        raise TokenRefused("it is not valid yet")


def _parse_date(claims: Claims, name: str) -> float | None:
    """Return a NumericDate (RFC 7519 section 2), None where there is none."""
    if name not in claims:
        return None
    found = claims[name]
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise TokenRefused(f"its {name} is not a number")
    return found
