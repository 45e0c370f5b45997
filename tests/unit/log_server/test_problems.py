"""What clients are told of the log's own errors."""

from http import HTTPStatus

import pytest

from cosignpy.errors import KeyUnusable, MalformedError
from log_server.log import Frozen, NotTheOriginal, TryLater
from log_server.problems import translate
from log_server.storage.protocol import StorageError
from log_server.tlog.reader import LogDamaged, NoSuchEntry


@pytest.mark.parametrize(
    ("error", "status", "ours"),
    [
        (TryLater("busy", 3), 503, False),
        (Frozen("log.example"), 405, False),
        (TimeoutError(), 504, False),
        (KeyUnusable("key", "RSA of 1024 bits"), 400, False),
        (NotTheOriginal(5), 400, False),
        (MalformedError("entry", "not JSON"), 400, False),
        (NoSuchEntry(5, 5), 404, False),
        (LogDamaged("tile/0/000", "missing"), 500, True),
        (StorageError("tile/0/000", "too many open files"), 503, True),
    ],
    ids=lambda case: type(case).__name__,
)
def test_each_error_has_its_status(error: Exception, status: int, ours: bool) -> None:
    problem = translate(error)
    assert (problem.status, problem.ours) == (HTTPStatus(status), ours)


def test_a_busy_log_says_when_to_come_again() -> None:
    assert translate(TryLater("busy", 3)).headers == ((b"retry-after", b"3"),)


def test_storage_that_fails_is_asked_for_again_later() -> None:
    """Too many open files, for one, are soon fewer; what failed is for the log, and not for the answer."""
    problem = translate(StorageError("/secret/place", "too many open files"))
    assert (problem.headers, "secret" in problem.detail) == (((b"retry-after", b"1"),), False)
