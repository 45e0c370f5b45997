"""Globs of any shape agree with the regular expression that the policy controller makes of them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.imagepolicy.globs import SHORTHANDS, Glob

GLOBS = st.text("ab/:@.*-", min_size=1, max_size=12)
NAMES = st.text("ab/:@.-", max_size=12)


def expression(glob: str) -> str:
    """Write a glob as a regular expression, by the rules in words: dots, then two asterisks, then one."""
    text = SHORTHANDS.get(glob, glob).replace(".", r"\.").replace("**", "#").replace("*", "[^/]*")
    return text.replace("#", ".*")


@given(GLOBS, NAMES)
def test_a_glob_describes_what_its_expression_matches(glob: str, name: str) -> None:
    assert Glob.parse(glob).describes(name) is (re.fullmatch(expression(glob), name) is not None)


@given(NAMES.filter(bool), st.data())
def test_a_name_with_parts_left_out_for_asterisks_is_still_described(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name)))
    end = data.draw(st.integers(start, len(name)))
    two = f"{name[:start]}**{name[end:]}"
    assert two in {"*", "*/*"} or Glob.parse(two).describes(name)
    one = f"{name[:start]}*{name[end:]}"
    assert one in SHORTHANDS or Glob.parse(one).describes(name) is ("/" not in name[start:end])
