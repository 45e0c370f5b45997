"""Flags about what never counts: identities, keys and certificates that somebody should not have."""

from hashlib import sha256
from typing import Annotated, Final

import typer

from cosignpy.cli.arguments import DENIED, NAME, PATTERN
from cosignpy.cli.input_files import read_input
from cosignpy.core.policy.deny import Denial, DeniedCertificate, DeniedIdentity, DeniedKey, DenyList
from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.values import field, value

MAX_CERTIFICATES: Final = 100
"""Certificates in one file; an authority has two or three."""

_DIGEST: Final = "sha256:"


@value
class DenyFlags:
    """What never counts, whoever vouches for it."""

    deny_identity: Annotated[
        list[str],
        typer.Option(
            "--deny-identity",
            metavar=NAME,
            show_default=False,
            help="A signer who never counts, whoever vouches for them; repeat for several.",
        ),
    ] = field(default_factory=list)
    deny_identity_regexp: Annotated[
        list[str],
        typer.Option(
            "--deny-identity-regexp", metavar=PATTERN, show_default=False, help="The same: found anywhere in the name."
        ),
    ] = field(default_factory=list)
    deny_key: Annotated[
        list[str],
        typer.Option(
            "--deny-key",
            metavar=DENIED,
            show_default=False,
            help="A public key that never counts, or sha256:HEX as evidence has it.",
        ),
    ] = field(default_factory=list)
    deny_certificate: Annotated[
        list[str],
        typer.Option(
            "--deny-certificate",
            metavar=DENIED,
            show_default=False,
            help="A certificate that never counts, nor what it issued: a PEM file, or sha256:HEX of its DER.",
        ),
    ] = field(default_factory=list)
    deny_list: Annotated[
        list[str],
        typer.Option(
            "--deny-list",
            metavar="FILE",
            show_default=False,
            help="Lines of identity NAME, identity-regexp RE2, key sha256:HEX, certificate sha256:HEX.",
        ),
    ] = field(default_factory=list)

    def read(self) -> DenyList:
        """Build the list.

        Raises:
            UsageError: A pattern that is none.
            MalformedError: A digest, a certificate or a list that is none.
            CosignError: A file or a key cannot be read.
        """
        entries: list[Denial] = [
            *(DeniedIdentity(Exactly(name), "--deny-identity") for name in self.deny_identity),
            *(DeniedIdentity(Containing.parse(one), "--deny-identity-regexp") for one in self.deny_identity_regexp),
        ]
        for text in self.deny_key:
            entries += [DeniedKey(digest, f"--deny-key {text}") for digest in _hash_keys(text)]
        for text in self.deny_certificate:
            entries += [DeniedCertificate(digest, f"--deny-certificate {text}") for digest in _hash_certificates(text)]
        for path in self.deny_list:
            entries += _read_list(path)
        return DenyList.of(entries)


def _read_list(path: str) -> tuple[Denial, ...]:
    from cosignpy.core.policy.deny_file import parse_deny_list  # few commands have one

    return parse_deny_list(read_input(path), what=path)


def _hash_keys(text: str) -> list[bytes]:
    if text.startswith(_DIGEST):
        return [_parse_digest(text)]
    from cosignpy.cli import wiring_keys  # brings the registry along, which identities do not need

    return [sha256(key.spki).digest() for key in wiring_keys.load_public_keys((text,))]


def _hash_certificates(text: str) -> list[bytes]:
    if text.startswith(_DIGEST):
        return [_parse_digest(text)]
    from cosignpy.core.bundle.blob_files import parse_certificate_file
    from cosignpy.core.x509.certificate import Certificate
    from cosignpy.core.x509.chain import parse_chain_pem

    pem = parse_certificate_file(read_input(text), text)  # `sign-blob --output-certificate` writes base64 of it
    found = parse_chain_pem(pem, most=MAX_CERTIFICATES, what=text)
    for der in found:
        Certificate.parse(der, what=text)
    return [sha256(der).digest() for der in found]


def _parse_digest(text: str) -> bytes:
    from cosignpy.core.policy.deny_file import parse_sha256

    return parse_sha256(text)
