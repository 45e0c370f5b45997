"""Asks the packages of the real Fulcio what they make of configuration files and claims."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any, Final

from tests.interop import peers

SECONDS: Final = 120


def ask(questions: Sequence[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """Return the answers to pairs of a configuration file and the claims of a token."""
    lines = [json.dumps({"config": config.decode(), "claims": json.loads(claims)}) for config, claims in questions]
    done = subprocess.run(
        [peers.path("fulcio-identities")],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
