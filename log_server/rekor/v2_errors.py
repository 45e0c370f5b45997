"""How Rekor v2 refuses, and what all its answers have in common."""

from typing import Final

from cosignpy.serving.routing import Manner
from cosignpy.serving.rpc_status import rpc_status
from log_server.problems import translate

V2_MANNER: Final = Manner(rpc_status, ((b"access-control-allow-origin", b"*"),), translate)
"""The log is public: scripts of any page may read it."""
