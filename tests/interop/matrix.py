"""Who verifies what who signed: every signer, format, kind of key, registry and verifier, measured by running them."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Final

from tests.interop import peers
from tests.interop.images import push_image
from tests.interop.programs import Format, Run, Tool, Workshop
from tests.support.registries import run_embedded, run_program

KEYS: Final = ("P-256", "P-384", "P-521", "Ed25519", "RSA-2048", "RSA-3072", "RSA-4096")
REGISTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "distribution-2.8": "distribution 2.8 (Debian's docker-registry): no referrers API",
        "distribution-3": f"distribution {peers.PEERS['distribution'].version}: no referrers API",
        "ggcr-referrers": f"go-containerregistry {peers.PEERS['registry'].version}, its referrers API switched on",
        "embedded": "`cosignpy registry serve`: referrers API",
    }
)
_REPOSITORY: Final = "interop/matrix"


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the matrix."""

    registry: str
    signer: Tool
    format: Format
    key: str
    verifier: Tool

    def __str__(self) -> str:
        return f"{self.signer}-{self.format}-{self.key}-{self.registry}-{self.verifier}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What verifying gave: with the signer's key, with another of its kind, and for an image nobody signed."""

    signed: Run
    other_key: Run
    other_image: Run


@dataclass(frozen=True, slots=True)
class _Place:
    """A repository on a registry, with an image nobody signed."""

    registry: str
    repository: str
    unsigned: str


def cells() -> Iterator[Cell]:
    """Yield every square."""
    return (Cell(*combination) for combination in product(REGISTRIES, Tool, Format, KEYS, Tool))


def make_keys(shop: Workshop) -> None:
    """Make two keys of each kind; those of cosign's own kind are by cosign."""
    for key in KEYS:
        maker = Tool.V3 if key == "P-256" else Tool.OURS
        shop.make_key(key, key, maker)
        shop.make_key(f"{key}-other", key, maker)


def measure(shop: Workshop) -> dict[Cell, Outcome]:
    """Run everything; the registries live as long as that takes.

    Raises:
        ProgramFailedError: Somebody could not sign.
    """
    make_keys(shop)
    with ExitStack() as stack, ThreadPoolExecutor(os.cpu_count()) as pool:
        places = [_open_place(shop, stack, name) for name in REGISTRIES]
        work = product(places, Tool, Format, KEYS)
        found = pool.map(lambda item: _measure_signature(shop, *item), work)
        return {cell: outcome for outcomes in found for cell, outcome in outcomes.items()}


def _open_place(shop: Workshop, stack: ExitStack, name: str) -> _Place:
    registry = stack.enter_context(run_embedded() if name == "embedded" else run_program(name))
    repository = f"{registry.address}/{_REPOSITORY}"
    return _Place(name, repository, push_image(shop, repository, "unsigned"))


def _measure_signature(shop: Workshop, place: _Place, signer: Tool, form: Format, key: str) -> dict[Cell, Outcome]:
    """Sign one image and let everybody verify it."""
    image = push_image(shop, place.repository, f"{signer}-{form}-{key.lower()}")
    shop.sign(signer, form, image, key)
    return {
        Cell(place.registry, signer, form, key, verifier): Outcome(
            signed=shop.verify(verifier, form, image, key),
            other_key=shop.verify(verifier, form, image, f"{key}-other"),
            other_image=shop.verify(verifier, form, place.unsigned, key),
        )
        for verifier in Tool
    }
