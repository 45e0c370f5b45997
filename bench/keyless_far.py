"""Verifying against a registry that is far away, and how often a registry is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.far_registry import DelayProxy
from bench.keyless_place import Place, alternate
from bench.keyless_report import Count, Goal, Row
from bench.run import ROUND_TRIP, Bench
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.registry.options import RegistryOptions as ClientOptions
from cosignpy.serving.threaded import TlsFiles
from tests.support.tls_files import Authority

_REGISTRIES: Final = {
    "with referrers": Faults(),
    "without referrers": Faults(no_referrers_api=True),
}


def far_rows(place: Place) -> Iterator[Row]:
    """Verify an image on a registry behind TLS and a slow line."""
    for name, faults in _REGISTRIES.items():
        with far_registry(place, faults) as (near, far_port):
            port = near.bench.registry.rpartition(":")[2]
            images = near.bench.push_images(place.plan.rounds + 1)
            trust: tuple[str, ...] = ("--registry-cacert", near.bench.client.cacert or "")
            near.our_sign(place.ours, *trust, *images)
            moved = [image.replace(f":{port}/", f":{far_port}/") for image in images]
            mine, its = iter(moved), iter(moved)
            trust += place.ours.trust
            what = f"verify, one image, registry {name} and {ROUND_TRIP * 1000:.0f} ms of round-trip time behind TLS"
            found = alternate(
                what,
                place.plan.rounds,
                {
                    "cosignpy": lambda: near.our_verify(place.ours, *trust, next(mine)),  # noqa: B023 # used here
                    "cosign": lambda: near.peer_verify(place.ours, *trust, next(its)),  # noqa: B023
                },
            )
            yield found.row(what, "cosign", Goal(share=1.0))


def request_counts(place: Place) -> Iterator[Count]:
    """Count what a registry is asked for."""
    for name, faults in _REGISTRIES.items():
        with LocalRegistry(RegistryOptions(faults=faults)) as registry:
            near = place.elsewhere(Bench(registry.address, place.folder, place.bench.cosign))
            mine, its = near.bench.push_images(2)

            def count(registry: LocalRegistry = registry) -> int:
                asked = len(registry.requests)
                registry.clear_requests()
                return asked

            count()
            near.our_sign(place.ours, mine)
            ours = count()
            near.peer_sign(place.ours, its)
            yield Count(f"sign, one image, registry {name}", ours, count())
            near.our_verify(place.ours, *place.ours.trust, its)
            ours = count()
            near.peer_verify(place.ours, *place.ours.trust, its)
            yield Count(f"verify, one image, registry {name}", ours, count())


@contextmanager
def far_registry(place: Place, faults: Faults) -> Iterator[tuple[Place, int]]:
    """Serve a registry behind TLS, at hand for preparing and far away at another port."""
    authority = Authority(place.folder)
    pair = authority.issue("localhost")
    options = RegistryOptions(tls=TlsFiles(pair.certificate, pair.key), faults=faults)
    with LocalRegistry(options) as near, DelayProxy(near.address, ROUND_TRIP) as far:
        client = ClientOptions(cacert=str(authority.certificate))
        port = near.address.rpartition(":")[2]
        yield place.elsewhere(Bench(f"localhost:{port}", place.folder, place.bench.cosign, client)), far.port
