"""Files to upload as people name them: FILE[:OS[/ARCH[/VARIANT]]], or FILE[:MEDIATYPE]."""

import re
from pathlib import Path
from typing import Final

from cosignpy.core.oci.manifest import Platform
from cosignpy.core.oci.media_types import parse_media_type
from cosignpy.errors import MalformedError
from cosignpy.operations.local_blob import LocalBlob
from cosignpy.operations.upload import TITLE

_WORD: Final = r"[A-Za-z0-9._-]+"
_PLATFORM: Final = re.compile(rf"(?P<os>{_WORD})(?:/(?P<architecture>{_WORD})(?:/(?P<variant>{_WORD}))?)?")


def describe_for_platform(text: str, media_type: str) -> tuple[LocalBlob, Platform | None]:
    """Read `FILE[:OS[/ARCH[/VARIANT]]]`, of this media type unless it is empty.

    Raises:
        MalformedError: What stands behind the colon is no platform.
        FileError: The file cannot be read.
    """
    path, behind = _split(text)
    platform = None if behind is None else _parse_platform(behind)
    return LocalBlob.describe(path, media_type), platform


def describe_as(text: str) -> LocalBlob:
    """Read `FILE[:MEDIATYPE]`, whose name goes along.

    Raises:
        MalformedError: What stands behind the colon is no media type.
        FileError: The file cannot be read.
    """
    path, behind = _split(text)
    media_type = "" if behind is None else parse_media_type(behind)
    return LocalBlob.describe(path, media_type, {TITLE: path.name})


def _split(text: str) -> tuple[Path, str | None]:
    """Split at the last colon, unless the file itself is called so."""
    head, colon, tail = text.rpartition(":")
    return (Path(text), None) if not colon or Path(text).is_file() else (Path(head), tail)


def _parse_platform(text: str) -> Platform:
    match = _PLATFORM.fullmatch(text)
    if match is None:
        raise MalformedError("platform", f"{text!r} is not OS[/ARCH[/VARIANT]]")
    return Platform(match["os"], match["architecture"] or "", match["variant"] or "")
