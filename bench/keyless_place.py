"""Where keyless signing is measured: both sites, both programs, and how runs alternate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

from bench.keyless_report import Goal, Row
from bench.keyless_sites import OURS, KeylessSite
from bench.machine import verifications_a_second
from bench.measure import Cost
from bench.run import Bench

Runs = Mapping[str, Callable[[], Cost]]

_NUMBERS: Final = count()


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, how many images in a batch, and how large a file."""

    rounds: int
    images: int
    mib: int


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each run of each round took, and what the machine gave in each round."""

    costs: Mapping[str, Sequence[Cost]]
    machine: Sequence[float]

    def row(self, what: str, peer: str, goal: Goal | None = None, *, ours: str = "cosignpy") -> Row:
        """Put two of the runs side by side."""
        return Row(what, peer, self.costs[ours], self.costs[peer], self.machine, goal or Goal())


@dataclass(frozen=True, slots=True)
class Place:
    """A registry, our services and the real ones, and two programs that use them."""

    bench: Bench
    ours: KeylessSite
    real: KeylessSite
    plan: Plan

    @property
    def folder(self) -> Path:
        """Where files go."""
        return self.bench.folder

    def new_file(self, suffix: str) -> Path:
        """Return a path that nobody has used."""
        return self.folder / f"{next(_NUMBERS)}{suffix}"

    def elsewhere(self, bench: Bench) -> "Place":
        """Return the same with another registry, or another home."""
        return replace(self, bench=bench)

    def our_sign(self, site: KeylessSite, *arguments: str) -> Cost:
        """Sign images with cosignpy."""
        return self.bench.run(OURS, "sign", *site.signing, *arguments)

    def peer_sign(self, site: KeylessSite, *arguments: str) -> Cost:
        """Sign an image with cosign."""
        return self.bench.run(self.bench.cosign, "sign", "--yes", *site.signing, *arguments)

    def our_verify(self, site: KeylessSite, *arguments: str) -> Cost:
        """Verify images with cosignpy."""
        return self.bench.run(OURS, "verify", *site.who, *arguments)

    def peer_verify(self, site: KeylessSite, *arguments: str) -> Cost:
        """Verify an image with cosign."""
        return self.bench.run(self.bench.cosign, "verify", *site.who, *arguments)


def alternate(what: str, rounds: int, runs: Runs, *, warm_up: int = 1) -> Rounds:
    """Do all runs once a round, and forget the first rounds, which warm caches."""
    print(f"measuring {what}", flush=True)
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    machine = []
    for _ in range(warm_up + rounds):
        machine.append(verifications_a_second())
        for name, run in runs.items():
            costs[name].append(run())
    return Rounds({name: found[warm_up:] for name, found in costs.items()}, machine[warm_up:])
