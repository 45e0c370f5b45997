"""`cosignpy whoami`."""

from cosignpy.cli import wiring_identity
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.invocation import Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.render.identity import render_identity


def whoami(oidc: OidcFlags, output: DataOutputFlag = Output.TEXT) -> None:
    """Show who you would sign as without a key: what a certificate would say, and where that is from.

    A token that lies ready is used (CI systems, clouds, files), else you sign in as you would to sign. Nothing
    is signed, and nothing is sent to a certificate authority or a log.
    """
    render_identity(wiring_identity.identity_token(oidc))
