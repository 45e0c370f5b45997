"""The settings that docs/commands.md shows are settings."""

import re
from pathlib import Path
from typing import Final

from cosignpy.serving.settings import parse_settings
from log_server.config import Settings
from log_server.rekor.submission import Duplicates

PAGE: Final = Path(__file__).parents[3] / "docs" / "commands.md"


def test_the_documented_settings_are_read() -> None:
    (shown,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    settings = parse_settings(shown.encode(), Settings)
    assert settings.hostname == "log.example.com"
    assert settings.tls is not None
    assert settings.writers.tokens is not None
    assert settings.limits.writes is not None
    assert settings.rekor_v2.duplicates is Duplicates.ORIGINAL
    assert settings.ct.roots is not None
