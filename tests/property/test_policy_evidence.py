"""Evidence of any content: nothing but a refusal leaves the parser, and what it reads is written the same."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.errors import DigestMismatch, MalformedError
from cosignpy.imagepolicy.comparison import compare_documents
from cosignpy.imagepolicy.evidence import parse_policy_evidence
from tests.support.policy_evidence import EVIDENCE

SEED: Final = EVIDENCE.encode()
PIECES: Final = st.sampled_from(
    [b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"1", b"-1", b"1e99", b"\xff", b" "]
)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(0, len(SEED)), st.integers(0, 40), st.one_of(PIECES, st.binary(max_size=8)))
def test_changed_evidence_is_refused_or_written_as_it_was_read(start: int, length: int, piece: bytes) -> None:
    raw = SEED[:start] + piece + SEED[start + length :]
    try:
        found = parse_policy_evidence(raw)
    except (MalformedError, DigestMismatch):
        return
    assert found.encode() == raw


@given(JSON, JSON)
def test_documents_have_differences_just_where_they_are_not_the_same(one: object, other: object) -> None:
    assert compare_documents(one, one) == ()
    assert bool(compare_documents(one, other)) == (repr(one) != repr(other))
