"""The example of docs/formats/contexts.md, by the code that writes configuration files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cosignpy.cli.contexts import Context, Contexts, encode_contexts

_FOLDER: Final = Path("/home/me/.config/cosignpy")


def _contexts() -> bytes:
    private = Context(
        description="the private instance",
        trust_config=_FOLDER / "private" / "trust.json",
        oidc_issuer="https://login.example.com",
        oidc_client_id="cosignpy",
        oidc_client_secret_file=Path("/run/secrets/oidc"),
        registry_cacert=_FOLDER / "private" / "ca.pem",
    )
    staging = Context(
        tuf_mirror="https://tuf.example.com",
        tuf_root=_FOLDER / "staging" / "root.json",
        allow_http_registry=True,
    )
    return encode_contexts(Contexts("private", {"private": private, "staging": staging}), _FOLDER)


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {"contexts": _contexts}
"""By the name that its block carries."""
