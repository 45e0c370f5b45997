"""`cosignpy attach`."""

from typing import Annotated

import typer

from cosignpy.cli import wiring, wiring_keys
from cosignpy.cli.flags import ImageArgument, RegistryFlags
from cosignpy.cli.input_files import name_input, read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.oci.simple_signing import build_simple_signing
from cosignpy.errors import UsageError
from cosignpy.operations.attach import attach_bundle, attach_detached, parse_detached, parse_log_answer
from cosignpy.operations.attach_attestation import FoundAttestation, parse_attestations
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

    rekor_response: Annotated[
        str,
        typer.Option(
            "--rekor-response",
            metavar="FILE",
            show_default=False,
            help="The log's promise (JSON): cosign 2's blob bundle, the rekorBundle in it, or what Rekor v1 answered.",
        ),
    ] = ""
    tsr: Annotated[
        str, typer.Option("--tsr", metavar="FILE", show_default=False, help="A timestamp: an RFC 3161 response (DER).")
    ] = ""

    def read(self) -> SignatureParts:
        """Read what lies beside the signature.

        Raises:
            FileError: One of the files cannot be read.
            MalformedError: The log's answer is none.
        """
        return SignatureParts(
            read_input(self.certificate) if self.certificate else b"",
            read_input(self.certificate_chain) if self.certificate_chain else b"",
            parse_log_answer(read_input(self.rekor_response)) if self.rekor_response else b"",
            read_input(self.tsr) if self.tsr else b"",
        )


def signature(image: ImageArgument, parts: PartsFlags, registry: RegistryFlags) -> None:
    """Attach a signature that was made elsewhere. It is checked for form, not for who made it."""
    if not parts.signature:
        raise UsageError("no signature to attach", "name its file with --signature")
    raw = read_input(parts.signature)
    opened = wiring.open_image(image, registry, wiring.Access.WRITE)
    subject = resolve(opened.repository, opened.target)
    if raw.lstrip().startswith(b"{"):
        if parts != PartsFlags(parts.signature):
            raise UsageError("a bundle holds its payload and certificates", "give --signature alone")
        made = attach_bundle(opened.attachments, subject, raw, wiring_keys.signing_time())
    else:
        default = build_simple_signing(opened.identity, subject.digest, {})
        payload = read_input(parts.payload) if parts.payload else default
        detached = parse_detached(raw, payload, subject.digest, parts.read())
        made = attach_detached(opened.attachments, subject.digest, detached, wiring_keys.legacy_style(None))
    CURRENT.say(f"Attached to {subject.digest}: {made.digest}")


def attestation(
    image: ImageArgument,
    registry: RegistryFlags,
    attestation: Annotated[
        list[str],
        typer.Option(
            "--attestation",
            metavar="FILE",
            show_default=False,
            help="Bundles or envelopes (JSON), one in a line; - for stdin. Repeat for several.",
        ),
    ],
) -> None:
    """Attach attestations that were made elsewhere. They are checked for form and image, not for who made them."""
    opened = wiring.open_image(image, registry, wiring.Access.WRITE)
    subject = resolve(opened.repository, opened.target)
    found = list[FoundAttestation]()
    for path in attestation:
        with name_input(path):
            found += parse_attestations(read_input(path, wiring.max_attachment()), subject.digest)
    for one in found:
        made = one.store(opened.attachments, subject, wiring_keys.signing_time(), wiring_keys.legacy_style(None))
        CURRENT.say(f"Attached to {subject.digest}: {made.digest}")
