"""Names of images and repositories as go-containerregistry parses them: hardly a character is looked at.

What is no place anywhere (`https://registry.example/app:v1` is the repository `/registry.example/app` of a registry
`https:`) is a name for globs all the same.
"""

import re
from typing import Final, Self

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import DEFAULT_TAG, DOCKER_HUB, Tag
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.go_url import parse_url
from cosignpy.values import value

_REPOSITORY: Final = re.compile(r"[a-z0-9_\-./]{2,255}")
_TAG: Final = re.compile(r"[A-Za-z0-9_\-.]{1,128}")
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}")


@value
class GoRepository:
    """A registry, and a repository in it."""

    registry: str
    path: str

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.registry}/{self.path}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a repository; without a registry it is Docker Hub's.

        Raises:
            MalformedError: It has characters that none has, or too few of them.
        """
        first, slash, rest = text.partition("/")
        registry, path = (first, rest) if slash and ("." in first or ":" in first) else ("", text)
        if not text:
            raise MalformedError("repository", "a repository name must be specified")
        if not _REPOSITORY.fullmatch(path):
            if not 2 <= len(path) <= 255:  # noqa: PLR2004 - the library's own numbers
                raise MalformedError("repository", f"repository must be between 2 and 255 characters in length: {path}")
            chars = "abcdefghijklmnopqrstuvwxyz0123456789_-./"
            raise MalformedError("repository", f"repository can only contain the characters `{chars}`: {path}")
        host = parse_registry(registry)
        implied = "/" not in path and host == DOCKER_HUB
        return cls(host, f"library/{path}" if implied else path)

    @classmethod
    def parse_strictly(cls, text: str) -> Self:
        """Parse a repository that has to have a registry, and of Docker Hub the whole path.

        Raises:
            MalformedError: It does not.
        """
        found = cls.parse(text)
        registry, path = text.split("/", 1)
        if parse_registry(registry) == DOCKER_HUB and "/" not in path:
            raise MalformedError("repository", "strict validation requires the full repository path")
        return found


def parse_registry(text: str) -> str:
    """Parse a registry; none is Docker Hub.

    Raises:
        MalformedError: It is no host.
    """
    if not _is_authority(text):
        raise MalformedError("registry", f"registries must be valid RFC 3986 URI authorities: {text}")
    return DOCKER_HUB if text in {"", "docker.io"} else text


def _is_authority(text: str) -> bool:
    """Tell whether a text is the host of a URL, and nothing else in it."""
    try:
        return parse_url(f"//{text}")[1] == text
    except MalformedError:
        return False


@value
class GoReference:
    """A name of an image: its repository, and a tag or a digest."""

    repository: GoRepository
    target: Digest | Tag

    @property
    def name(self) -> str:
        """The full name, which globs are about."""
        mark = "@" if isinstance(self.target, Digest) else ":"
        return f"{self.repository.name}{mark}{self.target}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a name: with a tag that may be empty, else with a digest, before which a tag means nothing.

        Raises:
            MalformedError: It is none.
        """
        for parse in (_parse_tagged, _parse_digested):
            try:
                return cls(*parse(text))
            except MalformedError:
                continue
        raise MalformedError("image", f"could not parse reference: {text}")


def _parse_tagged(text: str) -> tuple[GoRepository, Tag]:
    base, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        base, tag = text, ""
    if tag and not _TAG.fullmatch(tag):
        raise MalformedError("tag", f"{tag!r} is not a tag")
    return GoRepository.parse(base), Tag(tag or DEFAULT_TAG)


def _parse_digested(text: str) -> tuple[GoRepository, Digest]:
    base, at, digest = text.partition("@")
    if not at or not _SHA256.fullmatch(digest):
        raise MalformedError("digest", f"unsupported digest algorithm: {digest}")
    try:
        repository, _tag = _parse_tagged(base)
    except MalformedError:
        repository = GoRepository.parse(base)
    return repository, Digest.parse(digest)
