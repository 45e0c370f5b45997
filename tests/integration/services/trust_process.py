"""Reads the trusted root as any command would, in a process of its own: `python trust_process.py [offline]`."""

import sys

from cosignpy.cli.wiring_trust import Reach, open_trust

sys.stdout.buffer.write(open_trust(Reach.OFFLINE if "offline" in sys.argv else Reach.ONLINE).target())
