"""docs/kubernetes.md: its tables are rendered from the code, and what it names is there.

To write down what the tables say now, review it, and commit it:

    UPDATE_PAGES=1 .venv/bin/pytest tests/unit/webhook/test_kubernetes_documented.py
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import yaml

from cosignpy.imagepolicy.conduct import Conduct
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.pod_images import POD_SPECS
from cosignpy.values import fields_of
from cosignpy.webhook.answer import Finding
from cosignpy.webhook.audit.report import NAME
from cosignpy.webhook.break_glass.grant import FILE_NAME, MAX_DURATION
from cosignpy.webhook.decide import Pin, decide, patch
from cosignpy.webhook.images import MAX_IMAGES
from cosignpy.webhook.live_settings import CONFIG_MAP, Enforcement
from cosignpy.webhook.messages import ADVICE, MAX_WARNING
from cosignpy.webhook.namespaces import ENFORCEMENT
from cosignpy.webhook.review import MAX_REVIEW
from cosignpy.webhook.settings_map import KEYS
from cosignpy.webhook.verdicts import Cause, Excuse, ImageVerdict, Kept, PolicyAnswer
from tests.support.image_policies import PEM
from tests.support.kubernetes_page import CAUSES, CONDUCT, SETTINGS, TABLES, collectors, rules, shown_name

FILE: Final = Path(__file__).parents[3] / "docs" / "kubernetes.md"
UPDATE: Final = os.environ.get("UPDATE_PAGES") == "1"
TABLE: Final = re.compile(r"^<!-- table: (?P<name>[\w-]+) -->\n(?P<rows>(?:^\|.*\n)+)", re.MULTILINE)
EXAMPLE: Final = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
SEEN: Final = re.compile(r"<!-- seen: [\w-]+ -->\n```text\n(.*?)```", re.DOTALL)
KEY: Final = re.compile(r"^( *)-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n", re.DOTALL | re.MULTILINE)


def page() -> str:
    return FILE.read_text()


def section(heading: str) -> str:
    return page().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_table_is_what_the_code_says() -> None:
    text = page()
    rendered = TABLE.sub(lambda match: f"<!-- table: {match['name']} -->\n{TABLES[match['name']].render()}", text)
    if UPDATE:
        FILE.write_text(rendered)
        text = rendered
    assert rendered == text
    assert sorted(match["name"] for match in TABLE.finditer(text)) == sorted(TABLES)


def test_what_is_told_of_the_code_is_told_of_all_of_it() -> None:
    assert tuple(SETTINGS) == KEYS
    assert tuple(CONDUCT) == tuple(fields_of(Conduct))
    assert set(CAUSES) == set(Cause) == set(ADVICE)


def test_causes_are_in_the_order_in_which_they_decide() -> None:
    rows = TABLES["causes"].rows()
    assert [row[1] for row in rows] == ["403"] * 4 + ["400"] + ["500"] * 2 + ["503"] * 3


def test_alerts_are_about_metrics_that_are_there() -> None:
    shown = {shown_name(each) for each in collectors()}
    named = {name for rule in rules() for name in re.findall(r"cosignpy_admission_\w+", str(rule["expr"]))}
    assert {name.removesuffix("_bucket") for name in named} <= shown


def test_annotations_are_those_that_are_written() -> None:
    excuse = Excuse("inc", ("on-call",), "why", datetime(2026, 1, 2, tzinfo=UTC))
    answer = PolicyAnswer("team", "", Outcome.REFUSED, evidence=("sha256:1",))
    verdict = ImageVerdict("app", "sha256:2", Outcome.WARNED, (answer,), Cause.POLICY, excuse=excuse)
    written = decide([Finding(("image",), "app", verdict)], Enforcement.WARN).annotations
    pinned = patch([Pin(("image",), "app", "app@sha256:2")]).annotations
    shown = re.findall(r"^\| `([a-z-]+)` \|", section("What is recorded of a decision"), re.MULTILINE)
    assert set(shown) == set(written) | set(pinned)
    assert all(f"`{each}`" in section("What is recorded of a decision") for each in Kept)


@pytest.mark.parametrize(
    "text",
    [
        *(f"`{CONFIG_MAP}`", f"`{ENFORCEMENT}: warn`", f"`{FILE_NAME}`", f"a PolicyReport `{NAME}`"),
        f"cut at {MAX_WARNING} characters",
        f"for {MAX_DURATION.total_seconds() / 3600:.0f} hours at the most",
        f"{MAX_IMAGES} images at the most, a review {MAX_REVIEW / (1 << 20):.1f} MiB",
        *(f"{kind}s" for _, kind in POD_SPECS),
    ],
)
def test_names_and_limits_are_those_of_the_code(text: str) -> None:
    assert text in page()


def test_examples_are_read() -> None:
    for example in EXAMPLE.findall(page()):
        keyed = KEY.sub(lambda at: "".join(f"{at[1]}{line}\n" for line in PEM.splitlines()), example)
        assert yaml.safe_load(keyed)["kind"] in {"ClusterImagePolicy", "ImagePolicy"}
        parse_resources(keyed.encode(), "page")


def test_what_developers_see_says_what_to_do() -> None:
    unsigned, uncovered = SEEN.findall(page())
    assert ADVICE[Cause.POLICY] in unsigned
    assert ADVICE[Cause.UNCOVERED] in uncovered
