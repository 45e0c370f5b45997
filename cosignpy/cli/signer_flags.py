"""Flags about who has to have signed, and who must have seen it, with cosign's names and meaning."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cosignpy.cli.arguments import KEY, TIMED_KEY
from cosignpy.cli.flags import VERIFYING_KEY_HELP
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.trust_source import select_trust
from cosignpy.core.policy.bundle import SignedByIdentity, SignedByKey
from cosignpy.core.policy.transparency import (
    AssumeTimeUnsafe,
    RequireLog,
    RequireSct,
    RequireSignedTime,
    RequireTime,
    SkipLogUnsafe,
    SkipSctUnsafe,
)
from cosignpy.errors import UsageError
from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.policy.key_window import KeyWindow
    from cosignpy.operations.ports import TrustSource


_TIMES: Final = re.compile(r",(start|end)-time=")
"""What a key has that counts in its time only."""


@value
class SignerFlags:
    """Who has to have signed, and whom to believe about it."""

    key: Annotated[
        list[str],
        typer.Option(
            "--key",
            metavar=KEY,
            show_default=False,
            help=f"{VERIFYING_KEY_HELP} One that counts in its time only: key=FILE,start-time=...,end-time=...",
        ),
    ] = field(default_factory=list)
    trusted_root: Annotated[
        str,
        typer.Option("--trusted-root", metavar="FILE", show_default=False, help="Whom to believe, in place of TUF's."),
    ] = ""
    insecure_ignore_tlog: Annotated[
        bool,
        typer.Option(
            "--insecure-ignore-tlog/--no-insecure-ignore-tlog",
            help="Accept signatures that no transparency log has recorded.",
        ),
    ] = False
    insecure_ignore_sct: Annotated[
        bool,
        typer.Option(
            "--insecure-ignore-sct/--no-insecure-ignore-sct",
            help="Accept certificates that no certificate transparency log has promised to show.",
        ),
    ] = False
    use_signed_timestamps: Annotated[
        bool,
        typer.Option(
            "--use-signed-timestamps/--no-use-signed-timestamps", help="Only timestamp authorities tell the time."
        ),
    ] = False
    offline: Annotated[
        bool,
        typer.Option("--offline/--no-offline", help="Ask no mirror whom to believe: what is cached has to do."),
    ] = False
    private_infrastructure: Annotated[bool, typer.Option("--private-infrastructure", hidden=True)] = False

    @property
    def transparency(self) -> RequireLog | SkipLogUnsafe:
        """What is demanded of logs."""
        waived = self.insecure_ignore_tlog or self.private_infrastructure
        return SkipLogUnsafe("--insecure-ignore-tlog") if waived else RequireLog()

    @property
    def trust(self) -> "TrustSource":
        """Where it is written whom to believe."""
        return select_trust(self.trusted_root, offline=self.offline)

    def signer(self, identity: IdentityFlags) -> SignedByKey | SignedByIdentity:
        """Build the rule about the signer.

        Raises:
            UsageError: Neither a key nor an identity, both, or a part of the identity is missing.
            CosignError: A key cannot be loaded.
        """
        if self.key and not identity.is_empty:
            raise UsageError("a key and an identity are given", "a signature is made by one of them: leave one out")
        if self.key and self.use_signed_timestamps:
            raise UsageError("--use-signed-timestamps is about certificates, and a key is given", "leave it out")
        if self.key:
            return _load_keys(self.key)
        if identity.is_empty:
            raise UsageError(
                "nobody to verify against", "name --key, or --certificate-identity with --certificate-oidc-issuer"
            )
        sct = SkipSctUnsafe("--insecure-ignore-sct") if self.insecure_ignore_sct else RequireSct()
        return SignedByIdentity(identity.rules(), self._time(), sct)

    def _time(self) -> RequireTime | RequireSignedTime | AssumeTimeUnsafe:
        if self.use_signed_timestamps:
            return RequireSignedTime()
        if isinstance(self.transparency, SkipLogUnsafe):
            return AssumeTimeUnsafe(datetime.now(UTC), "--insecure-ignore-tlog")
        return RequireTime()


def _load_keys(texts: Sequence[str]) -> SignedByKey:
    """Load the keys to verify with, some of which may count in their time only.

    Raises:
        UsageError: A time that is none, or one key with two of them.
        CosignError: A key cannot be loaded.
    """
    from cosignpy.cli import wiring_keys  # brings the registry along, which identities do not need

    windows: dict[PublicKey, KeyWindow | None] = {}
    for text in texts:
        if _TIMES.search(text) and not text.startswith(TIMED_KEY):
            raise UsageError(f"--key {text} has a time, and is not key=...", f"write --key key={text}")
        reference, window = _parse_timed(text) if text.startswith(TIMED_KEY) else (text, None)
        for key in wiring_keys.load_public_keys((reference,)):
            if windows.setdefault(key, window) != window:
                raise UsageError(f"the key {key.fingerprint} is given twice, to count at different times")
    return SignedByKey(tuple(windows), {key: window for key, window in windows.items() if window is not None})


def _parse_timed(text: str) -> "tuple[str, KeyWindow]":
    from cosignpy.cli.service_specs import ServiceSpec
    from cosignpy.core.policy.key_window import KeyWindow

    spec = ServiceSpec.parse("--key", text, ("key",), ("start-time", "end-time"))
    return spec["key"], KeyWindow(spec.validity.start, spec.validity.end)
