"""Who a token is about, and what it says of them."""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Final

from cosignpy.core.encoding import JsonValue, parse_json
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

Claims = Mapping[str, JsonValue]

MAX_EMAIL: Final = 254
"""RFC 5321 section 4.5.3.1.3, without the brackets around a path."""

_EMAIL: Final = re.compile(r"[^\s@<>\x00-\x1f\x7f]{1,64}@[^\s@<>\x00-\x1f\x7f]+")
"""Enough to catch a slip of the pen; certificate authorities look closer, and tests of theirs need odd addresses."""
_CLAIM_NAME: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
_SUBJECT_BYTES: Final = 15


@value
class Identity:
    """A person by e-mail address, a machine by subject, or both; `claims` are added, and beat what is there."""

    email: str = ""
    subject: str = ""
    claims: Claims = field(default_factory=dict)

    def encode_claims(self) -> dict[str, JsonValue]:
        """Return the claims that are about the identity; an e-mail address is always a verified one."""
        told: dict[str, JsonValue] = {"sub": self.subject or _make_subject(self.email)}
        if self.email:
            told |= {"email": self.email, "email_verified": True}
        return told | dict(self.claims)


def parse_email(text: str) -> str:
    """Return an e-mail address without the blanks around it.

    Raises:
        MalformedError: It is none.
    """
    address = text.strip()
    if len(address) > MAX_EMAIL:
        raise MalformedError("e-mail address", f"longer than {MAX_EMAIL} characters")
    if not _EMAIL.fullmatch(address):
        raise MalformedError("e-mail address", "it has to look like name@example.com")
    return address


def parse_claim(text: str) -> tuple[str, JsonValue]:
    """Parse `NAME=JSON`.

    Raises:
        MalformedError: There is no name, or what follows it is not JSON.
    """
    name, equals, content = text.partition("=")
    if not equals or not _CLAIM_NAME.fullmatch(name):
        raise MalformedError("claim", 'expected NAME=JSON, such as repository="owner/name"')
    return name, parse_json(content.encode("utf-8", "surrogateescape"), what=f"claim {name}")


def _make_subject(email: str) -> str:
    """Return the same opaque text for the same address each time, as a real issuer would (OIDC Core section 2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(email.encode()).digest()[:_SUBJECT_BYTES]).decode()
