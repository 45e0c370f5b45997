"""Media types: their grammar (RFC 6838, 4.2), and what files say of themselves by their first bytes.

The guess is that of the MIME Sniffing standard (mimesniff.spec.whatwg.org, "Identifying a resource with an unknown
MIME type") as Go's `http.DetectContentType` makes it, without the character set: cosign names layers by it.
"""

import re
from collections.abc import Callable
from typing import Final

from cosignpy.errors import MalformedError

SNIFFED: Final = 512
"""Bytes of a file that the guess looks at."""

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE: Final = re.compile(rf"{_NAME}/{_NAME}")

_BLANKS: Final = b"\t\n\x0c\r "
_HTML: Final = re.compile(
    rb"<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--)[ >]", re.IGNORECASE
)
_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_OPENINGS: Final = (
    (rb"%PDF-", "application/pdf"),
    (rb"%!PS-Adobe-", "application/postscript"),
    (rb"(?:\xfe\xff|\xff\xfe).{2}|\xef\xbb\xbf.", "text/plain"),
    (rb"\x00\x00[\x01\x02]\x00", "image/x-icon"),
    (rb"BM", "image/bmp"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF.{4}WEBPVP", "image/webp"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"FORM.{4}AIFF", "audio/aiff"),
    (rb"ID3", "audio/mpeg"),
    (rb"OggS\x00", "application/ogg"),
    (rb"MThd\x00\x00\x00\x06", "audio/midi"),
    (rb"RIFF.{4}AVI ", "video/avi"),
    (rb"RIFF.{4}WAVE", "audio/wave"),
)
_MORE_OPENINGS: Final = (
    (rb"\x1a\x45\xdf\xa3", "video/webm"),
    (rb".{34}LP", "application/vnd.ms-fontobject"),
    (rb"\x00\x01\x00\x00", "font/ttf"),
    (rb"OTTO", "font/otf"),
    (rb"ttcf", "font/collection"),
    (rb"wOFF", "font/woff"),
    (rb"wOF2", "font/woff2"),
    (rb"\x1f\x8b\x08", "application/x-gzip"),
    (rb"PK\x03\x04", "application/zip"),
    (rb"Rar!\x1a\x07(?:\x00|\x01\x00)", "application/x-rar-compressed"),
    (rb"\x00asm", "application/wasm"),
)

_MP4_BRANDS: Final = 8
"""Where the brands begin in the first box of an MP4 file; behind the first of them is a version, which is none."""
_MP4_VERSION: Final = 12


def parse_media_type(text: str) -> str:
    """Return a media type as descriptors have it, without parameters.

    Raises:
        MalformedError: It is none.
    """
    if not _MEDIA_TYPE.fullmatch(text):
        raise MalformedError("media type", f"{text!r} is not type/subtype (RFC 6838)")
    return text


def sniff_media_type(head: bytes) -> str:
    """Guess the media type of a file by its first `SNIFFED` bytes; what is not known is text, or a stream of bytes."""
    head = head[:SNIFFED]
    content = head.lstrip(_BLANKS)
    if _HTML.match(content):
        return "text/html"
    if content.startswith(b"<?xml"):
        return "text/xml"
    for rule in (_opening(_OPENINGS), _tell_mp4, _opening(_MORE_OPENINGS)):
        found = rule(head)
        if found:
            return found
    return "application/octet-stream" if _BINARY.search(content) else "text/plain"


def _opening(table: tuple[tuple[bytes, str], ...]) -> Callable[[bytes], str]:
    compiled = [(re.compile(pattern, re.DOTALL), media_type) for pattern, media_type in table]
    return lambda head: next((media_type for pattern, media_type in compiled if pattern.match(head)), "")


def _tell_mp4(head: bytes) -> str:
    """Tell by the brands in the first box (mimesniff, "Matching the signature for MP4")."""
    size = int.from_bytes(head[:4])
    if len(head) < max(size, _MP4_VERSION) or size % 4 or head[4:8] != b"ftyp":
        return ""
    places = [place for place in range(_MP4_BRANDS, size, 4) if place != _MP4_VERSION]
    return "video/mp4" if any(head[place : place + 3] == b"mp4" for place in places) else ""
