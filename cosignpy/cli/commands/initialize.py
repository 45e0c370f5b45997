"""`cosignpy initialize`."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from cosignpy.cli.invocation import CURRENT
from cosignpy.errors import UsageError


def initialize(
    mirror: Annotated[
        str | None,
        typer.Option(
            "--mirror",
            metavar="URL",
            show_default=False,
            help="Where the trust repository is served, https://... or file:///...; Sigstore's own if left out.",
        ),
    ] = None,
    root: Annotated[
        str | None,
        typer.Option(
            "--root",
            metavar="FILE",
            show_default=False,
            help="The root.json that trust begins with: a file, https://... or env://VARIABLE.",
        ),
    ] = None,
    root_checksum: Annotated[
        str | None,
        typer.Option(
            "--root-checksum",
            metavar="[sha512:]HEX",
            show_default=False,
            help="The SHA-256 of that file, or the SHA-512.",
        ),
    ] = None,
    staging: Annotated[bool, typer.Option("--staging", help="Take the mirror and root of Sigstore's staging.")] = False,
) -> None:
    """Fetch what to believe when verifying, and whom to ask when signing, and keep it until it expires.

    The cache is TUF_ROOT, else ~/.sigstore/root. Commands that need it fetch by themselves; this one
    chooses another mirror for them, and asks a mirror at once. If that fails, all stays as it was.
    The mirror of a context is that context's, and chosen for nobody else.
    """
    from cosignpy.cli import wiring_trust
    from cosignpy.services.tuf.cache import SIGNING_CONFIG
    from cosignpy.services.tuf.environment import cache_folder
    from cosignpy.services.tuf.initial_root import InitialRoot
    from cosignpy.services.tuf.mirror import STAGING, Mirror

    if staging and (mirror or root):
        raise UsageError("--staging has a mirror and a root of its own", "leave out --mirror and --root")
    if root_checksum is not None and root is None:
        raise UsageError("--root-checksum is of --root, which is not given")
    named = None if root is None else InitialRoot.parse(root, root_checksum)
    if named is not None and named.is_fetched and named.checksum is None:
        CURRENT.warn("a root that is fetched should be compared with --root-checksum, from another source")
    folder = cache_folder(os.environ)
    chosen = Mirror.parse(STAGING) if staging else wiring_trust.name_mirror(mirror, named)
    record = wiring_trust.open_mirror(folder, chosen).refresh()
    wiring_trust.choose_mirror(folder, chosen)
    if record.targets.get(SIGNING_CONFIG) is None:
        CURRENT.warn(f"{chosen.url} has no {SIGNING_CONFIG}: signing will have to be told whom to ask")
    until = datetime.fromtimestamp(record.expires, UTC)
    CURRENT.say(f"{chosen.url} is trusted until {until:%Y-%m-%d %H:%M} UTC, and will be asked again by then.")
