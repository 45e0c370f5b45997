"""The audit log: one line for each request, with all that is known of it."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from io import StringIO
from typing import Any, Final

import pytest

from ca_server.issuance.audit import MAX_TEXT, AuditLog, AuditRecord, Outcome
from cosignpy.core.encoding import encode_b64
from cosignpy.serving.request_log import JsonLines
from cosignpy.values import replace

ISSUED: Final = AuditRecord(
    Outcome.ISSUED,
    issuer="https://accounts.example.com",
    subject="alice-1",
    name="email:alice@example.com",
    key="P-256",
    serial=0xABC,
    not_after=datetime(2026, 1, 1, 12, 20, tzinfo=UTC),
    log_id=b"\x01" * 32,
    sct_ms=1_767_268_800_000,
)


@pytest.fixture
def written() -> Iterator[tuple[AuditLog, StringIO]]:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("test.audit")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    yield AuditLog(log), stream
    log.removeHandler(handler)


def line_of(written: tuple[AuditLog, StringIO], record: AuditRecord) -> dict[str, Any]:
    log, stream = written
    log.write(record)
    text = stream.getvalue()
    assert text.count("\n") == 1
    return {name: content for name, content in json.loads(text).items() if name != "time"}


def test_an_issued_certificate_is_a_line(written: tuple[AuditLog, StringIO]) -> None:
    assert line_of(written, ISSUED) == {
        "level": "info",
        "logger": "test.audit",
        "message": "certificate issued",
        "issuer": "https://accounts.example.com",
        "subject": "alice-1",
        "san": "email:alice@example.com",
        "key": "P-256",
        "serial": f"{0xABC:040x}",
        "not_after": "2026-01-01T12:20:00+00:00",
        "sct_log_id": encode_b64(b"\x01" * 32),
        "sct_ms": 1_767_268_800_000,
        "status": 200,
    }


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (HTTPStatus.BAD_REQUEST, "warning"),
        (HTTPStatus.TOO_MANY_REQUESTS, "warning"),
        (HTTPStatus.INTERNAL_SERVER_ERROR, "error"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "error"),
    ],
)
def test_a_refusal_is_a_line_with_what_is_known(
    written: tuple[AuditLog, StringIO], status: HTTPStatus, level: str
) -> None:
    record = AuditRecord(Outcome.REFUSED, status=status, refusal="ProofRefused", reason="by another key")
    assert line_of(written, record) == {
        "level": level,
        "logger": "test.audit",
        "message": "certificate refused",
        "status": status.value,
        "refusal": "ProofRefused",
        "reason": "by another key",
    }


def test_texts_of_tokens_are_cut_and_make_no_lines(written: tuple[AuditLog, StringIO]) -> None:
    hostile = 'x"}\n{"message":"certificate issued' + "y" * 2 * MAX_TEXT
    line = line_of(written, replace(ISSUED, subject=hostile, name=hostile, issuer=hostile, reason=hostile))
    assert {line[name] for name in ("subject", "san", "issuer", "reason")} == {hostile[:MAX_TEXT]}
