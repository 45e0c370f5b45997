"""Whatever stands in a policy, it is in force as it was meant, or refuses."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER
from cosignpy.imagepolicy.decision import Outcome, decide_policy
from cosignpy.imagepolicy.dialect import Dialect
from cosignpy.webhook.policies.compiled import decode_policy, version_of
from cosignpy.webhook.policies.fetching import Supply
from cosignpy.webhook.policies.gathering import Gathered, gather
from cosignpy.webhook.policies.settling import ReadingRules, SettledPolicy, Unsettled, read_policy, settle
from tests.support.crd_examples import BROKEN_CLUSTER, BROKEN_OWN, CLUSTER, OWN
from tests.unit.webhook.policies.test_names import Nothing

EXAMPLES: Final = [*CLUSTER.values(), *BROKEN_CLUSTER.values(), *OWN.values(), *BROKEN_OWN.values()]

words = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
json = st.recursive(
    words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@st.composite
def documents(draw: st.DrawFn) -> Mapping[str, Any]:
    """Return an example with something else in one place."""
    found = copy.deepcopy(dict(draw(st.sampled_from(EXAMPLES))))
    node: Any = found
    step: Any = "spec"
    while isinstance(node[step], dict | list) and node[step] and draw(st.booleans()):
        node = node[step]
        step = draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
    node[step] = draw(json)
    return found


def settled(document: Mapping[str, Any], rules: ReadingRules) -> SettledPolicy:
    reading = read_policy(document, rules)
    return settle(Unsettled(reading, gather(reading.names, _Unfetched())))


class _Unfetched(Nothing):
    """A cluster in which nothing was fetched."""

    def supply(self, wanted: object) -> Any:
        del wanted
        return Supply()


@given(documents(), st.sampled_from([OURS, POLICY_CONTROLLER]))
def test_a_policy_that_is_not_as_it_should_be_never_lets_anything_pass(
    document: Mapping[str, Any], conduct: Any
) -> None:
    found = settled(document, ReadingRules(conduct))
    compiled = found.compiled
    assert decode_policy(compiled.encoded) == compiled.document
    assert version_of(compiled.encoded) == compiled.version
    assert bool(found.faults) == bool(compiled.problem)
    if found.faults:
        assert decide_policy(compiled.document, lambda _: None).outcome in {Outcome.REFUSED, Outcome.WARNED}
        assert compiled.document.covers_full("anything.example/at/all:1") or _is_about_less(document)


def _is_about_less(document: Mapping[str, Any]) -> bool:
    """Tell whether a policy says which images it is about, and not that it is about all."""
    spec = document["spec"]
    images = spec.get("images") if isinstance(spec, dict) else None
    found = (
        [each.get("glob") if isinstance(each, dict) else "**" for each in images] if isinstance(images, list) else []
    )
    return bool(found) and "**" not in found


def test_the_same_source_gives_the_same_octets_in_any_order() -> None:
    for each in EXAMPLES:
        turned = dict(reversed(list(each.items()))) | {"spec": dict(reversed(list(each["spec"].items())))}
        first, second = (settled(one, ReadingRules(POLICY_CONTROLLER)).compiled for one in (each, turned))
        assert first.version == second.version


def test_only_policies_of_the_cluster_follow_its_settings() -> None:
    for each in OWN.values():
        found = settle(Unsettled(read_policy(each, ReadingRules(POLICY_CONTROLLER)), Gathered()))
        assert (found.compiled.document.conduct, each["kind"]) == (OURS, Dialect.OWN)
