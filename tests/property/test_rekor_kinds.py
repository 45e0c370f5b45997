"""Rekor's older kinds: whatever is done to an entry, it is accepted or refused with a reason, and never by accident."""

from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosignpy.errors import CosignError
from tests.support.rekor_kinds import NAMES, accept, load, member, replaced


def binary_members(node: Any, path: str = "") -> Iterator[str]:
    """Return the paths of the members that hold base64."""
    for name, child in node.items():
        if isinstance(child, dict):
            yield from binary_members(child, f"{path}{name}.")
        elif name in {"content", "message"}:
            yield f"{path}{name}"


ACCEPTED = [vector for vector in map(load, NAMES) if vector.canonical is not None]
PLACES = [(vector, path) for vector in ACCEPTED for path in binary_members(vector.proposed["spec"])]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Return a good entry of which one member was changed in one place."""
    vector, path = draw(st.sampled_from(PLACES))
    raw = member(vector.proposed, path)
    start = draw(st.integers(0, len(raw)))
    end = draw(st.integers(start, min(len(raw), start + 8)))
    return replaced(vector.proposed, path, raw[:start] + draw(st.binary(max_size=8)) + raw[end:])


def outcome(proposed: dict[str, Any]) -> str:
    try:
        return accept(proposed).body.decode()
    except CosignError as error:
        return str(error)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_changed_entry_is_accepted_or_refused_with_a_reason(proposed: dict[str, Any]) -> None:
    assert outcome(proposed)
