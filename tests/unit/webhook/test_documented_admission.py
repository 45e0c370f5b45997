"""What docs/commands.md and docs/kubernetes-admission.md say of settings and of answers."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cosignpy.imagepolicy.pod_images import POD_SPECS
from cosignpy.values import replace
from cosignpy.webhook.answer import Denial, Finding
from cosignpy.webhook.decide import decide
from cosignpy.webhook.live_settings import Enforcement
from cosignpy.webhook.namespaces import ENFORCEMENT
from cosignpy.webhook.settings_map import KEYS
from cosignpy.webhook.verdicts import Cause, Excuse, Kept
from tests.support.admission import PINNED, passed, refused

PAGE: Final = Path(__file__).parents[3] / "docs" / "commands.md"


def test_each_key_is_in_the_table_and_no_other() -> None:
    section = PAGE.read_text().partition("## Admission in Kubernetes")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {key for row in rows for key in re.findall(r"`([a-z0-9-]+)`", row)} == set(KEYS)


ADMISSION: Final = (PAGE.parent / "kubernetes-admission.md").read_text()


def test_all_that_stands_in_an_audit_event_is_explained() -> None:
    excuse = Excuse("fire", ("alice",), "it burns", datetime(2026, 11, 30, tzinfo=UTC))
    verdicts = [passed(), replace(refused(), excuse=excuse)]
    findings = [Finding(("spec", "containers", n, "image"), PINNED, each) for n, each in enumerate(verdicts)]
    for key in (*decide(findings, Enforcement.WARN).annotations, *Enforcement, *Kept, ENFORCEMENT):
        assert f"`{key}`" in ADMISSION


def test_each_status_is_explained() -> None:
    for cause in Cause:
        verdict = replace(refused(), cause=cause)
        outcome = decide([Finding(("spec",), PINNED, verdict)], Enforcement.DENY).outcome
        assert isinstance(outcome, Denial)
        assert f"| {outcome.code} `{outcome.reason}` |" in ADMISSION


def test_each_kind_that_is_looked_at_is_named() -> None:
    for _group, kind in POD_SPECS:
        assert kind in ADMISSION
