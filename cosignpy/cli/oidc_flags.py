"""Flags about who signs, with cosign's names (cosign.md 1.2, group "oidc"): for commands that sign without a key."""

from typing import Annotated

import typer

from cosignpy.services.oidc.obtain import CLIENT, ISSUER, Flow
from cosignpy.services.oidc.redirect import DEFAULT_REDIRECT
from cosignpy.values import field, value


@value
class OidcFlags:
    """Who signs, and how they show it."""

    identity_token: Annotated[
        str,
        typer.Option(
            "--identity-token", metavar="TOKEN|FILE", show_default=False, help="The token itself, or better a file."
        ),
    ] = field(default="", repr=False)
    oidc_issuer: Annotated[str, typer.Option("--oidc-issuer", metavar="URL", help="Where to sign in.")] = ISSUER
    oidc_client_id: Annotated[
        str, typer.Option("--oidc-client-id", metavar="ID", help="The name that the issuer knows this program by.")
    ] = CLIENT
    oidc_client_secret_file: Annotated[
        str, typer.Option("--oidc-client-secret-file", metavar="FILE", show_default=False, help="The client's secret.")
    ] = ""
    oidc_redirect_url: Annotated[
        str,
        typer.Option(
            "--oidc-redirect-url",
            metavar="URL",
            show_default=DEFAULT_REDIRECT,
            help="Where the browser brings the answer; port 0 is any that is free.",
        ),
    ] = ""
    oidc_audience: Annotated[
        str,
        typer.Option(
            "--oidc-audience",
            metavar="NAME",
            show_default="the client id",
            help="Whom the token has to be for: what the certificate authority expects.",
        ),
    ] = ""
    oidc_provider: Annotated[
        str,
        typer.Option(
            "--oidc-provider",
            metavar="NAME",
            show_default="the first that is here",
            help="buildkite-agent, circleci, envvar, filesystem, github-actions, gitlab, google or spiffe.",
        ),
    ] = ""
    oidc_disable_ambient_providers: Annotated[
        bool,
        typer.Option(
            "--oidc-disable-ambient-providers/--no-oidc-disable-ambient-providers",
            help="Sign in even where a token lies ready.",
        ),
    ] = False
    fulcio_auth_flow: Annotated[
        Flow | None,
        typer.Option("--fulcio-auth-flow", show_default="a token that lies ready, else normal", help="How to sign in."),
    ] = None
