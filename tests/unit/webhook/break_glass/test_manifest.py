"""Exceptions as objects."""

import yaml

from cosignpy.webhook.break_glass.manifest import build_manifest
from tests.support.grants import GRANT, carry, sign


def test_object_carries_what_was_signed() -> None:
    signed = sign()
    found = yaml.safe_load(build_manifest("fire", GRANT, signed.bundle))
    expected = carry(signed)
    assert found["spec"]["grant"].encode() == GRANT.encode()
    assert found["spec"]["bundle"].strip() == expected["spec"]["bundle"]
    assert (found["apiVersion"], found["kind"]) == ("cosignpy.dev/v1alpha1", "BreakGlass")
    assert found["metadata"] == {"name": "fire", "namespace": "shop"}


def test_texts_stand_in_lines_of_their_own() -> None:
    assert b"  grant: |\n" in build_manifest("fire", GRANT, b"{}")
