"""Documents of any content, read as Go reads them: nothing but a refusal leaves, and JSON and YAML mean the same."""

import json
from collections.abc import Callable
from typing import Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.documents import DocumentError
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.imagepolicy.go_reader.documents import read_policies
from cosignpy.imagepolicy.go_reader.names import GoReference
from cosignpy.imagepolicy.go_reader.trust_root import read_trust_root
from cosignpy.imagepolicy.go_reader.workload import read_workload
from cosignpy.imagepolicy.go_reader.yaml_values import read_yaml
from tests.support.image_policies import BY_KEY, FILE, KEYLESS, PASS, document, encode, parse_policies
from tests.support.policy_resources import trust_root

MATCH: Final = [{"version": "v1", "resource": "pods", "selector": {"matchLabels": {"a": "b"}}}]
CONDITION: Final = {"type": "rego", "data": "package sigstore\nisCompliant = true\n"}
SOURCED: Final = {
    **BY_KEY,
    "source": [{"oci": "a.example/sigs", "tagPrefix": "p"}],
    "ctlog": {"url": "https://l.example"},
}
ATTESTED: Final = {**KEYLESS, "attestations": [{"name": "m", "predicateType": "custom", "policy": CONDITION}]}
POLICY: Final = encode(document(SOURCED, ATTESTED, PASS, match=MATCH, mode="warn"), document(PASS, name="other"))
ROOT: Final = encode(trust_root())
POD: Final = encode({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "b"}}, "spec": {}})
WORDS: Final = b"\n|- |: |'|{|}|[|]|&a |*a|!!int |!!binary |<<: |\t|#|null|yes|0x|1_0|.5|\xff|\n---\n"
PIECES: Final = st.sampled_from([*WORDS.split(b"|"), b"|", b'"'])


def changed(seed: bytes) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda start, length, piece: seed[:start] + piece + seed[start + length :],
        st.integers(0, len(seed)),
        st.integers(0, 40),
        st.one_of(PIECES, st.binary(max_size=8)),
    )


def refuse_or_read(read: Callable[[bytes, str], object], raw: bytes) -> bool:
    """Tell whether something is read; anything but a refusal leaves."""
    try:
        read(raw, FILE)
    except (MalformedError, KeyUnusable):
        return False
    return True


@given(changed(POLICY))
def test_a_changed_policy_is_read_or_refused(raw: bytes) -> None:
    refuse_or_read(read_policies, raw)


@given(changed(ROOT))
def test_a_changed_trust_root_is_read_or_refused(raw: bytes) -> None:
    refuse_or_read(read_trust_root, raw)


@given(changed(POD))
def test_a_changed_resource_is_read_or_refused(raw: bytes) -> None:
    refuse_or_read(read_workload, raw)


@given(changed(POLICY))
def test_what_is_read_strictly_is_read_by_go(raw: bytes) -> None:
    """But for keys that a YAML of another version takes for something else, which the strict reader refuses."""
    try:
        strict = parse_policies(raw, FILE)
    except DocumentError:
        return
    if refuse_or_read(read_policies, raw):
        names = [each.name for each in read_policies(raw, FILE).policies]
        assert set(names) <= {each.name for each in strict}


TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), 1 << 63) | st.floats(-1e15, 1e15) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_json_is_read_as_itself(content: object) -> None:
    assert read_yaml(json.dumps(content).encode(), FILE) == content


@given(VALUES)
def test_what_is_dumped_is_read_as_it_was(content: object) -> None:
    """All in quotation marks, and with a tag what is no text: PyYAML writes `y` without them."""
    text = yaml.safe_dump(content, allow_unicode=True, default_style='"')
    assert read_yaml(text.encode(), FILE) == content


@given(st.text(st.sampled_from("aA0.:/@-_ *"), max_size=20))
def test_names_are_full_ones_or_none(text: str) -> None:
    try:
        name = GoReference.parse(text).name
    except MalformedError:
        return
    assert GoReference.parse(name).name == name


@pytest.mark.parametrize("raw", [POLICY, ROOT, POD])
def test_the_seeds_are_read(raw: bytes) -> None:
    assert refuse_or_read({POLICY: read_policies, ROOT: read_trust_root, POD: read_workload}[raw], raw)
