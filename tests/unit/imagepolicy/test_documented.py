"""docs/policies.md: its table of globs is what they are about, and its example can be read."""

import re
from pathlib import Path
from typing import Final

import pytest

from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.parse import parse_policies
from tests.support.image_policies import PEM

PAGE: Final = (Path(__file__).parents[3] / "docs" / "policies.md").read_text()
ROWS: Final = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (yes|no) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("glob", "image", "about"), ROWS)
def test_a_glob_is_about_what_the_page_says(glob: str, image: str, about: str) -> None:
    assert Glob.parse(glob).matches(image) is (about == "yes")


def test_the_page_has_a_table() -> None:
    assert {about for *_, about in ROWS} == {"yes", "no"}


def test_the_example_can_be_read_and_has_no_problems() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    indented = PEM.replace("\n", "\n          ").rstrip()
    shown = re.sub(r"-----BEGIN.*-----END PUBLIC KEY-----", lambda _: indented, example, flags=re.DOTALL)
    (policy,) = parse_policies(shown.encode(), "page")
    assert [authority.name for authority in policy.authorities] == ["release", "workflow"]
    assert lint_policies([policy]) == ()
