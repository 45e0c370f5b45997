"""Mirrors by their URLs, and the roots that come with the program."""

import json
from pathlib import Path

import pytest

from cosignpy.core.digest import Digest
from cosignpy.errors import MalformedError
from cosignpy.services.tuf.mirror import PUBLIC_GOOD, STAGING, Mirror
from tests.support import vectors


@pytest.mark.parametrize(
    ("text", "url", "folder"),
    [
        ("https://tuf.example", "https://tuf.example", "tuf.example"),
        ("https://tuf.example/", "https://tuf.example", "tuf.example"),
        ("https://TUF.example/Some/Path//", "https://tuf.example/Some/Path", "tuf.example-some-path"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1-8080"),
        ("https://tuf.example:443", "https://tuf.example", "tuf.example"),
        ("file:///media/tuf/", "file:///media/tuf", "file----media-tuf"),
    ],
)
def test_a_mirror_has_one_spelling_and_the_folder_that_cosign_gives_it(text: str, url: str, folder: str) -> None:
    mirror = Mirror.parse(text)
    assert (mirror.url, mirror.folder_name) == (url, folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tuf.example",
        "ftp://tuf.example",
        "https://user:password@tuf.example",
        "https://tuf.example/?bucket=1",
        "https://..",
        "http://./",
        "file://host/media",
        "file:media",
        "file:///media?x",
        "https://tuf.example/a b",
    ],
)
def test_what_is_no_mirror_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Mirror.parse(text)


def test_only_a_file_url_names_a_folder() -> None:
    assert Mirror.parse("file:///media/some%20disk").local_folder == Path("/media/some disk")
    assert Mirror.parse("https://tuf.example").local_folder is None


def test_a_named_root_is_the_anchor() -> None:
    assert Mirror.parse("https://tuf.example", b"root").anchor == str(Digest.of(b"root"))
    assert Mirror.parse("https://tuf.example").anchor == ""


@pytest.mark.parametrize(("url", "folder"), [(PUBLIC_GOOD, "production"), (STAGING, "staging")])
@vectors.NEEDED
def test_the_built_in_roots_are_those_of_the_instances(url: str, folder: str) -> None:
    published = vectors.path(f"root-signing/{folder}/metadata/root.json").read_bytes()
    assert Mirror.parse(url).built_in_root() == published


@pytest.mark.parametrize("url", [PUBLIC_GOOD, STAGING])
def test_the_built_in_roots_are_roots(url: str) -> None:
    assert json.loads(Mirror.parse(url).built_in_root() or b"")["signed"]["_type"] == "root"


def test_other_mirrors_have_no_built_in_root() -> None:
    assert Mirror.parse("https://tuf.example").built_in_root() is None
