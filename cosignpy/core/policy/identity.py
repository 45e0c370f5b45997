"""Whose certificates count: rules about the subject's name, the issuer of the identity, and what Fulcio says besides.

Patterns are RE2's, as in Go, and have no look-around and no back-references (docs/formats/bundle.md). `Matching` is
about a whole text; `Containing` finds its match anywhere in it, as cosign's flags do.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self, TypeAlias

from cosignpy.core.x509.fulcio_names import NUMBERS
from cosignpy.errors import UsageError
from cosignpy.values import field, value

MAX_PATTERN: Final = 4096
"""Characters of a pattern; a list of a hundred repositories has fewer."""

ISSUER: Final = NUMBERS["issuer"]
"""The Fulcio extension that holds who vouched for the identity."""
OLD_ISSUER: Final = NUMBERS["issuer-deprecated"]
"""Where certificates of before 2023 have it."""


@value
class CertificateIdentity:
    """Who a certificate names: its subject names, and Fulcio's extensions by the last number of their identifiers."""

    names: tuple[str, ...]
    extensions: Mapping[int, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Who vouched for the identity; empty where the certificate does not say."""
        return self.extensions.get(ISSUER, self.extensions.get(OLD_ISSUER, ""))

    def describe(self, extensions: Iterable[str] = ()) -> str:
        """Write it for a person, with what it says in some of the extensions."""
        said = [(name, self.extensions.get(NUMBERS[name])) for name in extensions]
        return f"{self}{''.join(f', no {name}' if text is None else f', {name} {text!r}' for name, text in said)}"

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
            raise UsageError(
                "an empty identity, issuer or extension matches nobody", "is a variable unset that should have it?"
            )

    def accepts(self, text: str) -> bool:
        """Tell whether the text is the one."""
        return text == self.wanted

    def __str__(self) -> str:
        return repr(self.wanted)


def _compile(pattern: str) -> Any:  # noqa: ANN401  # google-re2 has no types
    if not pattern or len(pattern) > MAX_PATTERN:
        raise UsageError(f"a pattern of {len(pattern)} characters", f"write 1 to {MAX_PATTERN}")
    import re2  # most policies name identities exactly

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0].decode("utf-8", "replace")
        raise UsageError(
            f"{pattern!r} is not a pattern: {why}",
            "patterns are RE2's, as in Go: without look-around and back-references",
        ) from error


@value
class Matching:
    """A text that the pattern describes from its first character to its last."""

    pattern: str
    compiled: Any = field(repr=False, compare=False)

    @classmethod
    def parse(cls, pattern: str) -> Self:
        """Compile a pattern.

        Raises:
            UsageError: It is empty, too long, or not RE2.
        """
        return cls(pattern, _compile(pattern))

    def accepts(self, text: str) -> bool:
        """Tell whether the pattern describes all of the text."""
        return self.compiled.fullmatch(text) is not None

    def __str__(self) -> str:
        return f"/^{self.pattern}$/"


@value
class Containing:
    """A text in which the pattern is found somewhere: whoever has it in their own name passes, unless it is anchored.

    What cosign's `-regexp` flags mean. Otherwise use `Matching`.
    """

    pattern: str
    compiled: Any = field(repr=False, compare=False)

    @classmethod
    def parse(cls, pattern: str) -> Self:
        """Compile a pattern.

        Raises:
            UsageError: It is empty, too long, or not RE2.
        """
        return cls(pattern, _compile(pattern))

    def accepts(self, text: str) -> bool:
        """Tell whether the pattern is found in the text."""
        return self.compiled.search(text) is not None

    @property
    def is_anchored(self) -> bool:
        """Whether it begins with `^` and ends with `$`, in each of its alternatives; no where that is not plain."""
        from cosignpy.core.policy.anchors import is_anchored  # for whoever warns of it

        return is_anchored(self.pattern)

    def __str__(self) -> str:
        return f"/{self.pattern}/"


TextRule: TypeAlias = Exactly | Matching | Containing
"""A rule about one text."""


@value
class IdentityRule:
    """One kind of signer: all rules about its name hold for one of the names, and all about issuer and extensions.

    A rule without names or without an issuer is refused: any stranger can get a certificate for some name. Extensions
    go by their names in `cosignpy.core.x509.fulcio_names`: `{"source-repository-uri": Exactly("https://...")}`.
    """

    names: tuple[TextRule, ...]
    issuers: tuple[TextRule, ...]
    extensions: Mapping[str, TextRule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a rule that would let strangers in.

        Raises:
            UsageError: Nothing is demanded of the name, or nothing of the issuer, or there is no such extension.
        """
        if not self.names or not self.issuers:
            raise UsageError(
                "an identity and its issuer have to be named, since anybody can get a certificate for some identity",
                "give --certificate-identity and --certificate-oidc-issuer (or their -regexp forms)",
            )
        for name in self.extensions:
            refuse_unknown_extension(name)

    def accepts(self, found: CertificateIdentity) -> bool:
        """Tell whether a certificate's identity is of this kind."""
        said = {name: found.extensions.get(NUMBERS[name]) for name in self.extensions}
        return (
            any(_accept(self.names, name) for name in found.names)
            and _accept(self.issuers, found.issuer)
            and all(text is not None and self.extensions[name].accepts(text) for name, text in said.items())
        )

    def __str__(self) -> str:
        names, issuers = (" and ".join(map(str, rules)) for rules in (self.names, self.issuers))
        extensions = "".join([f", {name} {rule}" for name, rule in self.extensions.items()])
        return f"{names} by {issuers}{extensions}"


def refuse_unknown_extension(name: str) -> None:
    """Refuse a name that none of Fulcio's extensions has.

    Raises:
        UsageError: It is none; the hint has those that look like it.
    """
    if name in NUMBERS:
        return
    from difflib import get_close_matches

    close = get_close_matches(name, NUMBERS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(NUMBERS)}"
    raise UsageError(f"certificates have no extension {name!r}", hint)


def _accept(rules: Iterable[TextRule], text: str) -> bool:
    return all(rule.accepts(text) for rule in rules)
