"""Policies of any content: nothing but a refusal by file and line leaves the parser, and more policies admit less."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.documents import DocumentError
from cosignpy.errors import NoSignatures
from cosignpy.imagepolicy.decision import Subject, Verify, decide_image
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument
from tests.support.image_policies import BY_KEY, FILE, KEYLESS, PASS, document, encode, parse_policies, parsed

IMAGE: Final = "ghcr.io/team/app:1"
MATCH: Final = [{"version": "v1", "resource": "pods", "selector": {"matchLabels": {"a": "b"}}}]
SEED: Final = encode(document(BY_KEY, KEYLESS, PASS, match=MATCH, mode="warn"), document(PASS, name="other"))
WORDS: Final = b"\n|- |: |'|{|}|[|]|&a |*a|!!x |\t|#|null|\xff"
PIECES: Final = st.sampled_from([*WORDS.split(b"|"), b"|", b'"'])


def parse(raw: bytes) -> tuple[ImagePolicyDocument, ...] | DocumentError:
    """Parse a file; anything but a DocumentError leaves."""
    try:
        return parse_policies(raw, FILE)
    except DocumentError as error:
        return error


@given(st.integers(0, len(SEED)), st.integers(0, 40), st.one_of(PIECES, st.binary(max_size=8)))
def test_a_changed_document_is_read_or_refused_by_its_line(start: int, length: int, piece: bytes) -> None:
    raw = SEED[:start] + piece + SEED[start + length :]
    found = parse(raw)
    if isinstance(found, tuple):
        lint_policies(found)
        return
    assert found.file == FILE
    assert 1 <= found.line <= raw.count(b"\n") + 2
    assert "\n" not in str(found)


def vouching(names: frozenset[str]) -> Verify:
    """Return authorities of which these pass."""

    def verify(authority: Authority) -> object:
        if authority.name not in names:
            raise NoSignatures(authority.name)
        return authority.name

    return verify


NAMES: Final = st.sampled_from("abcd")
POLICIES: Final = st.lists(
    st.builds(
        lambda names, mode: ([{"name": name, **BY_KEY} for name in names], mode),
        st.lists(NAMES, max_size=3),
        st.sampled_from(["enforce", "warn"]),
    ),
    max_size=3,
).map(lambda made: [parsed(*authorities, name=f"p{n}", mode=mode) for n, (authorities, mode) in enumerate(made)])


@given(POLICIES, st.frozensets(NAMES))
def test_another_policy_never_admits_what_the_others_refuse(
    policies: list[ImagePolicyDocument], names: frozenset[str]
) -> None:
    verify, subject = vouching(names), Subject(IMAGE)
    each = [decide_image(subject, [policy], verify).is_admitted for policy in policies]
    assert decide_image(subject, policies, verify).is_admitted is (bool(policies) and all(each))


@given(POLICIES, st.frozensets(NAMES), st.frozensets(NAMES))
def test_another_signature_never_refuses_what_others_admit(
    policies: list[ImagePolicyDocument], names: frozenset[str], more: frozenset[str]
) -> None:
    fewer = decide_image(Subject(IMAGE), policies, vouching(names))
    together = decide_image(Subject(IMAGE), policies, vouching(names | more))
    assert together.is_admitted or not fewer.is_admitted
