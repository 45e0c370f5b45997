"""The settings that docs/commands.md shows are those that the ConfigMap may have."""

import re
from pathlib import Path
from typing import Final

from cosignpy.webhook.settings_map import KEYS

PAGE: Final = Path(__file__).parents[3] / "docs" / "commands.md"


def test_each_key_is_in_the_table_and_no_other() -> None:
    section = PAGE.read_text().partition("## Admission in Kubernetes")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {key for row in rows for key in re.findall(r"`([a-z0-9-]+)`", row)} == set(KEYS)
