"""Policies as YAML: what is read again is what was written."""

from typing import Any

import pytest
import yaml

from cosignpy.imagepolicy.convert.writing import write_documents
from tests.support.image_policies import PEM


@pytest.mark.parametrize(
    "content",
    [
        "plain",
        "no",
        "1.0",
        "a: b",
        "",
        "a\nb",
        "a\n\nb\n",
        " a\n",
        PEM,
        "# a",
        "ä",
        True,
        7,
        7.5,
        [],
        {},
        [[1], {"a": [{}]}],
        {"a b": [{"c": PEM}]},
    ],
)
def test_content_is_read_again_as_it_was(content: Any) -> None:
    assert list(yaml.safe_load_all(write_documents([{"it": content}, {"kind": "x"}]))) == [
        {"it": content},
        {"kind": "x"},
    ]


def test_keys_stand_in_lines() -> None:
    assert "key: |\n  -----BEGIN PUBLIC KEY-----\n" in write_documents([{"key": PEM}])
