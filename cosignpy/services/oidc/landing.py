"""The page a browser ends up on: that it worked, or what went wrong, and what to do next. Nothing on it is fetched."""

from collections.abc import Mapping
from hashlib import sha256
from html import escape
from types import MappingProxyType
from typing import Final

from cosignpy.core.encoding import encode_b64
from cosignpy.values import value

_STYLE: Final = """
:root{color-scheme:light dark;--page:#f4f5f5;--card:#fff;--text:#1d2226;--quiet:#586069;--line:#d6dadd;
--good:#1a6b3c;--bad:#a11c1c}
@media(prefers-color-scheme:dark){:root{--page:#15181b;--card:#1f2428;--text:#e3e6e8;--quiet:#a0a9b1;--line:#434b52;
--good:#7fd1a0;--bad:#ffa8a1}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--page);color:var(--text);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{width:min(32rem,100%);padding:clamp(1.4rem,6vw,2.6rem);border:1px solid var(--line);border-radius:12px;
background:var(--card);border-top:5px solid var(--mark)}
main.good{--mark:var(--good)}main.bad{--mark:var(--bad)}
svg{display:block;width:3rem;height:3rem;margin-bottom:1.1rem;stroke:var(--mark);fill:none;stroke-width:3;
stroke-linecap:round;stroke-linejoin:round}
h1{margin:0 0 .7rem;font-size:1.5rem;line-height:1.25;font-weight:650;text-wrap:balance}
p{margin:.5rem 0;overflow-wrap:anywhere}
.next{margin-top:1.1rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--quiet)}
"""
_STYLE_HASH: Final = encode_b64(sha256(_STYLE.encode()).digest())
_RING: Final = '<circle cx="24" cy="24" r="21"/>'
_MARKS: Final[Mapping[str, str]] = MappingProxyType(
    {"good": '<path d="M14.5 24.5l6.5 6.5L34 18"/>', "bad": '<path d="M24 13.5v13"/><path d="M24 33.5v.2"/>'}
)

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
    }
)
"""The address of the page has the code in it, which is to go nowhere from here."""


@value
class Page:
    """What a person is told."""

    status: int
    title: str
    detail: str
    advice: str

    def encode(self) -> bytes:
        """Return the page."""
        kind = "good" if self.status == 200 else "bad"  # noqa: PLR2004 - OK
        title, detail, advice = escape(self.title), escape(self.detail), escape(self.advice)
        text = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="icon" href="data:,"><title>{title} · cosignpy</title><style>{_STYLE}</style></head>'
            f'<body><main class="{kind}"><svg viewBox="0 0 48 48" aria-hidden="true">{_RING}{_MARKS[kind]}</svg>'
            f'<h1>{title}</h1><p>{detail}</p><p class="next">{advice}</p></main></body></html>'
        )
        return text.encode("utf-8")


RETRY: Final = "Go back to the terminal: it says more, and you can start again there."


def signed_in(name: str) -> Page:
    """Tell that it worked."""
    return Page(200, "You are signed in", f"cosignpy acts as {name}.", "Close this page and go back to the terminal.")


def failed(why: str) -> Page:
    """Tell that it did not."""
    return Page(400, "You are not signed in", f"{why[:1].upper()}{why[1:]}.", RETRY)


STRAY: Final = Page(
    404, "Nothing here", "cosignpy waits at another address for the answer to a sign-in.", "Use the page it opened."
)
FOREIGN: Final = Page(
    400,
    "This is not the sign-in that was started",
    "The answer does not belong to the request that cosignpy made, so it was not used.",
    "If you started a sign-in more than once, use the page that was opened last.",
)
USED: Final = Page(409, "This sign-in was answered before", "An answer counts once.", RETRY)
