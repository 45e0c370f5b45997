"""Images, one by one and by the hundred."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final

from bench.keyless_place import Place, alternate
from bench.keyless_report import Goal, Row
from bench.keyless_sites import OURS, KeylessSite
from bench.measure import Cost, add
from bench.run import Bench
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from tests.support.raw_server import RawServer
from tests.support.trust_repository import TrustRepository

_REAL: Final = "cosign, real services"
_BATCHES: Final = 3
_SIGN: Final = Goal(seconds=0.35, share=1 / 2.5)
_VERIFY: Final = Goal(seconds=0.12)
_BATCH: Final = Goal(share=1 / 20)


def image_rows(place: Place) -> Iterator[Row]:
    """Sign images one by one, and verify what cosign signed."""
    images = iter(place.bench.push_images(4 * place.plan.rounds + 4))
    signed: list[str] = []

    def signed_by_cosign(site: KeylessSite) -> Cost:
        signed.append(next(images))
        return place.peer_sign(site, signed[-1])

    found = alternate(
        "sign",
        place.plan.rounds,
        {
            "cosignpy": lambda: place.our_sign(place.ours, next(images)),
            "cosign": lambda: signed_by_cosign(place.ours),
            "cosignpy, real services": lambda: place.our_sign(place.real, next(images)),
            _REAL: lambda: place.peer_sign(place.real, next(images)),
        },
    )
    yield found.row("sign, one image, our services", "cosign")
    yield found.row("sign, one image, our services", _REAL, _SIGN)
    yield found.row("sign, one image, real services", _REAL, ours="cosignpy, real services")
    yield from _verify_rows(place, signed)


def _verify_rows(place: Place, signed: list[str]) -> Iterator[Row]:
    trust = place.ours.trust
    mine, its = iter(signed), iter(signed)
    found = alternate(
        "verify",
        place.plan.rounds,
        {
            "cosignpy": lambda: place.our_verify(place.ours, *trust, next(mine)),
            "cosign": lambda: place.peer_verify(place.ours, *trust, next(its)),
        },
    )
    yield found.row("verify, one image, --trusted-root", "cosign", _VERIFY)
    contents = {
        TRUSTED_ROOT: (place.ours.folder / "root.json").read_bytes(),
        SIGNING_CONFIG: (place.ours.folder / "signing.json").read_bytes(),
    }
    repository = TrustRepository(datetime.now(UTC), contents)
    with RawServer(repository.handle) as server:
        homes = {program: _initialize(place, program, repository, server) for program in (OURS, place.bench.cosign)}
        mine, its = iter(signed), iter(signed)
        found = alternate(
            "verify with cached trust",
            place.plan.rounds,
            {
                "cosignpy": lambda: homes[OURS].our_verify(place.ours, next(mine)),
                "cosign": lambda: homes[place.bench.cosign].peer_verify(place.ours, next(its)),
            },
        )
    yield found.row("verify, one image, trust cached from a mirror", "cosign", _VERIFY)


def _initialize(place: Place, program: str, repository: TrustRepository, server: RawServer) -> Place:
    """Let a program with a home of its own trust a mirror."""
    home = place.new_file("-home")
    home.mkdir()
    (home / "root.json").write_bytes(repository.root)
    bench = Bench(place.bench.registry, home, place.bench.cosign)
    bench.run(program, "initialize", "--mirror", f"http://{server.address}", "--root", str(home / "root.json"))
    return place.elsewhere(bench)


def batch_rows(place: Place) -> Iterator[Row]:
    """Sign many images: one run of ours, so many of cosign."""
    number = place.plan.images
    push = partial(place.bench.push_images, number)

    def one_by_one(site: KeylessSite) -> Cost:
        return add([place.peer_sign(site, image) for image in push()])

    what = f"sign, {number} images in one run, {number} of cosign"
    near = alternate(
        what,
        _BATCHES,
        {
            "cosignpy": lambda: place.our_sign(place.ours, *push()),
            "cosignpy, real services": lambda: place.our_sign(place.real, *push()),
            "cosign": lambda: one_by_one(place.ours),
        },
        warm_up=0,
    )
    yield near.row(f"{what}, our services", "cosign")
    far = alternate(
        f"{what}, real services",
        1,
        {
            "cosignpy": lambda: place.our_sign(place.ours, *push()),
            "cosignpy, real services": lambda: place.our_sign(place.real, *push()),
            _REAL: lambda: one_by_one(place.real),
        },
        warm_up=0,
    )
    yield far.row(f"{what}, our services", _REAL, _BATCH)
    yield far.row(f"{what}, real services", _REAL, _BATCH, ours="cosignpy, real services")
