"""Flags about whom a certificate has to name, with cosign's names and meaning, and what cosign has no flags for."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer

from cosignpy.cli.arguments import EXTENSION, NAME, PATTERN, PATTERN_OF_EXTENSION
from cosignpy.cli.invocation import CURRENT
from cosignpy.core.policy.identity import (
    Containing,
    Exactly,
    IdentityRule,
    Matching,
    TextRule,
    refuse_unknown_extension,
)
from cosignpy.errors import UsageError
from cosignpy.values import field, value


@value
class IdentityFlags:
    """Whom the certificate has to name; where exact and pattern are given once each, both have to hold."""

    certificate_identity: Annotated[
        list[str],
        typer.Option(
            "--certificate-identity",
            "--cert-identity",
            metavar=NAME,
            show_default=False,
            help="Who signed, exactly; repeat for several.",
        ),
    ] = field(default_factory=list)
    certificate_identity_regexp: Annotated[
        list[str],
        typer.Option(
            "--certificate-identity-regexp",
            metavar=PATTERN,
            show_default=False,
            help="Who signed: found anywhere in the name, unless it begins with ^ and ends with $.",
        ),
    ] = field(default_factory=list)
    certificate_oidc_issuer: Annotated[
        list[str],
        typer.Option(
            "--certificate-oidc-issuer",
            "--cert-oidc-issuer",
            metavar=NAME,
            show_default=False,
            help="Who vouched for them, exactly: one for all, or one for each identity in their order.",
        ),
    ] = field(default_factory=list)
    certificate_oidc_issuer_regexp: Annotated[
        list[str],
        typer.Option(
            "--certificate-oidc-issuer-regexp",
            metavar=PATTERN,
            show_default=False,
            help="Who vouched: found anywhere in it, unless it begins with ^ and ends with $.",
        ),
    ] = field(default_factory=list)
    certificate_extension: Annotated[
        list[str],
        typer.Option(
            "--certificate-extension",
            metavar=EXTENSION,
            show_default=False,
            help="What the certificate has to say besides, as in runner-environment=github-hosted; repeat for several.",
        ),
    ] = field(default_factory=list)
    certificate_extension_regexp: Annotated[
        list[str],
        typer.Option(
            "--certificate-extension-regexp",
            metavar=PATTERN_OF_EXTENSION,
            show_default=False,
            help="The same by a pattern that describes all of it.",
        ),
    ] = field(default_factory=list)
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

    def rules(self) -> tuple[IdentityRule, ...]:
        """Build one rule for each identity, and warn of patterns that let strangers in.

        Raises:
            UsageError: Identity or issuer is missing, a pattern is none, or which belong together is not clear.
        """
        # Where none is given, the rule refuses itself.
        names = _texts(self.certificate_identity, self.certificate_identity_regexp, "--certificate-identity") or [()]
        issuers = _texts(
            self.certificate_oidc_issuer, self.certificate_oidc_issuer_regexp, "--certificate-oidc-issuer"
        ) or [()]
        if len(issuers) not in {1, len(names)}:
            raise UsageError(
                f"{len(issuers)} issuers for {len(names)} identities",
                "give one issuer for all of them, or one for each in the same order",
            )
        extensions = self._extensions()
        each = issuers if len(issuers) == len(names) else issuers * len(names)
        rules = tuple([IdentityRule(name, issuer, extensions) for name, issuer in zip(names, each, strict=True)])
        _warn_of_strangers([rule for texts in (*names, *issuers) for rule in texts])
        return rules

    def _extensions(self) -> dict[str, TextRule]:
        given: list[tuple[str, TextRule]] = [
            *(_named("--certificate-extension", pair, Exactly) for pair in self.certificate_extension),
            *(
                _named("--certificate-extension-regexp", pair, Matching.parse)
                for pair in self.certificate_extension_regexp
            ),
        ]
        for name in ("trigger", "sha", "name", "repository", "ref"):
            text = getattr(self, f"certificate_github_workflow_{name}")
            if text is not None:
                given.append((f"github-workflow-{name}", Exactly(text)))
        found: dict[str, TextRule] = {}
        for name, rule in given:
            if name in found:
                raise UsageError(f"the extension {name} is asked for twice", "say it in one pattern")
            found[name] = rule
        return found


def _texts(exact: Sequence[str], patterns: Sequence[str], flag: str) -> list[tuple[TextRule, ...]]:
    """Build the rules about one text of each identity; an empty one is what an unset variable leaves, and refused."""
    if exact and patterns and len(exact) + len(patterns) > 2:  # noqa: PLR2004 - one of each
        raise UsageError(
            f"{flag} and {flag}-regexp are both given, and several times: which belong together is not clear",
            "write all of them as patterns, an exact one as in ^alice@example\\.com$",
        )
    rules: list[TextRule] = [*map(Exactly, exact), *map(Containing.parse, patterns)]
    return [tuple(rules)] if exact and patterns else [(rule,) for rule in rules]


def _named(flag: str, pair: str, parse: Callable[[str], TextRule]) -> tuple[str, TextRule]:
    name, equals, text = pair.partition("=")
    if not equals:
        raise UsageError(
            f"{flag}: {pair!r} is not EXTENSION=TEXT", "write runner-environment=github-hosted, for instance"
        )
    refuse_unknown_extension(name)
    return name, parse(text)


def _warn_of_strangers(rules: Iterable[TextRule]) -> None:
    """Warn once of the patterns that are found in names of strangers as well."""
    loose = [str(rule) for rule in rules if isinstance(rule, Containing) and not rule.is_anchored]
    if loose:
        CURRENT.warn(
            f"{', '.join(dict.fromkeys(loose))}: found anywhere in a name, in a stranger's too; "
            "let it begin with ^ and end with $"
        )
