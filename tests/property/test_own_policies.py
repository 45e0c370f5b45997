"""Our own kind of policy, with any content: nothing but a refusal leaves the parser, and demanding more admits less."""

from datetime import UTC, datetime
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.documents import DocumentError
from cosignpy.errors import NoSignatures
from cosignpy.imagepolicy.decision import decide_policy
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import Authority
from tests.support.image_policies import ALICE, BY_KEY, FILE, PASS, PEM, encode, own, own_document, parse_policies

NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)
SEED: Final = encode(
    own_document(
        {"key": {"data": PEM, "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2027-01-01T00:00:00Z"}},
        {"keyless": {"identities": [dict(ALICE)], "require": "all"}, "maxAge": "30d"},
        require=2,
        deny=[{"digest": "sha256:" + "a1" * 32}, {"key": {"data": PEM}}, {"identity": {"subjectRegExp": "eve"}}],
        files=[{"glob": "*.whl"}],
    )
)
PIECES: Final = st.sampled_from([b"\n", b"- ", b": ", b"'", b"{", b"}", b"[", b"]", b"&a ", b"\t", b"#", b"0", b"*"])


@given(st.integers(0, len(SEED)), st.integers(0, 40), st.one_of(PIECES, st.binary(max_size=8)))
def test_a_changed_document_is_read_or_refused_by_its_line(start: int, length: int, piece: bytes) -> None:
    raw = SEED[:start] + piece + SEED[start + length :]
    line = refused_line(raw)
    assert line is None or 1 <= line <= raw.count(b"\n") + 2


def refused_line(raw: bytes) -> int | None:
    """Return the line that a policy is refused for; None where it can be read."""
    try:
        lint_policies(parse_policies(raw, FILE), NOW)
    except DocumentError as error:
        return error.line
    return None


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True), st.frozensets(st.sampled_from("abcd")))
def test_a_policy_passes_where_as_many_authorities_do(named: list[str], passing: frozenset[str]) -> None:
    def verify(authority: Authority) -> object:
        if authority.name not in passing:
            raise NoSignatures(authority.name)
        return authority.name

    authorities = [*({"name": name, **BY_KEY} for name in named), PASS]
    admitted = [not decide_policy(own(*authorities, require=n), verify).errors for n in range(1, len(named) + 2)]
    enough = len(passing & set(named)) + 1
    assert admitted == [n <= enough for n in range(1, len(named) + 2)]
