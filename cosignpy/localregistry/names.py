"""The grammar of names, tags and digests in URLs (distribution spec 1.1, "Pulling manifests").

The registry has its own transcription of the repository grammar, apart from the client's: it is a judge of
what clients send. What has been parsed here is safe to make file names of.
"""

import re
from typing import Final, NewType

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag, parse_tag
from cosignpy.errors import MalformedError
from cosignpy.localregistry.errors import ErrorCode, OciError

RepositoryName = NewType("RepositoryName", str)

MAX_NAME: Final = 255
"""Characters in a repository name: what clients are told to keep to, with the host name, by the spec."""

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")


def parse_name(text: str) -> RepositoryName:
    """Parse a repository name.

    Raises:
        OciError: `NAME_INVALID`.
    """
    if len(text) > MAX_NAME or not _NAME.fullmatch(text):
        raise OciError(ErrorCode.NAME_INVALID, "invalid repository name")
    return RepositoryName(text)


def parse_digest(text: str) -> Digest:
    """Parse a digest of an algorithm we can check.

    Raises:
        OciError: `DIGEST_INVALID`.
    """
    try:
        return Digest.parse(text)
    except MalformedError as error:
        raise OciError(ErrorCode.DIGEST_INVALID, str(error)) from error


def parse_target(text: str, *, otherwise: ErrorCode) -> Digest | Tag:
    """Parse what a manifest is named by in a URL; only a digest has a colon.

    Raises:
        OciError: `DIGEST_INVALID`, or `otherwise` for what is no tag either: to a reader it is
            unknown, from a writer it is invalid.
    """
    if ":" in text:
        return parse_digest(text)
    try:
        return parse_tag(text)
    except MalformedError as error:
        raise OciError(otherwise, "not a tag") from error
