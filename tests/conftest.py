"""What holds for every test: no sockets in unit and property tests, honesty about absent third-party vectors."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

import pytest

from tests.support import vectors

_TESTS: Final = Path(__file__).resolve().parent
_OFFLINE: Final = (_TESTS / "unit", _TESTS / "property")
_LONGEST_ID: Final = 60
_DESELECTED: Final = pytest.StashKey[int]()


def _refuse_socket(*_args: object, **_kwargs: object) -> NoReturn:
    message = "unit and property tests open no sockets; this test belongs into tests/integration"
    raise AssertionError(message)


def pytest_configure() -> None:
    """Refuse to run without the third-party vectors in continuous integration.

    Raises:
        pytest.UsageError: CI=true, and the vectors are absent.
    """
    if vectors.required() and not vectors.available():
        message = f"CI=true and the third-party vectors are absent: {vectors.VECTORS}"
        raise pytest.UsageError(message)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run unit and property tests, their fixtures included, where nothing can connect, listen or resolve.

    A hook and not a fixture: Hypothesis refuses function-scoped fixtures, and fixtures are covered as well.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COSIGNPY_CONTEXT", "default")  # whoever runs the tests may have contexts of their own
        if any(item.path.is_relative_to(folder) for folder in _OFFLINE):
            for name in ("bind", "connect", "connect_ex"):
                patch.setattr(socket.socket, name, _refuse_socket)
            patch.setattr(socket, "getaddrinfo", _refuse_socket)
        return (yield)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name cases of bytes or long text by their parameter: signatures differ from run to run, and test ids must not."""
    unreadable = isinstance(val, bytes) or (isinstance(val, str) and len(val) > _LONGEST_ID)
    return argname if unreadable else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that need third-party vectors where there are none."""
    if vectors.available():
        return
    needing = [item for item in items if item.get_closest_marker(vectors.NEEDED.name)]
    config.stash[_DESELECTED] = len(needing)
    if needing:
        config.hook.pytest_deselected(items=needing)
        items[:] = [item for item in items if item not in needing]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what was not run for want of vectors."""
    if not vectors.available():
        count = config.stash.get(_DESELECTED, 0)
        terminalreporter.write_line(
            f"not run: {count or 'the'} tests that need third-party vectors, absent at {vectors.VECTORS}"
        )
