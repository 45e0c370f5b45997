"""docs/formats/break-glass.md: its example is a real one, and its limits are those of the code."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import yaml

from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.errors import CosignError
from cosignpy.webhook.break_glass.grant import (
    FILE_NAME,
    MAX_DURATION,
    MAX_GRANT,
    MAX_IMAGES,
    MAX_REASON,
    Grant,
    SignedGrant,
)
from cosignpy.webhook.break_glass.grants import MAX_BUNDLE, MAX_GRANTS, MAX_OF_NAMESPACE
from cosignpy.webhook.break_glass.manifest import build_manifest
from cosignpy.webhook.break_glass.verify import verify_grant
from tests.support.grants import NOW, sign, signers
from tests.support.image_policies import own
from tests.support.virtual_sigstore import LEAF_KEY, USER_KEY

PAGE: Final = (Path(__file__).resolve().parents[4] / "docs" / "formats" / "break-glass.md").read_text()
EXAMPLES: Final = dict(re.findall(r"<!-- example: (\w+) -->\n```yaml\n(.*?)```", PAGE, re.DOTALL))
DOCUMENT: Final = EXAMPLES["document"].encode()
OBJECT: Final = yaml.safe_load(EXAMPLES["object"])
SIGNED: Final = SignedGrant(OBJECT["spec"]["grant"].encode(), OBJECT["spec"]["bundle"].encode())
KEY: Final = re.findall(r"-----BEGIN.*?END PUBLIC KEY-----\n", PAGE, re.DOTALL)[0]
MOMENT: Final = datetime(2026, 11, 30, 21, 0, tzinfo=UTC)
SIGNERS: Final = own(
    {"name": "oncall", "key": {"data": KEY}}, name="exceptions", images=[], files=[{"glob": FILE_NAME}]
)


class Nobody:
    """Believes nobody."""

    def trusted_root(self) -> TrustedRoot:
        return TrustedRoot()


def test_the_document_is_one_and_is_written_so() -> None:
    assert Grant.parse(DOCUMENT).encode() == DOCUMENT


def test_the_object_carries_it_and_its_signature() -> None:
    assert SIGNED.document == DOCUMENT
    verified = verify_grant(SIGNED, (SIGNERS,), Nobody(), MOMENT)
    assert (verified.grant, verified.signers) == (Grant.parse(DOCUMENT), ("oncall",))
    bundle = SIGNED.bundle.rstrip(b"\n")
    assert build_manifest(OBJECT["metadata"]["name"], verified.grant, bundle).decode() == EXAMPLES["object"]


def test_another_document_is_not_what_was_signed() -> None:
    with pytest.raises(CosignError):
        verify_grant(SignedGrant(DOCUMENT + b"\n", SIGNED.bundle), (SIGNERS,), Nobody(), MOMENT)


def test_two_people_may_be_demanded() -> None:
    both = signers(USER_KEY, LEAF_KEY, require=2)
    with pytest.raises(CosignError):
        verify_grant(sign(), (both,), Nobody(), NOW)
    assert verify_grant(sign(), (signers(USER_KEY, LEAF_KEY),), Nobody(), NOW).signers == ("oncall",)


@pytest.mark.parametrize(
    "text",
    [
        f"{MAX_IMAGES} at the most",
        f"{MAX_REASON} characters at the most",
        f"{MAX_DURATION // timedelta(hours=1)} hours later",
        f"It has {MAX_GRANT >> 10} KiB",
        f"the bundle, {MAX_BUNDLE >> 10} KiB",
        f"beyond {MAX_OF_NAMESPACE} in a namespace and {MAX_GRANTS} in a cluster",
    ],
)
def test_limits_are_those_of_the_code(text: str) -> None:
    assert text in PAGE
