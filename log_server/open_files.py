"""How many connections the system lets the server have at once."""

import resource
from typing import Final

MANY: Final = 65_536
"""Far more than one machine serves; where the system allows any number, this is enough."""


def allow_many() -> None:
    """Have as many files open as the system allows: its own limit for a process is 1,024 on many, for select(2)'s sake.

    Processes that are started from here inherit it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY if hard == resource.RLIM_INFINITY else min(MANY, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
