"""Where two documents differ, by the paths of their members."""

from typing import Any

import pytest

from cosignpy.imagepolicy.comparison import MAX_DIFFERENCES, compare_documents

DOCUMENT: dict[str, Any] = {"a": 1, "images": [{"admitted": True}, {"admitted": False}]}


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"a": 2, "images": DOCUMENT["images"]}, ["a: recorded 1, now 2"]),
        ({"a": True, "images": DOCUMENT["images"]}, ["a: recorded 1, now true"]),
        ({"a": 1}, ['images: recorded [{"admitted":true},{"admitted":false}], now nothing']),
        ({**DOCUMENT, "b": None}, ["b: recorded nothing, now null"]),
        (
            {"a": 1, "images": [{"admitted": False}]},
            [
                "images[0].admitted: recorded true, now false",
                'images[1]: recorded {"admitted":false}, now nothing',
            ],
        ),
        ({"images": DOCUMENT["images"], "a": 1}, ["the order of members: recorded one, now another"]),
        (
            {"a": {}, "images": {}},
            ["a: recorded 1, now {}", 'images: recorded [{"admitted":true},{"admitted":false}], now {}'],
        ),
    ],
)
def test_what_differs(changed: dict[str, Any], shown: list[str]) -> None:
    assert [str(each) for each in compare_documents(DOCUMENT, changed)] == shown


def test_the_same_document_has_no_differences_and_a_long_list_ends() -> None:
    assert compare_documents(DOCUMENT, dict(DOCUMENT)) == ()
    assert len(compare_documents(list(range(500)), list(range(1, 501)))) == MAX_DIFFERENCES
