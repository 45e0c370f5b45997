"""What tests rely on of an API server: the same assertions for ours and for the real one."""

from typing import Final

from tests.support.kube_api.contract import (
    admission,
    choosing,
    converting,
    custom,
    objects,
    pods,
    reading,
    rights,
    sharing,
)
from tests.support.kube_api.contract.checks import CHECKS, ApiServer, Check

__all__ = ["CHECKS", "PARTS", "ApiServer", "Check"]

PARTS: Final = (objects, reading, sharing, rights, custom, converting, pods, admission, choosing)
"""The modules with the assertions."""
