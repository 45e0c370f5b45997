"""A bundle with one octet changed, or one part of it taken out: refused, or nothing else is shown by it."""

from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.core.policy.bundle import BundlePolicy
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.errors import CosignError
from cosignpy.values import replace
from tests.property.strategies import neighbours
from tests.support.virtual_sigstore import (
    BY_ALICE,
    BY_KEY,
    FILE,
    TRUST,
    Signing,
    key_bundle,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

CASES: Final[tuple[tuple[Bundle, BundlePolicy], ...]] = (
    (v1_bundle(), BY_ALICE),
    (v2_bundle(), BY_ALICE),
    (statement_bundle(), BY_ALICE),
    (key_bundle(), BY_KEY),
    (Signing(stamped=True).bundle(), BY_ALICE),
)
GOOD: Final = [(encode_bundle(bundle), policy) for bundle, policy in CASES]


def shown_by(raw: bytes, policy: BundlePolicy) -> VerifiedBundle:
    return verify_bundle(parse_bundle(raw), FILE, TRUST, policy)


@settings(max_examples=400)
@given(st.data())
def test_one_octet_changed_is_refused_or_shows_the_same(data: st.DataObject) -> None:
    raw, policy = data.draw(st.sampled_from(GOOD))
    changed = data.draw(neighbours(raw))
    try:
        found = shown_by(changed, policy)
    except CosignError:
        return
    assert found == shown_by(raw, policy)


def without_each(document: JsonValue) -> Iterator[JsonValue]:
    """Return the document without each of its members and items in turn, at every depth."""
    items = list(document.items()) if isinstance(document, dict) else list(enumerate(document))
    for place, (name, content) in enumerate(items):
        rest = items[:place] + items[place + 1 :]
        yield _rebuilt(document, rest)
        if isinstance(content, dict | list):
            for smaller in without_each(content):
                yield _rebuilt(document, [*items[:place], (name, smaller), *items[place + 1 :]])


def _rebuilt(like: JsonValue, items: list[tuple[str | int, JsonValue]]) -> JsonValue:
    return dict(items) if isinstance(like, dict) else [content for _, content in items]


NOTHING_LOST: Final = frozenset(
    {
        "verificationMaterial.publicKey.hint",
        "messageSignature.messageDigest",
    }
)
"""What may be missing: a hint at a key that is known anyway, and a digest that is compared if it is there."""


def missing(whole: JsonValue, part: JsonValue, path: str = "") -> str:
    """Return the path of what was taken out."""
    if isinstance(whole, dict) and isinstance(part, dict):
        for name in whole:
            if name not in part:
                return f"{path}{name}"
            if whole[name] != part[name]:
                return missing(whole[name], part[name], f"{path}{name}.")
    if isinstance(whole, list) and isinstance(part, list) and len(whole) == len(part):
        return next(missing(a, b, f"{path}{at}.") for at, (a, b) in enumerate(zip(whole, part, strict=True)) if a != b)
    return f"{path}items"


@pytest.mark.parametrize(("raw", "policy"), GOOD[:4])
def test_nothing_of_a_bundle_can_be_left_out(raw: bytes, policy: BundlePolicy) -> None:
    whole = parse_json(raw, what="test")
    shown = shown_by(raw, policy)
    for smaller in without_each(whole):
        try:
            found = shown_by(encode_json(smaller), policy)
        except CosignError:
            continue
        place = missing(whole, smaller)
        if place.endswith(("inclusionPromise", "signedEntryTimestamp", "integratedTime")):
            # A key needs no time: without the promise less is shown, and nothing that is not so.
            assert found.times == ()
            assert replace(found, times=shown.times, entries=shown.entries) == shown
        else:
            assert place in NOTHING_LOST
            assert found == shown
