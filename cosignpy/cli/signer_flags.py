"""Flags about who has to have signed, and who must have seen it, with cosign's names and meaning."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cosignpy.cli.flags import VERIFYING_KEY_HELP
from cosignpy.cli.trust_source import select_trust
from cosignpy.core.policy.bundle import SignedByIdentity, SignedByKey
from cosignpy.core.policy.identity import GITHUB_CLAIMS, Exactly, IdentityRule, Matching
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
from cosignpy.operations.ports import TrustSource
from cosignpy.values import field, value


@value
class IdentityFlags:
    """Whom the certificate has to name; exact and pattern both have to hold where both are given."""

    certificate_identity: Annotated[
        str | None,
        typer.Option("--certificate-identity", "--cert-identity", metavar="NAME", help="Who signed, exactly."),
    ] = None
    certificate_identity_regexp: Annotated[
        str | None, typer.Option("--certificate-identity-regexp", metavar="RE2", help="Who signed: found in the name.")
    ] = None
    certificate_oidc_issuer: Annotated[
        str | None,
        typer.Option(
            "--certificate-oidc-issuer", "--cert-oidc-issuer", metavar="URL", help="Who vouched for them, exactly."
        ),
    ] = None
    certificate_oidc_issuer_regexp: Annotated[
        str | None,
        typer.Option("--certificate-oidc-issuer-regexp", metavar="RE2", help="Who vouched: found anywhere in it."),
    ] = None
    certificate_github_workflow_trigger: Annotated[
        str | None, typer.Option("--certificate-github-workflow-trigger", metavar="EVENT")
    ] = None
    certificate_github_workflow_sha: Annotated[
        str | None, typer.Option("--certificate-github-workflow-sha", metavar="SHA")
    ] = None
    certificate_github_workflow_name: Annotated[
        str | None, typer.Option("--certificate-github-workflow-name", metavar="NAME")
    ] = None
    certificate_github_workflow_repository: Annotated[
        str | None, typer.Option("--certificate-github-workflow-repository", metavar="OWNER/NAME")
    ] = None
    certificate_github_workflow_ref: Annotated[
        str | None, typer.Option("--certificate-github-workflow-ref", metavar="REF")
    ] = None

    @property
    def is_empty(self) -> bool:
        """Tell whether none was given."""
        return self == IdentityFlags()

    def rule(self) -> IdentityRule:
        """Build the rule.

        Raises:
            UsageError: Identity or issuer is missing, or a pattern is none.
        """
        flag = "certificate_github_workflow_"
        claims = {number: getattr(self, flag + name) for name, number in GITHUB_CLAIMS.items()}
        return IdentityRule(
            _rules(self.certificate_identity, self.certificate_identity_regexp),
            _rules(self.certificate_oidc_issuer, self.certificate_oidc_issuer_regexp),
            {number: Exactly(text) for number, text in claims.items() if text is not None},
        )


def _rules(exact: str | None, pattern: str | None) -> tuple[Exactly | Matching, ...]:
    """Build the rules that are given; an empty one is what an unset variable leaves, and refused."""
    given = [Exactly(exact)] if exact is not None else []
    return (*given, *([Matching.parse(pattern)] if pattern is not None else []))


@value
class SignerFlags:
    """Who has to have signed, and whom to believe about it."""

    key: Annotated[list[str], typer.Option("--key", metavar="KEY", show_default=False, help=VERIFYING_KEY_HELP)] = (
        field(default_factory=list)
    )
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
    def trust(self) -> TrustSource:
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
            raise UsageError("a key is good at any time", "leave --use-signed-timestamps out: it is for certificates")
        if self.key:
            from cosignpy.cli import wiring_keys  # brings the registry along, which identities do not need

            return SignedByKey(wiring_keys.load_public_keys(self.key))
        if identity.is_empty:
            raise UsageError(
                "nobody to verify against", "name --key, or --certificate-identity with --certificate-oidc-issuer"
            )
        sct = SkipSctUnsafe("--insecure-ignore-sct") if self.insecure_ignore_sct else RequireSct()
        return SignedByIdentity((identity.rule(),), self._time(), sct)

    def _time(self) -> RequireTime | RequireSignedTime | AssumeTimeUnsafe:
        if self.use_signed_timestamps:
            return RequireSignedTime()
        if isinstance(self.transparency, SkipLogUnsafe):
            return AssumeTimeUnsafe(datetime.now(UTC), "--insecure-ignore-tlog")
        return RequireTime()
