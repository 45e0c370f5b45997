"""One line of the log for each certificate, and one for each that was refused.

They say who asked, what was issued or why nothing was, and never what would let a reader do the same: no token, no
proof, no key. The request id stands in each line, as in the line of the request itself.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from cosignpy.core.encoding import encode_b64
from cosignpy.serving.request_log import fields
from cosignpy.values import value

MAX_TEXT: Final = 1024
"""Characters of a text from a token that a line holds; what is longer is cut, in lines and nowhere else."""


class Outcome(StrEnum):
    """What became of a request."""

    ISSUED = "issued"
    REFUSED = "refused"


@value
class AuditRecord:
    """What is on record about one request: empty or None is what was not known yet when it was refused.

    Attributes:
        issuer: Who vouched for the subject.
        subject: The subject, as the issuer calls it.
        name: The kind and text of the certificate's name.
        key: The kind of key.
        serial: The serial number; a refused request has one if a log may have been told of it.
        not_after: When the certificate expires.
        log_id: Of the SCT.
        sct_ms: When the log promised to show the certificate.
        status: What the client was answered.
        refusal: The class of the refusal.
        reason: Its true reason.
    """

    outcome: Outcome
    issuer: str = ""
    subject: str = ""
    name: str = ""
    key: str = ""
    serial: int | None = None
    not_after: datetime | None = None
    log_id: bytes = b""
    sct_ms: int | None = None
    status: HTTPStatus = HTTPStatus.OK
    refusal: str = ""
    reason: str = ""


class AuditLog:
    """Writes the lines; where they go is the process's business."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log

    def write(self, record: AuditRecord) -> None:
        """Write one line: a refusal as a warning, or as an error where it is our failure and not the client's."""
        level = logging.INFO if record.outcome is Outcome.ISSUED else _level(record.status)
        self._log.log(level, "certificate %s", record.outcome, extra=fields(**encode_record(record)))


def encode_record(record: AuditRecord) -> Mapping[str, object]:
    """Encode the members of a line; what is not known is left out."""
    members = {
        "issuer": record.issuer[:MAX_TEXT],
        "subject": record.subject[:MAX_TEXT],
        "san": record.name[:MAX_TEXT],
        "key": record.key,
        "serial": f"{record.serial:040x}" if record.serial is not None else "",
        "not_after": record.not_after.isoformat() if record.not_after is not None else "",
        "sct_log_id": encode_b64(record.log_id),
        "sct_ms": record.sct_ms,
        "status": record.status.value,
        "refusal": record.refusal,
        "reason": record.reason[:MAX_TEXT],
    }
    return {name: content for name, content in members.items() if content not in {"", None}}


def _level(status: HTTPStatus) -> int:
    return logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.WARNING
