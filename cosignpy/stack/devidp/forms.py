"""Forms: how a person's answer is read, and how it is known to come from a page of ours."""

import hmac
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from cosignpy.errors import CosignError, MalformedError
from cosignpy.serving.asgi import read_capped
from cosignpy.values import record

MAX_FORM: Final = 64 * 1024
"""Of a request's body: a form's few fields, or what clients send to the token endpoint."""

COOKIE: Final = "devidp"
TOKEN_FIELD: Final = "form_token"  # noqa: S105 # the field's name

_MAX_FIELDS: Final = 64
_COOKIE: Final = re.compile(r"[0-9a-f]{64}")
_FORM: Final = "application/x-www-form-urlencoded"


@record
class ForeignForm(CosignError):
    """A form that did not come from a page of ours, or whose browser keeps no cookies."""

    def __str__(self) -> str:
        return "this form was not sent by the page it belongs to, or the browser keeps no cookies"


async def read_form(request: Request) -> Mapping[str, str]:
    """Read the fields of a form.

    Raises:
        BodyTooLarge: It is over `MAX_FORM`.
        MalformedError: It is no form, or has a field twice.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise MalformedError("form", f"expected {_FORM}")
    body = await read_capped(request, limit=MAX_FORM)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise MalformedError("form", "it cannot be read") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedError("form", "a field is there twice")
    return fields


class FormGuard:
    """Protects forms from being sent by other sites (OWASP's signed double submit).

    A cookie that only our pages get, and in each form a token made of it and of what the form is about: whoever has
    one form's token cannot answer another's.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def session(self, request: Request) -> str:
        """Return the browser's session, or a new one."""
        found = request.cookies.get(COOKIE, "")
        return found if _COOKIE.fullmatch(found) else secrets.token_hex(32)

    def remember(self, response: Response, session: str) -> Response:
        """Have the browser keep its session; pages of other sites cannot have it sent, and scripts cannot read it."""
        response.set_cookie(COOKIE, session, httponly=True, samesite="strict")
        return response

    def make_token(self, session: str, about: str) -> str:
        """Return the token of a form."""
        return hmac.new(self._secret, f"{session}\0{about}".encode(), sha256).hexdigest()

    def check(self, request: Request, fields: Mapping[str, str], about: str) -> None:
        """Let a form pass.

        Raises:
            ForeignForm: Its token does not belong to the browser and to what the form is about.
        """
        session = request.cookies.get(COOKIE, "")
        expected = self.make_token(session, about)
        if not (session and hmac.compare_digest(expected.encode(), fields.get(TOKEN_FIELD, "").encode())):
            raise ForeignForm
