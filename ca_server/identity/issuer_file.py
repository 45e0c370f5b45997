"""Fulcio's configuration file (fulcio, `pkg/config`): issuers, wildcards of issuers, and CI providers.

A file of the real server works as it is. What that would ignore, or notice only when a token comes, is an error here,
and an issuer may have rules for claims besides; docs/formats/issuers.md describes both.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.issuer_checks import check_issuer, parse_issuer_claim, parse_issuer_url
from ca_server.identity.issuer_document import Entry, parse_issuer_document
from ca_server.identity.issuers import Issuers
from ca_server.identity.provider import CiProvider
from ca_server.identity.provider_file import read_provider
from ca_server.identity.rules_file import read_rules
from cosignpy.documents import MAX_FILE, Node
from cosignpy.errors import FileError, UsageError
from cosignpy.files import explain
from cosignpy.serving.watched import WatchedFiles
from cosignpy.values import field, value

_ISSUERS: Final = "oidc-issuers"
_WILDCARDS: Final = "meta-issuers"
_PROVIDERS: Final = "ci-issuer-metadata"
_SECTIONS: Final = (_ISSUERS, _WILDCARDS, _PROVIDERS)

_FIELDS: Final = (
    "issuer-url",
    "client-id",
    "type",
    "ci-provider",
    "issuer-claim",
    "subject-domain",
    "spiffe-trust-domain",
    "challenge-claim",
    "description",
    "contact",
    "environment",
    "ca-cert",
    "skip-email-verification",
    "claim-rules",
)
_CHALLENGES: Final[Mapping[IssuerType, str]] = {IssuerType.EMAIL: "email"}
"""What clients are told to sign where the file does not say it; for all other types it is `sub`."""


class WatchedIssuers:
    """A configuration file that may change while the server runs."""

    def __init__(self, path: Path, private: Collection[str] = ()) -> None:
        """Read the file; `private` are the issuers that have an authority of their own, by their URLs in the file.

        Raises:
            FileError: It cannot be read.
            UsageError: Something in it is wrong.
        """
        self._path, self._private = path, private
        self._watched = WatchedFiles(path)
        self._current = load_issuers(path, private)

    def current(self) -> Issuers:
        """Return the issuers that are in force now."""
        return self._current

    def reload_if_changed(self) -> None:
        """Take the file as it is now.

        Raises:
            FileError: It cannot be read, or there is nothing in it.
            UsageError: Something in it is wrong. As before, those issuers stay in force that were.
        """
        self._watched.follow(self._read_again)

    def _read_again(self) -> None:
        raw = _read(self._path)
        if not raw:  # somebody is about to write it, in place; the rest is another change
            raise FileError(str(self._path), "it is empty", hint="to believe nobody, write `oidc-issuers: {}`")
        self._current = parse_issuers(raw, str(self._path), self._private)


def load_issuers(path: Path, private: Collection[str] = ()) -> Issuers:
    """Read a configuration file.

    Raises:
        FileError: It cannot be read.
        UsageError: Something in it is wrong, the first such thing; or it lacks an issuer of `private`.
    """
    return parse_issuers(_read(path), str(path), private)


def _read(path: Path) -> bytes:
    with explain(path), path.open("rb") as file:
        return file.read(MAX_FILE + 1)


def parse_issuers(raw: bytes, file: str, private: Collection[str] = ()) -> Issuers:
    """Read a configuration file from its text; `file` stands in errors.

    Raises:
        UsageError: As `load_issuers`.
    """
    root = Entry.read_outermost(parse_issuer_document(raw, file), _SECTIONS)
    providers = {name: read_provider(name, node) for name, node in root.mapping(_PROVIDERS).items()}
    reader = _Reader(providers, private)
    issuers = [
        reader.read(section, url, node)
        for section in (_ISSUERS, _WILDCARDS)
        for url, node in root.mapping(section).items()
    ]
    missing = sorted(set(private) - {issuer.configured for issuer in issuers})
    if missing:
        raise UsageError(f"{file}: it has no issuer {missing[0]}, which is to have an authority of its own")
    return Issuers(issuers)


@value
class _Reader:
    """What issuers refer to."""

    providers: Mapping[str, CiProvider]
    private: Collection[str] = field(repr=False)

    def read(self, section: str, url: str, node: Node) -> Issuer:
        """Read one issuer of a section."""
        entry = Entry.read(node, _FIELDS)
        self._check_url(section, url, entry)
        kind = _read_type(entry)
        issuer = Issuer(
            url=url,
            type=kind,
            audience=_demand(entry, "client-id", "the audience of tokens"),
            configured=url,
            subject_domain=entry.text("subject-domain"),
            spiffe_trust_domain=entry.text("spiffe-trust-domain"),
            issuer_claim=parse_issuer_claim(entry),
            challenge_claim=entry.text("challenge-claim") or _CHALLENGES.get(kind, "sub"),
            ca_cert=entry.text("ca-cert"),
            skip_email_verification=entry.flag("skip-email-verification"),
            ci_provider=entry.text("ci-provider"),
            provider=self._provider(entry) if kind is IssuerType.CI_PROVIDER else None,
            description=entry.text("description"),
            contact=entry.text("contact"),
            environment=entry.text("environment"),
            rules=read_rules(entry),
            authority=url if url in self.private else "",
        )
        return check_issuer(entry, issuer)

    def _check_url(self, section: str, url: str, entry: Entry) -> None:
        """Refuse URLs that no token can have; that of a wildcard stands only above its entry, as in Fulcio."""
        parse_issuer_url(entry, url)
        if section == _WILDCARDS:
            return
        if "*" in url:
            raise entry.place.error("`*` has a meaning only in meta-issuers")
        if entry.text("issuer-url") not in {"", url}:
            raise entry.error("issuer-url", "another URL than the one above", "both are the `iss` of its tokens")

    def _provider(self, entry: Entry) -> CiProvider:
        name = entry.text("ci-provider")
        if name not in self.providers:
            known = ", ".join(self.providers) or "none"
            raise entry.error("ci-provider", f"no such provider: {name!r}", f"in {_PROVIDERS}: {known}")
        return self.providers[name]


def _read_type(entry: Entry) -> IssuerType:
    name = _demand(entry, "type", "what its tokens speak of")
    if name not in set(IssuerType):
        raise entry.error("type", f"{name!r} is not one of the types", f"allowed: {', '.join(IssuerType)}")
    return IssuerType(name)


def _demand(entry: Entry, name: str, what: str) -> str:
    found = entry.text(name)
    if not found:
        raise entry.error(name, "missing", what)
    return found
