"""What both versions read from a request: its media types and its query."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Scope

from cosignpy.core.encoding import MAX_INTEGER
from cosignpy.errors import MalformedError
from cosignpy.serving.asgi import header
from cosignpy.serving.problem import Problem
from cosignpy.serving.routing import Refused

MAX_QUERY: Final = 4_096
"""Octets of a query: the longest has one e-mail address or subject, and numbers."""

_JSON_TYPE: Final = b"application/json"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


def refuse_other_media(scope: Scope, *, untyped: bool = False) -> None:
    """Refuse a body that does not say it is JSON; `untyped` lets one pass that says nothing.

    Raises:
        Refused: 415.
    """
    content_type = header(scope, b"content-type")
    if content_type == _JSON_TYPE or (untyped and not content_type):
        return
    if content_type.partition(b";")[0].strip().lower() != _JSON_TYPE:
        shown = content_type.decode("latin-1")
        problem = f"unsupported media type {shown!r}, only application/json is allowed"
        raise Refused(Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, problem))


def refuse_other_answer(scope: Scope, media_type: bytes = _JSON_TYPE) -> None:
    """Refuse a client that would not take the answer.

    Raises:
        Refused: 406.
    """
    accept = header(scope, b"accept")
    if not accept or b"*/*" in accept or media_type in accept or b"application/*" in accept:
        return
    problem = f"the answer is {media_type.decode()}, which the Accept header rules out"
    raise Refused(Problem(HTTPStatus.NOT_ACCEPTABLE, problem))


def read_query(scope: Scope) -> Mapping[str, str]:
    """Return the query's parameters; of one given several times, the first.

    Raises:
        MalformedError: Longer than any query, or not UTF-8.
    """
    raw: bytes = scope.get("query_string", b"")
    if len(raw) > MAX_QUERY:
        raise MalformedError("query", f"longer than {MAX_QUERY} bytes")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedError("query", "not UTF-8") from error
    return dict(reversed(pairs))


def read_number(query: Mapping[str, str], name: str, default: int | None = None) -> int:
    """Return a parameter that is a number of the log: 0 or more, of 63 bits.

    Raises:
        MalformedError: Missing and without a default, or not such a number.
    """
    text = query.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise MalformedError("query", f"{name} is required")
    if not _NUMBER.fullmatch(text) or int(text) > MAX_INTEGER:
        raise MalformedError("query", f"{name} is not a number between 0 and {MAX_INTEGER}")
    return int(text)


def read_limit(query: Mapping[str, str], most: int) -> int:
    """Return how many entries a page may have, at the most as many as it has when nothing is said.

    Raises:
        MalformedError: Not a number, or none of a page.
    """
    limit = read_number(query, "limit", most)
    if not 1 <= limit <= most:
        raise MalformedError("query", f"limit is not a number between 1 and {most}")
    return limit
