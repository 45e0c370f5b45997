"""Image references: `[registry[:port]/]repository[:tag][@digest]`.

The grammar is the one of the OCI distribution spec 1.1 ("Pulling manifests"); the defaults for Docker Hub
(`docker.io`, `library/`, `latest`) are what every container tool applies. Names are lower case and ASCII:
what looks like an internationalised domain name is refused rather than guessed.
"""

import re
from typing import Final, NewType

from cosignpy.core.digest import Digest
from cosignpy.errors import MalformedError
from cosignpy.values import value

Tag = NewType("Tag", str)
"""A tag in the grammar that registries accept: what `Reference.parse` found behind the colon."""

DOCKER_HUB: Final = "index.docker.io"
"""Docker Hub's canonical name in signed payloads, and a host its API answers at."""

_DOCKER_HUB_ALIASES: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
DEFAULT_TAG: Final = Tag("latest")
MAX_REPOSITORY: Final = 255
"""Characters in a repository path: the limit of the reference implementations and of most registries."""

_HOST: Final = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
_REGISTRY: Final = re.compile(rf"(?:{_HOST}|\[[0-9a-fA-F:]{{2,45}}\])(?::(?P<port>[0-9]{{1,5}}))?")
_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_MAX_PORT: Final = 65535


def parse_tag(text: str) -> Tag:
    """Parse a tag.

    Raises:
        MalformedError: Empty, over 128 characters, or with a character tags may not have.
    """
    if not _TAG.fullmatch(text):
        raise MalformedError("image reference", f"{text!r} is not a tag")
    return Tag(text)


@value
class Reference:
    """A parsed image name: where (registry), what (repository), which (tag, digest, or both; the digest wins)."""

    registry: str
    repository: str
    tag: Tag | None = None
    digest: Digest | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"

    @property
    def name(self) -> str:
        """The repository with its registry, as legacy payloads spell it (`docker-reference`)."""
        return f"{self.registry}/{self.repository}"

    @property
    def target(self) -> Digest | Tag:
        """What to ask the registry for: the digest where there is one, else the tag, else `latest`."""
        return self.digest or self.tag or DEFAULT_TAG

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Parse what a person or a manifest calls an image.

        Raises:
            MalformedError: Anything the grammar does not allow; the reason names the part.
        """
        if not text.isascii():
            raise MalformedError("image reference", f"{text!r} has characters outside ASCII")
        remainder, at, digest_text = text.partition("@")
        digest = Digest.parse(digest_text) if at else None
        name, tag = _split_tag(remainder)
        registry, repository = split_registry(name)
        if registry == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        _check_repository(repository, text)
        return cls(registry, repository, tag, digest)


def parse_repository(text: str) -> Reference:
    """Parse a repository without tag or digest, as in COSIGN_REPOSITORY.

    Raises:
        MalformedError: Not a repository, or with a tag or digest.
    """
    reference = Reference.parse(text)
    if reference.tag or reference.digest:
        raise MalformedError("repository", f"{text!r} names a tag or digest, only registry/path is wanted")
    return reference


def parse_registry(text: str) -> str:
    """Parse a registry host, with `[ip6]` and a port where given; Docker Hub's names become one.

    Raises:
        MalformedError: Not a host name (RFC 1123), a port out of range, or a name in punycode (IDN).
    """
    match = _REGISTRY.fullmatch(text)
    if match is None:
        raise MalformedError("image reference", f"{text!r} is not a registry host")
    if match["port"] and not 0 < int(match["port"]) <= _MAX_PORT:
        raise MalformedError("image reference", f"port {match['port']} is out of range")
    if any(label.lower().startswith("xn--") for label in text.split(".")):
        raise MalformedError("image reference", f"{text!r} is an internationalised name, which registries do not use")
    return DOCKER_HUB if text.lower() in _DOCKER_HUB_ALIASES else text


def split_registry(name: str) -> tuple[str, str]:
    """Split off the registry: a first component with a dot or colon, or `localhost`; else Docker Hub's.

    Raises:
        MalformedError: The first component means a registry and is not one.
    """
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return parse_registry(first), rest
    return DOCKER_HUB, name


def _split_tag(name: str) -> tuple[str, Tag | None]:
    """Split at the last colon, unless it belongs to the registry's port."""
    head, colon, tail = name.rpartition(":")
    if not colon or "/" in tail:
        return name, None
    return head, parse_tag(tail)


def _check_repository(repository: str, text: str) -> None:
    if len(repository) > MAX_REPOSITORY:
        raise MalformedError("image reference", f"the repository is longer than {MAX_REPOSITORY} characters")
    if _REPOSITORY.fullmatch(repository):
        return
    why = "repository names are lower case" if _REPOSITORY.fullmatch(repository.lower()) else "not a repository name"
    raise MalformedError("image reference", f"{text!r}: {why}")
