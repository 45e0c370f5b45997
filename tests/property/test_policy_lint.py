"""A glob that `policy lint` takes for one that includes another describes everything that the other one does."""

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.lint_overlaps import includes

PIECES = st.sampled_from(["a", "b", "/", "*", "**", "ab", ":", "@"])
GLOBS = st.lists(PIECES, min_size=1, max_size=6).map("".join).map(Glob.parse)
NAMES = st.text("ab/:@", max_size=6)


@given(GLOBS, GLOBS, NAMES)
def test_what_is_included_is_described(wide: Glob, narrow: Glob, name: str) -> None:
    if includes(wide, narrow) and narrow.describes(name):
        assert wide.describes(name)


@given(GLOBS)
def test_a_glob_includes_itself_and_everything_includes_it(glob: Glob) -> None:
    assert includes(glob, glob)
    assert includes(Glob.parse("**"), glob)
