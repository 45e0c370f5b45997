"""Values to HTML: the templates, what they may use, and the headers that confine what comes of them."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from cosignpy.core.encoding import encode_b64
from cosignpy.values import field, value

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
"""Entries hold texts of strangers: should one ever get through unescaped, it still cannot run."""

_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_SEPARATOR: Final = re.compile(r"(?<=[/@])(?=[^/])")


@value
class Asset:
    """A file that pages refer to."""

    content: bytes = field(repr=False)
    media_type: str
    etag: str


def load_assets() -> Mapping[str, Asset]:
    """Read the style sheet, the scripts and the icon, which come with this package."""
    found = {}
    for file in files(__package__).joinpath("static").iterdir():
        content = file.read_bytes()
        suffix = file.name[file.name.rindex(".") :]
        found[file.name] = Asset(content, _MEDIA_TYPES[suffix], f'"{sha256(content).hexdigest()}"')
    return found


def answer_asset(asset: Asset, known: str | None) -> Response:
    """Send a file, or say that the reader's copy, whose tag is `known`, is still the same."""
    headers = {**SECURITY_HEADERS, "etag": asset.etag}
    if known == asset.etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.media_type)


class Renderer:
    """Fills templates; all that is put into them is escaped."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= _FILTERS

    def page(self, name: str, page: object, *, base: str, status: int = 200) -> Response:
        """Render a page; `base` is the path below which this server is published, empty as a rule."""
        text = self._templates.get_template(name).render(page=page, base=base)
        return Response(text, status, SECURITY_HEADERS, "text/html; charset=utf-8")


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _count(number: int) -> str:
    return f"{number:,}"


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _pieces(text: str) -> list[str]:
    """Cut a long address where a line may end: behind its separators."""
    return _SEPARATOR.split(text)


_FILTERS: Final[Mapping[str, Callable[..., str | list[str]]]] = {
    "b64": encode_b64,
    "capitalize_first": _capitalize_first,
    "clock": _clock,
    "count": _count,
    "pieces": _pieces,
}
