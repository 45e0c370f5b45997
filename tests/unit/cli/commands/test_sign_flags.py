from pathlib import Path

import pytest

from cosignpy.cli.commands.sign import SignatureFlags
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import FileError, UsageError
from cosignpy.operations.sign_image import FormatChoice
from cosignpy.values import replace

GOOD = SignatureFlags(key="cosign.key")
BUNDLE, LEGACY = SignatureFormat.BUNDLE, SignatureFormat.LEGACY


@pytest.mark.parametrize(
    ("choice", "new_bundle_format", "wanted"),
    [
        (None, None, (BUNDLE,)),
        (None, True, (BUNDLE,)),
        (None, False, (LEGACY,)),
        (FormatChoice.LEGACY, False, (LEGACY,)),
        (FormatChoice.BOTH, None, (BUNDLE, LEGACY)),
    ],
)
def test_both_spellings_of_the_format(
    choice: FormatChoice | None, new_bundle_format: bool | None, wanted: tuple[SignatureFormat, ...]
) -> None:
    assert replace(GOOD, signature_format=choice, new_bundle_format=new_bundle_format).formats == wanted


def test_spellings_that_disagree_are_refused() -> None:
    with pytest.raises(UsageError):
        replace(GOOD, signature_format=FormatChoice.BUNDLE, new_bundle_format=False).check(["image"])


def test_a_bundle_file_for_one_image_is_accepted() -> None:
    replace(GOOD, bundle="b.json").check(["image"])
    replace(GOOD, bundle="b.json", upload=False).check(["image"])


def test_a_place_where_no_bundle_can_be_is_refused(tmp_path: Path) -> None:
    """Or the image would be signed, and its bundle be nowhere."""
    replace(GOOD, bundle=str(tmp_path / "b.json")).check(["image"])
    for place in (tmp_path, tmp_path / "none/b.json"):
        with pytest.raises(FileError):
            replace(GOOD, bundle=str(place)).check(["image"])


@pytest.mark.parametrize(
    ("change", "images"),
    [
        ({"bundle": "b.json"}, ["one", "two"]),
        ({"bundle": "b.json", "recursive": True}, ["one"]),
        ({"bundle": "b.json", "signature_format": FormatChoice.LEGACY}, ["one"]),
        ({"upload": False}, ["one"]),
        ({"annotations": ["nonsense"]}, ["one"]),
    ],
    ids=["two images", "recursive", "legacy", "nowhere", "annotation"],
)
def test_what_cannot_be_done_is_refused_before_anything_is_read(change: dict[str, object], images: list[str]) -> None:
    with pytest.raises(UsageError):
        replace(GOOD, **change).check(images)
