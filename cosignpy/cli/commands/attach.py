"""`cosignpy attach`."""

from typing import Annotated

import typer

from cosignpy.cli import wiring, wiring_keys
from cosignpy.cli.flags import ImageArgument, RegistryFlags
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.core.encoding import parse_pem
from cosignpy.core.oci.simple_signing import build_simple_signing
from cosignpy.errors import UsageError
from cosignpy.operations.attach import attach_bundle, attach_detached, parse_detached
from cosignpy.operations.download import CERTIFICATE_ANNOTATION, CHAIN_ANNOTATION
from cosignpy.operations.expand import resolve
from cosignpy.values import value


@value
class PartsFlags:
    """The parts of a signature, each in a file."""

    signature: Annotated[
        str,
        typer.Option(
            "--signature",
            "--bundle",
            metavar="FILE",
            show_default=False,
            help="Base64 text, or a bundle (JSON); - for stdin.",
        ),
    ] = ""
    payload: Annotated[
        str,
        typer.Option("--payload", metavar="FILE", show_default=False, help="What was signed, unless cosign's default."),
    ] = ""
    certificate: Annotated[
        str, typer.Option("--certificate", "--cert", metavar="FILE", show_default=False, help="The signer's (PEM).")
    ] = ""
    certificate_chain: Annotated[
        str,
        typer.Option("--certificate-chain", "--cert-chain", metavar="FILE", show_default=False, help="Issuers (PEM)."),
    ] = ""

    def annotations(self) -> dict[str, str]:
        """Read the certificates, as annotations of the signature."""
        files = {CERTIFICATE_ANNOTATION: self.certificate, CHAIN_ANNOTATION: self.certificate_chain}
        return {name: _read_pem(path) for name, path in files.items() if path}


def signature(image: ImageArgument, parts: PartsFlags, registry: RegistryFlags) -> None:
    """Attach a signature that was made elsewhere. It is checked for form, not for who made it."""
    if not parts.signature:
        raise UsageError("no signature to attach", "name its file with --signature")
    raw = read_input(parts.signature)
    opened = wiring.open_image(image, registry, wiring.Access.WRITE)
    subject = resolve(opened.repository, opened.target)
    if raw.lstrip().startswith(b"{"):
        if parts.payload or parts.annotations():
            raise UsageError("a bundle holds its payload and certificates", "give --signature alone")
        made = attach_bundle(opened.attachments, subject, raw, wiring_keys.signing_time())
    else:
        default = build_simple_signing(opened.identity, subject.digest, {})
        payload = read_input(parts.payload) if parts.payload else default
        detached = parse_detached(raw, payload, subject.digest, parts.annotations())
        made = attach_detached(opened.attachments, subject.digest, detached, wiring_keys.legacy_style(None))
    CURRENT.say(f"Attached to {subject.digest}: {made.digest}")


def _read_pem(path: str) -> str:
    raw = read_input(path)
    parse_pem(raw, what=f"certificate {path}")
    return raw.decode("ascii", "replace")
