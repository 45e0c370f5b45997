"""The packages that servers need and clients do not: the extra `server`, which a plain installation leaves out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cosignpy.errors import UsageError

PACKAGES: Final = frozenset(
    {
        "cbor2",
        "httptools",
        "jinja2",
        "jwt",
        "msgspec",
        "ntplib",
        "oauthlib",
        "orjson",
        "prometheus_client",
        "securesystemslib",
        "starlette",
        "uvicorn",
        "uvloop",
    }
)
"""What the extra installs, by the names it is imported under."""

OF_KUBERNETES: Final = PACKAGES | {"httpx2", "lightkube"}
"""What the extra `kubernetes` installs besides."""

_USAGE: Final = 2
"""The exit code of every program here for what was asked of it wrongly (docs/exit-codes.md)."""


@contextmanager
def explaining_absence(whose: str, extra: str = "server") -> Iterator[None]:
    """Import what the extra has to be there for.

    Raises:
        UsageError: It is not there.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in (PACKAGES if extra == "server" else OF_KUBERNETES):
            raise
        raise UsageError(f"{whose} packages are not installed", f"pip install 'cosignpy[{extra}]'") from error


@contextmanager
def importing_plainly(whose: str) -> Iterator[None]:
    """Import the commands of a server, whose own way to tell of errors is among what may be missing.

    Raises:
        SystemExit: The extra is not there; standard error has been told.
    """
    try:
        with explaining_absence(whose):
            yield
    except UsageError as error:
        sys.stderr.write(f"error: {error}\nhint: {error.hint}\n")
        raise SystemExit(_USAGE) from error
