"""Files as people name them on the command line."""

from pathlib import Path

import pytest

from cosignpy.cli.upload_flags import describe_as, describe_for_platform
from cosignpy.core.oci.manifest import Platform
from cosignpy.errors import FileError, MalformedError
from cosignpy.operations.upload import TITLE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("foo").write_text("hello\n")
    Path("foo:2026").write_text("{}")
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("text", "path", "platform"),
    [
        ("foo", "foo", None),
        ("foo:linux", "foo", Platform("linux", "")),
        ("foo:MYOS/MYPLATFORM", "foo", Platform("MYOS", "MYPLATFORM")),
        ("foo:linux/arm/v7", "foo", Platform("linux", "arm", "v7")),
        ("foo:2026", "foo:2026", None),
        ("foo:2026:linux", "foo:2026", Platform("linux", "")),
    ],
)
def test_behind_the_last_colon_stands_the_platform(text: str, path: str, platform: Platform | None) -> None:
    found, told = describe_for_platform(text, "")
    assert (str(found.path), told) == (path, platform)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", ["foo:", "foo:a/", "foo:/a", "foo:a/b/c/d", "foo:a b", "foo:ä", "foo:linux\n"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="is not OS"):
        describe_for_platform(text, "")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", ["", ":linux", "none:linux", "none"])
def test_what_is_no_file_is_refused(text: str) -> None:
    with pytest.raises(FileError):
        describe_for_platform(text, "")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("text", "title", "media_type"),
    [
        ("foo", "foo", "text/plain"),
        ("foo:application/x-thing", "foo", "application/x-thing"),
        ("./foo:a/b", "foo", "a/b"),
        ("foo:2026", "foo:2026", "text/plain"),
    ],
)
def test_behind_the_last_colon_stands_the_media_type(text: str, title: str, media_type: str) -> None:
    found = describe_as(text).descriptor
    assert (found.media_type, found.annotations) == (media_type, {TITLE: title})


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", ["foo:", "foo:text", "foo:text/", "foo:text/plain/x"])
def test_what_is_no_media_type_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="RFC 6838"):
        describe_as(text)
