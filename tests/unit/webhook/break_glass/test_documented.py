"""docs/formats/break-glass.md: its example is a real one, and its limits are those of the code."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import yaml

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
from cosignpy.webhook.break_glass.grants import MAX_BUNDLE, MAX_GRANTS
from cosignpy.webhook.break_glass.manifest import build_manifest
from cosignpy.webhook.break_glass.verify import verify_grant
from tests.support.image_policies import own
