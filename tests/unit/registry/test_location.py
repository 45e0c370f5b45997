"""Where an image is: transports and plain references."""

from pathlib import Path

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference, Tag
from cosignpy.errors import MalformedError, UsageError
from cosignpy.registry.location import ArchiveLocation, DaemonLocation, LayoutLocation, Location, parse_location

DIGEST = Digest.of(b"image")


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("oci-layout:dir", LayoutLocation(Path("dir"))),
        ("oci-layout:/a/dir", LayoutLocation(Path("/a/dir"))),
        ("oci-layout:/a/dir:v1", LayoutLocation(Path("/a/dir"), Tag("v1"))),
        ("oci-layout:a:b/dir", LayoutLocation(Path("a:b/dir"))),
        ("oci-layout:a:b/dir:v1", LayoutLocation(Path("a:b/dir"), Tag("v1"))),
        (f"oci-layout:dir@{DIGEST}", LayoutLocation(Path("dir"), DIGEST)),
        ("oci-layout:user@host", LayoutLocation(Path("user@host"))),
        ("oci-archive:image.tar", ArchiveLocation(Path("image.tar"))),
        ("oci-archive:image.tar:v1", ArchiveLocation(Path("image.tar"), Tag("v1"))),
        (f"oci-archive:image.tar@{DIGEST}", ArchiveLocation(Path("image.tar"), DIGEST)),
        ("docker-daemon:app:v1", DaemonLocation("app:v1")),
        ("registry.example/team/app:v1", Reference.parse("registry.example/team/app:v1")),
        ("alpine", Reference.parse("alpine")),
        ("oci-layout", Reference.parse("oci-layout")),
        ("localhost:5000/app", Reference.parse("localhost:5000/app")),
    ],
)
def test_location_is_parsed(text: str, location: Location) -> None:
    assert parse_location(text) == location


@pytest.mark.parametrize(
    "text", ["oci-layout:", "oci-archive:", "docker-daemon:", "docker://alpine", "oci:/a/dir", "dir:/a", "https://x/y"]
)
def test_other_transport_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_location(text)
    assert caught.value.hint is not None
    assert "oci-layout:" in caught.value.hint


@pytest.mark.parametrize("text", ["", "oci-layout:dir:not a tag", "oci-layout:dir@sha256:00", "Registry/App"])
def test_malformed_name_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_location(text)
