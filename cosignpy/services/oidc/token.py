"""An identity token as the rest of the program sees it: the text, kept to itself, and what follows from its claims."""

from datetime import UTC, datetime
from typing import Final, Self

from cosignpy.errors import IdentityUnusable, MalformedError
from cosignpy.services.oidc.claims import Claims, parse_claims
from cosignpy.services.oidc.principals import challenge_of, issuer_of, name_of
from cosignpy.values import field, value

CLOCK_SKEW: Final = 60.0
"""Seconds a token may be ahead of our clock; it is the certificate authority's that counts."""

_MINUTE: Final = 60
_HOUR: Final = 3600
_SHOWN: Final = 3
"""Audiences told of in an error."""


@value
class Identity:
    """Who a token is about, as a certificate would say it."""

    name: str
    issuer: str
    challenge: str
    """What the proof of possession signs."""


@value
class IdentityToken:
    """A token, and where it came from. Its text is secret: whoever has it signs in its holder's name."""

    raw: str = field(repr=False)
    source: str
    claims: Claims = field(repr=False)
    identity: Identity

    @classmethod
    def parse(cls, text: str, source: str) -> Self:
        """Parse a token; a line break behind it, as files have it, is no part of it.

        Raises:
            IdentityUnusable: It is not a token, or one about nobody.
        """
        raw = text.strip()
        try:
            claims = parse_claims(raw)
            identity = Identity(name_of(claims), issuer_of(claims), challenge_of(claims))
        except MalformedError as error:
            raise IdentityUnusable(source, str(error)) from error
        if claims.email and not claims.email_verified:
            raise IdentityUnusable(
                source,
                f"its issuer did not verify the e-mail address {claims.email}",
                "verify the address with the issuer, then sign in again",
            )
        return cls(raw, source, claims, identity)

    @property
    def expires(self) -> datetime:
        """When it expires."""
        return datetime.fromtimestamp(min(self.claims.expires, _LAST), UTC)

    def check(self, audience: str, now: float) -> None:
        """Check that it is for this audience and good now.

        Raises:
            IdentityUnusable: It is not.
        """
        if audience not in self.claims.audience:
            found = ", ".join(map(repr, self.claims.audience[:_SHOWN])) or "nobody"
            raise IdentityUnusable(
                self.source,
                f"the token is for {found}, not for {audience!r}",
                f"ask for a token with the audience {audience!r}, or name another with --oidc-audience",
            )
        if self.claims.expires <= now:
            self._refuse_time(f"the token expired {tell_duration(now - self.claims.expires)} ago")
        if self.claims.issued is not None and self.claims.issued > now + CLOCK_SKEW:
            self._refuse_time(f"the token was issued {tell_duration(self.claims.issued - now)} from now")

    def _refuse_time(self, why: str) -> None:
        hint = "get a fresh token; if this one is fresh, the clock of this machine is wrong"
        raise IdentityUnusable(self.source, why, hint)


_LAST: Final = 253_402_300_799.0
"""The end of the year 9999, behind which there are no dates in Python."""


def tell_duration(seconds: float) -> str:
    """Say how long that is, as a person would."""
    if seconds < _MINUTE:
        return _count(int(seconds), "second")
    if seconds < _HOUR:
        return _count(int(seconds // _MINUTE), "minute")
    return _count(int(seconds // _HOUR), "hour")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
