"""Who signs, from flags and environment: the second half of `wiring`, for commands that ask for an identity."""

import os
import sys
import threading
from pathlib import Path
from typing import Final

from cosignpy.cli.configuration import check_file
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.errors import FileError, LimitExceeded, UsageError
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.proxy import Proxies
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.obtain import Wanted, obtain_token
from cosignpy.services.oidc.token import IdentityToken

MAX_SECRET: Final = 4096
"""Characters of a client's secret."""
MAX_ANSWER: Final = 16 * 1024
"""Characters of an address that is pasted."""


def identity_token(flags: OidcFlags) -> IdentityToken:
    """Get the token of who runs this.

    Raises:
        IdentityUnusable: There is nobody to sign as, or the token is no good.
        RemoteError: An issuer or a provider does not answer as it should.
        UsageError: The flags do not go together.
    """
    client = HttpClient(HttpOptions(proxies=Proxies.from_environment(os.environ)))
    CURRENT.resources.callback(client.close)
    return obtain_token(_wanted(flags), Place(os.environ, client, Clock()), Terminal())


def _wanted(flags: OidcFlags) -> Wanted:
    return Wanted(
        token=flags.identity_token,
        issuer=flags.oidc_issuer,
        client=flags.oidc_client_id,
        secret=_read_secret(flags.oidc_client_secret_file) if flags.oidc_client_secret_file else "",
        redirect=flags.oidc_redirect_url,
        audience=flags.oidc_audience,
        provider=flags.oidc_provider,
        ambient=not flags.oidc_disable_ambient_providers,
        flow=flags.fulcio_auth_flow,
    )


def _read_secret(name: str) -> str:
    check_file("oidc_client_secret_file", name)
    try:
        with Path(name).open("r", encoding="utf-8") as file:
            secret = file.read(MAX_SECRET + 1).strip()
    except OSError as error:
        raise FileError(name, (error.strerror or str(error)).lower()) from error
    except ValueError:
        secret = ""
    if len(secret) > MAX_SECRET:
        raise LimitExceeded("client secret", f"more than {MAX_SECRET} characters")
    if not secret:
        raise FileError(name, "there is no client secret in it")
    return secret


class Terminal:
    """The person at this terminal, and their browser."""

    @property
    def is_present(self) -> bool:
        """Whether anybody can answer."""
        return sys.stdin.isatty()

    @property
    def has_browser(self) -> bool:
        """Whether there is a browser here; on Linux one of those that need a display counts only with a display."""
        import webbrowser

        try:
            webbrowser.get()
        except webbrowser.Error:
            return False
        return True

    def open_page(self, url: str) -> None:
        """Open a page; some browsers stay in the foreground until they are closed, hence the thread."""
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    def tell(self, text: str) -> None:
        """Tell them on stderr."""
        CURRENT.say(text)

    def ask(self, question: str) -> str:
        """Ask on stderr.

        Raises:
            UsageError: There is nobody.
        """
        if not self.is_present:
            raise UsageError("there is no browser here, and nobody at a terminal", "try --fulcio-auth-flow device")
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline(MAX_ANSWER)
