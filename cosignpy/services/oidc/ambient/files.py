"""Tokens in variables and files."""

from pathlib import Path
from typing import Final

from cosignpy.errors import IdentityUnusable
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.claims import MAX_TOKEN

TOKEN_VARIABLE: Final = "SIGSTORE_ID_TOKEN"  # noqa: S105 - a name
FILE_VARIABLE: Final = "SIGSTORE_ID_TOKEN_FILE"
TOKEN_FILE: Final = "/var/run/sigstore/cosign/oidc-token"  # noqa: S105 - a path
"""cosign's; Kubernetes mounts a projected service account token there where a pod asks for it."""


def is_in_variable(place: Place) -> bool:
    """Tell whether there is a token in the environment."""
    return place.has(TOKEN_VARIABLE)


def fetch_from_variable(place: Place, _audience: str) -> str:
    """Return it."""
    return place.read(TOKEN_VARIABLE)


def is_in_file(place: Place) -> bool:
    """Tell whether a token file is named, or lies where cosign looks."""
    return place.has(FILE_VARIABLE) or place.path(TOKEN_FILE).exists()


def fetch_from_file(place: Place, _audience: str) -> str:
    """Read it anew each time: whoever put it there replaces it before it expires.

    Raises:
        IdentityUnusable: It cannot be read, or is larger than tokens are.
    """
    named = place.read(FILE_VARIABLE)
    return read_token_file(Path(named) if named else place.path(TOKEN_FILE))


def read_token_file(path: Path) -> str:
    """Read a token file.

    Raises:
        IdentityUnusable: It cannot be read, or is larger than tokens are.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOKEN + 1)
    except OSError as error:
        raise IdentityUnusable(str(path), (error.strerror or str(error)).lower()) from error
    if len(content) > MAX_TOKEN:
        raise IdentityUnusable(str(path), f"more than {MAX_TOKEN} bytes, which no token has")
    return content.decode("utf-8", "replace")
