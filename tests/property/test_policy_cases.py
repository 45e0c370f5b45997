"""Files with tests of policies: whatever they have in them, they are read or refused by their line."""

from contextlib import suppress

import yaml
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.cases import CASE, TEST, Verdict, parse_policy_test

OTHERS = ("nginx", "", "null", "true", "1", f"sha256:{'0' * 64}", "a.yaml")
WORDS = st.sampled_from([*TEST, *CASE, *map(str, Verdict), *OTHERS])
VALUES = st.recursive(
    WORDS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
CASES = st.lists(st.dictionaries(st.sampled_from(CASE), VALUES, max_size=4), max_size=3)


@given(st.binary(max_size=200))
def test_octets_are_read_or_refused(raw: bytes) -> None:
    with suppress(DocumentError):
        parse_policy_test(raw, "a.test.yaml")


@given(VALUES, CASES)
def test_what_is_read_has_something_to_be_expected(policies: object, cases: object) -> None:
    raw = yaml.safe_dump({"policies": policies, "cases": cases}).encode()
    with suppress(DocumentError):
        found = parse_policy_test(raw, "a.test.yaml")
        assert found.cases
        assert all(each.verdict is not None or each.matches is not None for each in found.cases)
