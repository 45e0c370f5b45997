"""Who somebody is, by their identity token; the token itself is never shown."""

import time

from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.errors import one_line
from cosignpy.core.encoding import encode_json
from cosignpy.services.oidc.token import IdentityToken, tell_duration


def render_identity(token: IdentityToken) -> None:
    """Print what a certificate would say, where that is from, and until when."""
    identity, claims = token.identity, token.claims
    expires = token.expires.strftime("%Y-%m-%dT%H:%M:%SZ")
    if CURRENT.output is Output.JSON:
        found = {
            "identity": identity.name,
            "issuer": identity.issuer,
            "tokenIssuer": claims.issuer,
            "subject": claims.subject,
            "email": claims.email or None,
            "challenge": identity.challenge,
            "audience": list(claims.audience),
            "source": token.source,
            "expires": expires,
        }
        CURRENT.print(encode_json(found).decode())
        return
    rows = [("Identity", identity.name), ("Issuer", identity.issuer)]
    if identity.issuer != claims.issuer:
        rows.append(("Through", claims.issuer))
    rows += [
        ("From", token.source),
        ("Expires", f"{expires}, in {tell_duration(claims.expires - time.time())}"),
    ]
    for label, text in rows:
        CURRENT.print(f"{label + ':':<10}{one_line(text)}")
