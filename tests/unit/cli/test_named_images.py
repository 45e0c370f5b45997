"""Names in files are those of images in registries, whatever else they look like."""

import pytest

from cosignpy.cli.named_images import _open_name
from cosignpy.cli.render.named_images import Verdict


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("app:1", "app:1"),
        ("registry.example/app", "registry.example/app"),
        ("docker-daemon:1", "index.docker.io/library/docker-daemon:1"),
        ("oci-layout:app", "index.docker.io/library/oci-layout:app"),
        ("oci-archive:app", "index.docker.io/library/oci-archive:app"),
    ],
)
def test_no_name_means_a_place_of_this_machine(name: str, opened: str) -> None:
    assert _open_name(name) == opened


def test_an_image_that_nothing_was_shown_of_is_refused() -> None:
    assert not Verdict((), ()).is_good
