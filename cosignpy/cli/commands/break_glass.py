"""`cosignpy webhook break-glass`: a signed exception for an emergency, as an object for the cluster."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from cosignpy.cli.flags import SIGNING_KEY_HELP, YesFlag
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.cli.units import parse_duration
from cosignpy.cli.wiring_signing import open_signing
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.oci.reference import Reference
from cosignpy.errors import MalformedError, UsageError
from cosignpy.files import write_file
from cosignpy.imagepolicy.globs import Glob
from cosignpy.operations.artifacts import HeldContent
from cosignpy.operations.sign_blob import sign_blob
from cosignpy.webhook.break_glass.grant import MAX_DURATION, Grant
from cosignpy.webhook.break_glass.manifest import build_manifest

ImagesArgument = Annotated[
    list[str],
    typer.Argument(metavar="IMAGE...", show_default=False, help="Images that may run, or globs as policies have."),
]
NamespaceFlag = Annotated[
    str, typer.Option("--namespace", "-n", metavar="NAME", show_default=False, help="Where they may run.")
]
ReasonFlag = Annotated[
    str, typer.Option("--reason", metavar="TEXT", show_default=False, help="Why; people read it in the audit log.")
]
ForFlag = Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long, 24h at the most.")]
NameFlag = Annotated[
    str, typer.Option("--name", metavar="NAME", show_default="by the time", help="What the object is called.")
]
ClusterFlag = Annotated[
    str, typer.Option("--cluster", metavar="NAME", help="The cluster that it is for, as its webhook is told.")
]
KeyFlag = Annotated[str, typer.Option("--key", metavar="KEY", show_default=False, help=SIGNING_KEY_HELP)]
OutFlag = Annotated[
    str, typer.Option("--out", "-o", metavar="FILE", show_default=False, help="Where it goes, not to stdout.")
]


def break_glass(
    images: ImagesArgument,
    who: OidcFlags,
    services: ServiceFlags,
    namespace: NamespaceFlag = "",
    reason: ReasonFlag = "",
    for_: ForFlag = "1h",
    name: NameFlag = "",
    cluster: ClusterFlag = "",
    key: KeyFlag = "",
    out: OutFlag = "",
    yes: YesFlag = False,
) -> None:
    """Sign an exception: images that may run in a namespace for a while, whatever policies say.

    What is printed is an object for `kubectl apply -f -`. It counts where an ImagePolicy of the webhook's namespace
    says that you may sign such, for files called break-glass.yaml, and where exceptions are turned on. Each use is
    warned of, logged, and stands in the audit log.
    """
    grant = _build(images, namespace, reason, for_, cluster)
    document = grant.encode()
    signing = open_signing(key, services, who, yes=yes)
    bundle = sign_blob(HeldContent(document), signing.key(), signing.services, signing.trust)
    manifest = build_manifest(name or f"break-glass-{grant.not_before:%Y%m%d-%H%M%S}", grant, encode_bundle(bundle))
    if out:
        write_file(Path(out), manifest)
    else:
        CURRENT.print(manifest.decode().rstrip("\n"))


def _build(images: list[str], namespace: str, reason: str, lasts: str, cluster: str) -> Grant:
    """Put an exception together, and read it as the webhook will.

    Raises:
        UsageError: Something is missing, or is none.
    """
    for flag, text, what in (("--namespace", namespace, "payments"), ("--reason", reason, "'INC-4711: ...'")):
        if not text:
            raise UsageError(f"{flag} is missing", f"as in {flag} {what}")
    now = datetime.now(UTC).replace(microsecond=0)
    end = now + timedelta(seconds=parse_duration(lasts))
    begin = max(now - _EARLIER, end - MAX_DURATION) if end - now <= MAX_DURATION else now
    try:
        globs = tuple([glob for image in images for glob in _read_globs(image)])
        grant = Grant(namespace, globs, reason, begin, end, cluster)
        return Grant.parse(grant.encode())
    except MalformedError as error:
        raise UsageError(f"no such exception can be: {error.why}") from error


def _read_globs(image: str) -> Iterator[Glob]:
    """Yield what an image is by when it is admitted: by its digest, or by a tag that could not be looked up.

    Raises:
        MalformedError: It is neither an image nor a glob.
        UsageError: It is named by a tag.
    """
    if "*" in image:
        yield Glob.parse(image)
        return
    named = Reference.parse(image)
    if named.digest is not None:
        yield Glob.parse(f"{named.name}@{named.digest}")
    elif named.tag is not None:
        what = f"{named.name} for all of its images, or {named.name}@sha256:... for one"
        raise UsageError(f"{image} is named by a tag, which is whatever was pushed last", f"name {what}")
    else:
        yield from (Glob.parse(f"{named.name}{mark}*") for mark in ("@", ":"))


_EARLIER: Final = timedelta(minutes=1)
"""How far the clocks of signer and cluster may be apart."""
