"""Media types: which texts are some, and what files say of themselves."""

import pytest

from cosignpy.core.oci.media_types import SNIFFED, parse_media_type, sniff_media_type
from cosignpy.errors import MalformedError


@pytest.mark.parametrize(
    "text", ["text/plain", "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "a/b", f"{'a' * 127}/{'b' * 127}"]
)
def test_a_media_type_is_a_type_and_a_subtype(text: str) -> None:
    assert parse_media_type(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "text", "text/", "/plain", "text/plain/more", "text/plain; charset=utf-8", "text /plain", "-a/b"),
        "tëxt/a",
        *(f"{'a' * 128}/b", f"a/{'b' * 128}", "text/plain\n"),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_media_type(text)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"", "text/plain"),
        (b"hello\n", "text/plain"),
        (b'{"a": 1}', "text/plain"),
        (b"\x1b[0mcolours", "text/plain"),
        (b"\xef\xbb\xbfmarked", "text/plain"),
        (b"\xff\xfea\0", "text/plain"),
        (b"\xfe\xff\0a", "text/plain"),
        (b"hello\x01", "application/octet-stream"),
        (b"\x7fELF\x02\x01\x01\0", "application/octet-stream"),
        (b" \n<!doctype html>", "text/html"),
        (b"<A HREF", "text/html"),
        (b"<!--x", "text/plain"),
        (b"\t<?xml version='1.0'?>", "text/xml"),
        (b"<bom/>", "text/plain"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        (b"RIFF\n\n\n\nWEBPVP8", "image/webp"),
        (b"RIFF\n\n\n\nWAVEfmt", "audio/wave"),
        (b"\x1f\x8b\x08\0\0", "application/x-gzip"),
        (b"PK\x03\x04", "application/zip"),
        (b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
        (b"\0asm\x01\0\0\0", "application/wasm"),
        (b"\0" * 34 + b"LP", "application/vnd.ms-fontobject"),
        (b"\0\x01\0\0", "font/ttf"),
    ],
)
def test_a_file_is_guessed_by_how_it_begins(head: bytes, media_type: str) -> None:
    assert sniff_media_type(head) == media_type


MP4 = b"\0\0\0\x18ftypisom\0\0\0\0mp42isom"


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (MP4, True),
        (MP4.replace(b"isom\0", b"mp41\0", 1), True),
        (MP4[:-1], False),
        (MP4.replace(b"ftyp", b"ftyq"), False),
        (MP4.replace(b"\x18", b"\x17"), False),
        (MP4.replace(b"mp42", b"iso2"), False),
        (b"\0\0\0\x10ftypisommp42", False),
        (b"\0\0\0\x08ftyp", False),
    ],
    ids=["a brand", "its first brand", "short", "no box", "no whole words", "another brand", "a version", "no brands"],
)
def test_mp4_is_told_by_its_brands(head: bytes, found: bool) -> None:
    assert (sniff_media_type(head) == "video/mp4") is found


def test_only_the_beginning_is_looked_at() -> None:
    assert sniff_media_type(b"a" * SNIFFED + b"\0") == "text/plain"
    assert sniff_media_type(b"a" * (SNIFFED - 1) + b"\0") == "application/octet-stream"
