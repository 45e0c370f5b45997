"""SPIFFE: a JWT-SVID of this workload, by SPIRE's own program, which speaks the workload API.

The API is gRPC over a socket, and no other part of this project needs gRPC; where there is no such program,
spiffe-helper writes the same token to a file.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import JsonValue, parse_json
from cosignpy.errors import IdentityUnusable, MalformedError
from cosignpy.net.redaction import redact_text
from cosignpy.services.oidc.ambient.files import FILE_VARIABLE
from cosignpy.services.oidc.ambient.place import Place

SOCKET_VARIABLE: Final = "SPIFFE_ENDPOINT_SOCKET"
SOCKET: Final = "/tmp/spire-agent/public/api.sock"  # noqa: S108 - SPIRE's default
PROGRAM: Final = "spire-agent"

_NAME: Final = "SPIFFE"
_SECONDS: Final = 30
_UNIX: Final = "unix:"


def is_spiffe(place: Place) -> bool:
    """Tell whether there is a socket of the workload API."""
    return _socket(place).exists()


def fetch_from_spiffe(place: Place, audience: str) -> str:
    """Have SPIRE's program fetch a token.

    Raises:
        IdentityUnusable: There is no such program, or it got none.
    """
    program = shutil.which(PROGRAM, path=place.read("PATH"))
    if program is None:
        hint = f"have spiffe-helper write a JWT-SVID to a file, and name it in {FILE_VARIABLE}"
        raise IdentityUnusable(_NAME, f"there is a socket, and no {PROGRAM} to speak to it", hint)
    command = [program, "api", "fetch", "jwt", "-audience", audience, "-output", "json"]
    command += ["-socketPath", str(_socket(place))]
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=_SECONDS)  # noqa: S603 - ours
    except (OSError, subprocess.TimeoutExpired) as error:
        raise IdentityUnusable(_NAME, f"{PROGRAM} did not answer") from error
    if done.returncode != 0:
        said = redact_text(done.stderr.decode("utf-8", "replace")) or f"exit code {done.returncode}"
        raise IdentityUnusable(_NAME, f"{PROGRAM} failed: {said}")
    return _find_svid(done.stdout)


def _socket(place: Place) -> Path:
    named = place.read(SOCKET_VARIABLE)
    return Path("/" + named.removeprefix(_UNIX).lstrip("/")) if named else place.path(SOCKET)


def _find_svid(raw: bytes) -> str:
    """Find the first token in the program's output: messages of the workload API, one after the other in a list."""
    try:
        messages: JsonValue = parse_json(raw, what=f"output of {PROGRAM}")
        return str(next(message["svids"][0]["svid"] for message in messages if "svids" in message))
    except (MalformedError, StopIteration, LookupError, TypeError) as error:
        raise IdentityUnusable(_NAME, f"{PROGRAM} gave no JWT-SVID") from error
