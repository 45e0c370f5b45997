"""A browser without a screen: it follows redirects, keeps cookies, and fills in the forms of sign-in pages.

As a program it is what others open as their browser: `python -m tests.support.form_browser URL NAME=VALUE...`
"""

import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from http.client import HTTPMessage
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import IO, Final
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from cosignpy.values import field, record, value

_SECONDS: Final = 30.0
_MAX_PAGES: Final = 8
"""A sign-in is a form or two, perhaps with one more to agree to something."""


@value
class Form:
    """A form of a page: where it goes, and what is in it already."""

    action: str
    fields: Mapping[str, str]
    buttons: Mapping[str, frozenset[str]]


@value
class Page:
    """A page as it came."""

    url: str
    status: int
    body: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def form(self) -> Form | None:
        """Return the first form that is posted."""
        reader = _FormReader()
        reader.feed(self.body)
        if reader.action is None:
            return None
        buttons = {name: frozenset(values) for name, values in reader.buttons.items()}
        return Form(urljoin(self.url, reader.action or self.url), reader.fields, buttons)


@record
class Arrived(Exception):
    """The browser was sent to where the client waits."""

    url: str


class FormBrowser:
    """One person's browser. Whoever is sent to `callback` has arrived: nothing listens there."""

    def __init__(self, callback: str) -> None:
        # To browsers this machine is as good as TLS, and Keycloak marks its cookies `Secure`.
        self.cookies = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self._opener = build_opener(HTTPCookieProcessor(self.cookies), _StopAt(callback))

    def open(self, url: str, fields: Mapping[str, str] | None = None, **headers: str) -> Page:
        """Open a page, or send a form to it.

        Raises:
            Arrived: It led to the client.
        """
        body = None if fields is None else urlencode(fields).encode()
        try:
            with self._opener.open(Request(url, body, headers), timeout=_SECONDS) as answer:
                return Page(answer.url, answer.status, answer.read().decode(), dict(answer.headers))
        except HTTPError as error:
            with error:
                return Page(error.url or url, error.code, error.read().decode(), dict(error.headers))

    def submit(self, page: Page, given: Mapping[str, str]) -> Page:
        """Fill in what a page's form asks for, as far as it is given, and send it.

        Raises:
            Arrived: It led to the client.
        """
        form = page.form
        assert form is not None, page.body
        pressed = {name: given[name] for name, values in form.buttons.items() if given.get(name) in values}
        filled = {name: given.get(name, content) for name, content in form.fields.items()}
        return self.open(form.action, {**filled, **pressed})

    def answer_all(self, url: str, given: Mapping[str, str]) -> str:
        """Open a page, send its form and those that follow; return where that led the client, or the last page."""
        try:
            page = self.open(url)
            for _ in range(_MAX_PAGES):
                if page.form is None:
                    return page.body
                page = self.submit(page, given)
        except Arrived as arrived:
            return arrived.url
        raise AssertionError(f"after {_MAX_PAGES} forms there is another: {page.body}")


class _StopAt(HTTPRedirectHandler):
    def __init__(self, callback: str) -> None:
        self._callback = callback

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Go on, but not to the client."""
        if newurl.startswith(self._callback):
            fp.close()
            raise Arrived(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.buttons: dict[str, set[str]] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the first form that is posted, and what is in it."""
        found = {name: content or "" for name, content in attrs}
        if tag == "form" and self.action is None and found.get("method", "").lower() == "post":
            self.action, self._inside = found.get("action", ""), True
        name, kind = found.get("name", ""), found.get("type", "")
        if not self._inside or not name:
            return
        if tag == "button" or (tag == "input" and kind == "submit"):
            self.buttons.setdefault(name, set()).add(found.get("value", ""))
        elif tag == "input" and kind not in {"checkbox", "radio"}:
            self.fields[name] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Note where the form ends."""
        if tag == "form":
            self._inside = False


if __name__ == "__main__":
    FormBrowser("nowhere:").answer_all(sys.argv[1], dict(given.split("=", 1) for given in sys.argv[2:]))
