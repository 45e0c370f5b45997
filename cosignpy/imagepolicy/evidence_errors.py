"""What went wrong while images were looked at, kept in evidence field by field, so that it can be raised again."""

from collections.abc import Mapping
from types import NoneType
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue
from cosignpy.documents import DocumentError
from cosignpy.errors import (
    AccessDenied,
    CosignError,
    DigestMismatch,
    FileError,
    HelperFailed,
    LimitExceeded,
    MalformedError,
    NoSuchTag,
    NoSuchTarget,
    RateLimited,
    RemoteError,
    Unreachable,
    UntrustedRepository,
    UsageError,
)
from cosignpy.values import fields_of

KEPT: Final[Mapping[str, type[CosignError]]] = {
    kind.__name__: kind
    for kind in (
        AccessDenied,
        DigestMismatch,
        DocumentError,
        FileError,
        HelperFailed,
        LimitExceeded,
        MalformedError,
        NoSuchTag,
        NoSuchTarget,
        RateLimited,
        RemoteError,
        Unreachable,
        UntrustedRepository,
        UsageError,
    )
}
"""What registries, files and mirrors are refused for: all of it is texts and numbers, and none of it is secret."""

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "hint": (str, NoneType),
    "line": (int,),
    "retry_after": (int, float, NoneType),
    "retryable": (bool,),
    "status": (int, NoneType),
}
"""Of the fields that are no texts."""


def encode_error(error: CosignError) -> JsonValue:
    """Return the class of an error, and its fields.

    Raises:
        MalformedError: It is of a class that is not kept.
    """
    kind = type(error)
    if KEPT.get(kind.__name__) is not kind:
        raise MalformedError("policy evidence", f"a {kind.__name__} cannot be kept: {error}")
    return {"kind": kind.__name__} | {name: getattr(error, name) for name in fields_of(kind)}


def parse_error(found: JsonObject) -> CosignError:
    """Return the error that `encode_error` was given.

    Raises:
        MalformedError: It has another class, or other fields.
    """
    kind = KEPT.get(found.text("kind"))
    if kind is None:
        raise found.malformed("kind", f"{found.text('kind')!r} is not kept")
    members = {name: content for name, content in found.members.items() if name != "kind"}
    if members.keys() != fields_of(kind).keys():
        raise found.malformed("kind", f"a {kind.__name__} has {', '.join(fields_of(kind))}")
    for name, content in members.items():
        if type(content) not in _TYPES.get(name, (str,)):
            raise found.malformed(name, "of the wrong type")
    return kind(**members)
