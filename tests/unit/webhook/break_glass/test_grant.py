"""Documents of exceptions."""

from datetime import timedelta
from typing import Any

import pytest

from cosignpy.documents import DocumentError
from cosignpy.errors import LimitExceeded
from cosignpy.imagepolicy.globs import Glob
from cosignpy.values import replace
from cosignpy.webhook.break_glass.grant import MAX_DURATION, MAX_GRANT, MAX_IMAGES, MAX_REASON, Grant
from tests.support.grants import GRANT, NOW

SECOND = timedelta(seconds=1)
IMAGE = "registry.example.com/shop/cart"
DIGEST = f"sha256:{'1' * 64}"


@pytest.mark.parametrize(
    "grant",
    [
        GRANT,
        replace(GRANT, cluster="prod-eu", reason='yes: "no" # 3\\'),
        replace(GRANT, namespace="on", not_after=GRANT.not_before + MAX_DURATION),
    ],
)
def test_document_says_what_was_meant(grant: Grant) -> None:
    assert Grant.parse(grant.encode()) == grant


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"namespace": ""}, "namespace: empty"),
        ({"images": ()}, "images: names no image"),
        ({"images": (Glob.parse("a"),) * (MAX_IMAGES + 1)}, "101 items"),
        ({"images": (Glob("a b", ("a b",)),)}, "'a b' has characters"),
        ({"reason": ""}, "reason: empty"),
        ({"reason": "x" * (MAX_REASON + 1)}, "reason: one line"),
        ({"reason": "one\ntwo"}, "reason: one line"),
        ({"not_after": GRANT.not_before}, "is not after notBefore"),
        ({"not_after": GRANT.not_before + MAX_DURATION + SECOND}, "more than 24 hours"),
    ],
)
def test_what_no_exception_says(change: dict[str, Any], what: str) -> None:
    with pytest.raises(DocumentError, match=what):
        Grant.parse(replace(GRANT, **change).encode())


def test_unknown_members_are_refused() -> None:
    with pytest.raises(DocumentError, match="no such field"):
        Grant.parse(GRANT.encode() + b'"also": "x"\n')


def test_document_that_is_too_large() -> None:
    with pytest.raises(LimitExceeded):
        Grant.parse(GRANT.encode() + b"#" * MAX_GRANT)


@pytest.mark.parametrize(
    ("image", "moment", "expected"),
    [
        (f"{IMAGE}@{DIGEST}", NOW, True),
        (f"{IMAGE}:v1@{DIGEST}", NOW, True),
        (f"{IMAGE}:v1", NOW, True),
        (f"registry.example.com/other/cart@{DIGEST}", NOW, False),
        ("not an image", NOW, False),
        (IMAGE, GRANT.not_before, True),
        (IMAGE, GRANT.not_before - SECOND, False),
        (IMAGE, GRANT.not_after - SECOND, True),
        (IMAGE, GRANT.not_after, False),
    ],
)
def test_what_it_is_about(image: str, moment: Any, expected: bool) -> None:
    assert GRANT.is_about(image, moment) is expected
