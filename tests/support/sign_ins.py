"""Sign-ins for tests: a person with a browser of their own, and an issuer to sign in at."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.retry import NO_RETRIES
from cosignpy.services.oidc import flows
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.discovery import fetch_issuer
from cosignpy.services.oidc.oauth import OAuthClient
from cosignpy.values import field, record
from tests.support.form_browser import FormBrowser
from tests.support.oidc_client import Person

ADA: Final = Person("ada@example.com")
SECONDS: Final = 20.0
CLIENT: Final = HttpClient(HttpOptions(retry=NO_RETRIES))
"""To be closed by whoever uses it."""


@record
class BrowsingPerson:
    """Somebody at the machine. `change` turns the address that their browser opens into another one."""

    person: Person = field(default_factory=lambda: ADA)
    present: bool = True
    browser: bool = True
    answers: Callable[[str], str] = str
    told: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    visit: Callable[[str], str] | None = None

    @property
    def is_present(self) -> bool:
        return self.present

    @property
    def has_browser(self) -> bool:
        return self.browser

    def open_page(self, url: str) -> None:
        self.opened.append(url)
        self.threads.append(threading.Thread(target=self._browse, args=(url,), daemon=True))
        self.threads[-1].start()

    def _browse(self, url: str) -> None:
        visit = self.visit or (lambda address: FormBrowser("nowhere:").answer_all(address, self.person.answers))
        self.pages.append(visit(url))

    def tell(self, text: str) -> None:
        self.told.append(text)

    def ask(self, _question: str) -> str:
        return self.answers(self.told[-1])

    def page(self) -> str:
        """Return what the browser shows in the end."""
        self.threads[-1].join(SECONDS)
        return self.pages[-1]


def place(environment: Mapping[str, str] | None = None, root: Path = Path("/nowhere")) -> Place:
    """Return a place with a real client and nothing in it but what is given."""
    return Place(environment or {}, CLIENT, Clock(), root)


def sign_in(
    issuer: str, person: BrowsingPerson, client: OAuthClient | None = None, sleep: Callable[[float], None] = time.sleep
) -> flows.SignIn:
    """Begin a sign-in at an issuer."""
    talk = place().talk("the identity issuer", SECONDS)
    found = fetch_issuer(issuer, talk)
    return flows.SignIn(
        found, client or OAuthClient("sigstore"), "sigstore", talk, Clock(sleep=sleep), person, seconds=SECONDS
    )
