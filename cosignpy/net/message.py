"""Requests, bodies and headers as values (RFC 9110 sections 5 and 9)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Final

from cosignpy.errors import MalformedError
from cosignpy.net.url import Url
from cosignpy.values import field, value

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|")

IDEMPOTENT: Final = frozenset({"DELETE", "GET", "HEAD", "PUT"})
"""Methods that may be sent again when nobody knows whether they arrived (RFC 9110 section 9.2.2)."""


@value
class BodyFactory:
    """A request body of known length that is opened once per attempt."""

    length: int
    open: Callable[[], Iterable[bytes]]

    def __call__(self) -> Iterable[bytes]:
        """Return the chunks from the start."""
        return self.open()


@value
class OneShotBody:
    """A request body that exists once (a pipe, another registry's answer): its request is never repeated."""

    length: int
    chunks: Iterable[bytes]

    def __call__(self) -> Iterable[bytes]:
        """Return the chunks; there is no second time."""
        return self.chunks


Body = bytes | BodyFactory | OneShotBody


class Headers:
    """Header fields with names in any case and, where a name came twice, all values in order."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple(fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def get(self, name: str) -> str | None:
        """Return the first value, or None."""
        return next(iter(self.get_all(name)), None)

    def get_all(self, name: str) -> Sequence[str]:
        """Return every value of a name."""
        wanted = name.lower()
        return [value for key, value in self._fields if key.lower() == wanted]


@value
class Request:
    """One request; `Host`, `Content-Length`, `User-Agent` and `Connection` are the client's business."""

    method: str
    url: Url
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = field(default=None, repr=False)
    deadline: float = inf
    """When the answer must be here, read to its end, by the client's monotonic clock; other limits hold besides."""
    repeatable: bool = False
    """Whether a POST is harmless to repeat: its receiver says so (RFC 9110 section 9.2.2, "some means to know")."""

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.method):
            raise MalformedError("HTTP request", "the method is not a token")
        for name, content in self.headers.items():
            # A line break in a value would let whoever chose it write headers of their own.
            if not _TOKEN.fullmatch(name) or not _FIELD_VALUE.fullmatch(content):
                raise MalformedError("HTTP request", f"header {name!r} cannot be sent as it is")

    @property
    def is_idempotent(self) -> bool:
        """Tell whether repeating it is harmless."""
        return (self.repeatable or self.method in IDEMPOTENT) and self.is_replayable

    @property
    def is_replayable(self) -> bool:
        """Tell whether its body can be had again."""
        return not isinstance(self.body, OneShotBody)

    @property
    def content_length(self) -> int | None:
        """The length of the body; bodyless POST, PUT and PATCH say zero (RFC 9110 section 8.6)."""
        if self.body is None:
            return 0 if self.method in {"PATCH", "POST", "PUT"} else None
        return len(self.body) if isinstance(self.body, bytes) else self.body.length

    def chunks(self) -> Iterable[bytes]:
        """Return the body from its start."""
        if self.body is None:
            return ()
        return (self.body,) if isinstance(self.body, bytes) else self.body()
