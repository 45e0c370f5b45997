"""Patterns of Kyverno: every image that one describes is described by a glob that is made of it."""

import re
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.documents import DocumentError, Place
from cosignpy.imagepolicy.convert.connaisseur_patterns import is_within, meets
from cosignpy.imagepolicy.convert.patterns import convert_pattern
from cosignpy.imagepolicy.globs import Glob

DIGEST: Final = "sha256:" + "ab" * 32
PARTS: Final = st.sampled_from(
    ["docker.io", "ghcr.io", "a.io", "library", "team", "app", "nginx", "*", "*io", "a*", "*app"]
)
PATTERNS: Final = st.builds(
    lambda parts, tag: "/".join(parts) + tag,
    st.lists(PARTS, min_size=1, max_size=4),
    st.sampled_from(["", ":*", "*", "@*", ":v1"]),
)
NAMES: Final = st.builds(
    lambda host, path: f"{host}/{'/'.join(path)}",
    st.sampled_from(["docker.io", "ghcr.io", "a.io"]),
    st.lists(st.sampled_from(["library", "team", "app", "nginx", "io"]), min_size=1, max_size=3),
)
STARRED: Final = st.text(alphabet="ab*", max_size=6)


def describes(pattern: str, name: str) -> bool:
    """Match as others do: a star is any characters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


@given(PATTERNS, NAMES, st.sampled_from([":latest", ":v2", f"@{DIGEST}"]))
def test_no_image_is_left_out(pattern: str, name: str, version: str) -> None:
    """The image is asked about here by its digest, whatever its name was, and official ones lie in `library`."""
    try:
        globs = convert_pattern(pattern, Place("theirs.yaml", 1))
    except DocumentError:
        return
    if describes(pattern, name + version):
        assert any(Glob.parse(each).matches(f"{name}@{DIGEST}") for each in globs), globs


@given(STARRED, STARRED, st.text(alphabet="ab", max_size=6))
def test_patterns_that_describe_one_text_meet(one: str, other: str, text: str) -> None:
    if describes(one, text) and describes(other, text):
        assert meets(one, other)
    if is_within(one, other) and describes(one, text):
        assert describes(other, text)
