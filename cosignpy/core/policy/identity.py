"""Whose certificates count: rules about the subject's name, the issuer of the identity, and what Fulcio says besides.

Patterns are RE2's, as in Go: they find their match anywhere in a text, unless they say `^` and `$`, and they have no
look-around and no back-references (docs/formats/bundle.md).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Self

from cosignpy.errors import UsageError
from cosignpy.values import field, value

MAX_PATTERN: Final = 4096
"""Characters of a pattern; a list of a hundred repositories has fewer."""

ISSUER: Final = 8
"""The Fulcio extension that holds who vouched for the identity (Fulcio `oid-info.md`)."""
OLD_ISSUER: Final = 1
"""Where certificates of before 2023 have it."""

GITHUB_CLAIMS: Final[Mapping[str, int]] = MappingProxyType(
    {"trigger": 2, "sha": 3, "name": 4, "repository": 5, "ref": 6}
)
"""What cosign's `--certificate-github-workflow-*` compare, by the last number of the extension."""


@value
class CertificateIdentity:
    """Who a certificate names: its subject names, and Fulcio's extensions by the last number of their identifiers."""

    names: tuple[str, ...]
    extensions: Mapping[int, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Who vouched for the identity; empty where the certificate does not say."""
        return self.extensions.get(ISSUER, self.extensions.get(OLD_ISSUER, ""))

    def __str__(self) -> str:
        return f"{', '.join(map(repr, self.names)) or 'nobody'} by {self.issuer!r}"


@value
class Exactly:
    """A text that has to be this one, character by character."""

    wanted: str

    def __post_init__(self) -> None:
        """Refuse the empty text, which is what an unset variable leaves.

        Raises:
            UsageError: It is empty.
        """
        if not self.wanted:
            raise UsageError("an empty identity or issuer matches nobody")

    def accepts(self, text: str) -> bool:
        """Tell whether the text is the one."""
        return text == self.wanted

    def __str__(self) -> str:
        return repr(self.wanted)


@value
class Matching:
    """A text in which the pattern is found."""

    pattern: str
    compiled: Any = field(repr=False, compare=False)

    @classmethod
    def parse(cls, pattern: str) -> Self:
        """Compile a pattern.

        Raises:
            UsageError: It is empty, too long, or not RE2.
        """
        if not pattern or len(pattern) > MAX_PATTERN:
            raise UsageError(f"a pattern of {len(pattern)} characters", f"write 1 to {MAX_PATTERN}")
        import re2  # most policies name identities exactly

        options = re2.Options()
        options.log_errors = False
        try:
            return cls(pattern, re2.compile(pattern, options))
        except re2.error as error:
            why = error.args[0].decode("utf-8", "replace")
            raise UsageError(
                f"{pattern!r} is not a pattern: {why}",
                "patterns are RE2's, as in Go: without look-around and back-references",
            ) from error

    def accepts(self, text: str) -> bool:
        """Tell whether the pattern is found in the text."""
        return self.compiled.search(text) is not None

    def __str__(self) -> str:
        return f"/{self.pattern}/"


@value
class IdentityRule:
    """One kind of signer: all rules about its name hold for one of the names, and all about issuer and extensions.

    A rule without names or without an issuer is refused: any stranger can get a certificate for some name.
    """

    names: tuple[Exactly | Matching, ...]
    issuers: tuple[Exactly | Matching, ...]
    extensions: Mapping[int, Exactly | Matching] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a rule that would let strangers in.

        Raises:
            UsageError: Nothing is demanded of the name, or nothing of the issuer.
        """
        if not self.names or not self.issuers:
            raise UsageError(
                "an identity and its issuer have to be named, since anybody can get a certificate for some identity",
                "give --certificate-identity and --certificate-oidc-issuer (or their -regexp forms)",
            )

    def accepts(self, found: CertificateIdentity) -> bool:
        """Tell whether a certificate's identity is of this kind."""
        return (
            any(_accept(self.names, name) for name in found.names)
            and _accept(self.issuers, found.issuer)
            and all(
                number in found.extensions and rule.accepts(found.extensions[number])
                for number, rule in self.extensions.items()
            )
        )

    def __str__(self) -> str:
        names, issuers = (" and ".join(map(str, rules)) for rules in (self.names, self.issuers))
        extensions = "".join([f", extension {number} {rule}" for number, rule in self.extensions.items()])
        return f"{names} by {issuers}{extensions}"


def _accept(rules: Iterable[Exactly | Matching], text: str) -> bool:
    return all(rule.accepts(text) for rule in rules)
