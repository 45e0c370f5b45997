"""Patterns of others as globs: no image that they describe is left out."""

import pytest

from cosignpy.documents import DocumentError, Place
from cosignpy.imagepolicy.convert.connaisseur_patterns import is_within, meets, normalize
from cosignpy.imagepolicy.convert.patterns import convert_pattern

HERE = Place("theirs.yaml", 1)


@pytest.mark.parametrize(
    ("pattern", "globs"),
    [
        ("*", ("**",)),
        ("*:*", ("**",)),
        ("ghcr.io/*", ("ghcr.io/**",)),
        ("ghcr.io/team/app", ("ghcr.io/team/app:**", "ghcr.io/team/app@**")),
        ("ghcr.io/team/app:*", ("ghcr.io/team/app:**", "ghcr.io/team/app@**")),
        ("ghcr.io/team/app*", ("ghcr.io/team/app**",)),
        ("ghcr.io/team/app@sha256:*", ("ghcr.io/team/app@sha256:**",)),
        ("localhost:5000/app:*", ("localhost:5000/app:**", "localhost:5000/app@**")),
        ("localhost/app*", ("localhost/app**",)),
        ("*.example.com/app*", ("**.example.com/app**",)),
        ("*/team/app*", ("**/team/app**",)),
        ("docker.io/team/*", ("index.docker.io/team/**",)),
        ("docker.io/nginx*", ("index.docker.io/nginx**", "index.docker.io/library/nginx**")),
        ("*.io/nginx*", ("**.io/nginx**", "index.docker.io/nginx**", "index.docker.io/library/nginx**")),
        ("team/app*", ("index.docker.io/team/app**",)),
        (
            "nginx:*",
            (
                "index.docker.io/nginx:**",
                "index.docker.io/nginx@**",
                "index.docker.io/library/nginx:**",
                "index.docker.io/library/nginx@**",
            ),
        ),
    ],
)
def test_globs(pattern: str, globs: tuple[str, ...]) -> None:
    assert convert_pattern(pattern, HERE) == globs


@pytest.mark.parametrize(
    "pattern", ["", "ghcr.io/team/app?", "ghcr.io*", "d*.io/app", "ghcr.io/app:v1", "ghcr.io/app:v1*", "nginx*"]
)
def test_what_no_glob_can_say(pattern: str) -> None:
    with pytest.raises(DocumentError):
        convert_pattern(pattern, HERE)


@pytest.mark.parametrize(
    ("pattern", "whole"),
    [
        ("*:*", "*"),
        ("nginx", "docker.io/library/nginx:*"),
        ("team/app", "docker.io/team/app:*"),
        ("index.docker.io/team/app:*", "docker.io/team/app:*"),
        ("ghcr.io/app", "ghcr.io/app:*"),
        ("localhost/app:1", "localhost/app:1"),
        ("*/app*", "*/app*"),
        ("*app:*", "*app:*"),
    ],
)
def test_what_is_left_out_of_patterns(pattern: str, whole: str) -> None:
    assert normalize(pattern) == whole


@pytest.mark.parametrize(
    ("one", "other", "met", "within"),
    [
        ("a/*", "*", True, True),
        ("*", "a/*", True, False),
        ("a/*:*", "b/*:*", False, False),
        ("*/b", "a/*", True, False),
        ("a/b:*", "a/*:*", True, True),
        ("a", "a", True, True),
        ("a", "ab", False, False),
        ("", "a", False, False),
        ("a*c", "ab", False, False),
    ],
)
def test_patterns_beside_each_other(one: str, other: str, met: bool, within: bool) -> None:
    assert meets(one, other) is met
    assert is_within(one, other) is within
