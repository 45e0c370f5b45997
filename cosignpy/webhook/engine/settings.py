"""What is settled when the webhook starts: workers, what is kept, how registries are reached, whom to believe."""

import os
from pathlib import Path
from typing import Final

from cosignpy.values import field, value

MOST_WORKERS: Final = 4
"""Processes that are of use to one webhook: what they wait for is registries."""
THREADS: Final = 16
"""Questions that a worker answers at once."""
MEMORY: Final = 768 << 20
"""Octets that a worker may take: it needs fifty million, and ten times as many for the largest SBOMs."""
MOST_WAITING: Final = 1000
"""Questions that wait for all workers together; more are refused, and asked again by whoever made the object."""
MOST_VERDICTS: Final = 10_000
"""Verdicts that are kept which let images pass: those of a large cluster."""


def count_workers() -> int:
    """Return how many workers to run: one for each processor that this process may use, at most four."""
    return max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0))))


@value
class RegistryReach:
    """How registries are reached.

    Attributes:
        cacert: A file of CAs (PEM) that are trusted besides the system's; empty for none.
        plain_http: Registries (`host` or `host:port`) that plain HTTP is spoken to.
        allow_local: Whether registries may be on this machine.
        allow_private: Whether they may be in networks that are not on the internet.
        cloud: Whether the clouds' own registries are shown what this pod is in its cloud.
        at_once: Requests under way at once, of all workers together.
        at_once_each: Of these, to one registry.
    """

    cacert: str = ""
    plain_http: tuple[str, ...] = ()
    allow_local: bool = False
    allow_private: bool = True
    cloud: bool = False
    at_once: int = 64
    at_once_each: int = 16


@value
class TrustSettings:
    """Who is believed where a policy names nobody: the TUF repository of a mirror, the public good instance's if empty.

    Attributes:
        mirror: Its URL.
        root: What trust in it begins with; None for what comes with the program.
        folder: Where it is cached; None for nowhere.
        disabled: Whether nobody is believed that no policy names.
    """

    mirror: str = ""
    root: bytes | None = field(default=None, repr=False)
    folder: Path | None = None
    disabled: bool = False


@value
class EngineSettings:
    """All of it. `cache_key` is a secret that lives as long as verdicts in the file are to count."""

    workers: int = field(default_factory=count_workers)
    threads: int = THREADS
    memory: int = MEMORY
    most_waiting: int = MOST_WAITING
    most_verdicts: int = MOST_VERDICTS
    registries: RegistryReach = field(default_factory=RegistryReach)
    trust: TrustSettings = field(default_factory=TrustSettings)
    cache_file: Path | None = None
    cache_key: bytes = field(default=b"", repr=False)
