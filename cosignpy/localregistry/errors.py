"""The error bodies of the distribution spec 1.1 ("Error Codes"), and the status each is usually sent with."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum, auto
from typing import Final

from starlette.responses import Response

from cosignpy.core.encoding import encode_json
from cosignpy.values import record


class _UpperEnum(StrEnum):
    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:  # noqa: ARG004 - enum's signature
        return name


class ErrorCode(_UpperEnum):
    """The codes of the spec; `UNKNOWN` is Docker's, for what no code of the spec covers."""

    BLOB_UNKNOWN = auto()
    BLOB_UPLOAD_INVALID = auto()
    BLOB_UPLOAD_UNKNOWN = auto()
    DIGEST_INVALID = auto()
    MANIFEST_BLOB_UNKNOWN = auto()
    MANIFEST_INVALID = auto()
    MANIFEST_UNKNOWN = auto()
    NAME_INVALID = auto()
    NAME_UNKNOWN = auto()
    SIZE_INVALID = auto()
    UNAUTHORIZED = auto()
    DENIED = auto()
    UNSUPPORTED = auto()
    TOOMANYREQUESTS = auto()
    UNKNOWN = auto()


_STATUS: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.BLOB_UNKNOWN: 404,
    ErrorCode.BLOB_UPLOAD_INVALID: 400,
    ErrorCode.BLOB_UPLOAD_UNKNOWN: 404,
    ErrorCode.DIGEST_INVALID: 400,
    ErrorCode.MANIFEST_BLOB_UNKNOWN: 404,
    ErrorCode.MANIFEST_INVALID: 400,
    ErrorCode.MANIFEST_UNKNOWN: 404,
    ErrorCode.NAME_INVALID: 400,
    ErrorCode.NAME_UNKNOWN: 404,
    ErrorCode.SIZE_INVALID: 400,
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.DENIED: 403,
    ErrorCode.UNSUPPORTED: 405,
    ErrorCode.TOOMANYREQUESTS: 429,
    ErrorCode.UNKNOWN: 500,
}


@record
class OciError(Exception):
    """A request that is refused, as the client will read it; `status` 0 means the code's usual one."""

    code: ErrorCode
    message: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def response(self) -> Response:
        """Build the answer: `{"errors": [{"code", "message", "detail"}]}`."""
        body = {"errors": [{"code": str(self.code), "message": self.message, "detail": None}]}
        return Response(
            encode_json(body),
            status_code=self.status or _STATUS[self.code],
            headers=dict(self.headers),
            media_type="application/json",
        )
