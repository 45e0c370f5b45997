"""The pages for people: templates, what fills them, and the headers that confine what comes of them."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from cosignpy.net.url import Url
from cosignpy.values import field, value

WARNING: Final = "For development only"
CONSEQUENCE: Final = "Anybody can sign in here as anybody, so trust nothing that this issuer says."

_MEDIA_TYPES: Final[Mapping[str, str]] = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
_CSP: Final = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
_HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@value
class HomePage:
    """What this is, and where its parts are."""

    issuer: str


@value
class SignInPage:
    """Who asks, and for whom they may act."""

    client: str
    destination: str
    action: str
    form_token: str = field(repr=False)
    email: str = ""
    problem: str = ""


@value
class DevicePage:
    """A device's code and who approves it."""

    action: str
    form_token: str = field(repr=False)
    user_code: str = ""
    email: str = ""
    code_problem: str = ""
    email_problem: str = ""


@value
class MessagePage:
    """What became of something."""

    title: str
    detail: str


Page = HomePage | SignInPage | DevicePage | MessagePage
_TEMPLATES: Final[Mapping[type, str]] = {
    HomePage: "home.html",
    SignInPage: "sign_in.html",
    DevicePage: "device.html",
    MessagePage: "message.html",
}


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
        self._templates.filters["capitalize_first"] = _capitalize_first

    def answer(self, page: Page, status: int = 200, *, leads_to: str = "", **more: str) -> Response:
        """Render a page. Its forms go to this server, which may send the browser on to `leads_to`."""
        text = self._templates.get_template(_TEMPLATES[type(page)]).render(
            page=page, warning=WARNING, consequence=CONSEQUENCE
        )
        policy = f"{_CSP}form-action 'self'{_form_target(leads_to)}"
        headers = {**_HEADERS, **more, "content-security-policy": policy}
        return Response(text, status, headers, "text/html; charset=utf-8")


def load_assets() -> Mapping[str, tuple[bytes, str]]:
    """Read the style sheet and the icon: content and media type by name."""
    found = {}
    for file in files(__package__).joinpath("static").iterdir():
        found[file.name] = (file.read_bytes(), _MEDIA_TYPES[file.name.rpartition(".")[2]])
    return found


def answer_asset(asset: tuple[bytes, str]) -> Response:
    """Send a file."""
    content, media_type = asset
    return Response(content, headers={**_HEADERS, "cache-control": "no-cache"}, media_type=media_type)


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _form_target(leads_to: str) -> str:
    """Return where else a form may lead: browsers hold redirects to the policy, too, which cannot name IPv6 hosts."""
    if not leads_to:
        return ""
    origin = Url.parse(leads_to).origin
    return f" {origin.scheme}:" if ":" in origin.host else f" {origin}"
