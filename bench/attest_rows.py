"""The rows of the table on attestations: one, many on one image, and one of many megabytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from bench.attest_files import REVIEW_TYPE, renew_sbom, write_policy, write_review, write_sbom
from bench.far_registry import DelayProxy
from bench.keyless_place import alternate
from bench.keyless_report import Goal, Row
from bench.keyless_sites import OURS
from bench.measure import Cost
from bench.run import ROUND_TRIP, Bench
from cosignpy.core.digest import Digest
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.predicates import NamedArtifact, build_statement
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.operations.attest_image import make_attestation
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.registry.options import RegistryOptions as ClientOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from cosignpy.serving.threaded import TlsFiles
from tests.support.tls_files import Authority

_NUMBERS: Final = count()
_UNLOGGED: Final = "--insecure-ignore-tlog=true"
_POLICY: Final = Goal(share=1.0)
_MANY: Final = Goal(share=1 / 3)
_LARGE: Final = Goal(share=1.0, memory=300)
_VALIDATED: Final = Goal(seconds=3.0, memory=300)


@dataclass(frozen=True, slots=True)
class AttestPlace:
    """A registry and a key, and how often and how much."""

    bench: Bench
    rounds: int
    large_rounds: int
    attestations: int
    mib: int

    def new_file(self, suffix: str) -> Path:
        """Return a path that nobody has used."""
        return self.bench.folder / f"{next(_NUMBERS)}{suffix}"

    def our_attest(self, *arguments: str) -> Cost:
        """Attest with cosignpy."""
        return self.bench.run(OURS, "attest", *self._key("key"), "--tlog-upload=false", *arguments)

    def peer_attest(self, *arguments: str) -> Cost:
        """Attest with cosign."""
        alone = ("--use-signing-config=false", "--tlog-upload=false", "--yes")
        return self.bench.run(self.bench.cosign, "attest", *self._key("key"), *alone, *arguments)

    def our_verify(self, *arguments: str) -> Cost:
        """Verify with cosignpy."""
        return self.bench.run(OURS, "verify-attestation", *self._key("pub"), _UNLOGGED, *arguments)

    def peer_verify(self, *arguments: str) -> Cost:
        """Verify with cosign."""
        return self.bench.run(self.bench.cosign, "verify-attestation", *self._key("pub"), _UNLOGGED, *arguments)

    def review(self) -> tuple[str, ...]:
        """Return what says something new of an image."""
        return "--type", REVIEW_TYPE, "--predicate", str(write_review(self.new_file(".json")))

    def _key(self, suffix: str) -> tuple[str, ...]:
        return "--key", str(self.bench.folder / f"cosign.{suffix}")


def rows(place: AttestPlace) -> Iterator[Row]:
    """Measure everything."""
    for measure in (_policy_rows, _many_rows, _far_rows, _large_rows):
        yield from measure(place)


def _policy_rows(place: AttestPlace) -> Iterator[Row]:
    images = place.bench.push_images(place.rounds + 1)
    for image in images:
        place.peer_attest(*place.review(), image)
    yield _verify_row(place, images, _ONE, _condition(place), _POLICY)


def _many_rows(place: AttestPlace) -> Iterator[Row]:
    images = [_attested_often(place) for _ in range(3)]
    yield _verify_row(place, images, _many(place), (), _MANY)


def _far_rows(place: AttestPlace) -> Iterator[Row]:
    with _far_registry(place) as (near, port, trust):
        one, many = [
            _attested_often(each).replace(near.bench.registry, f"localhost:{port}")
            for each in (replace(near, attestations=1), near)
        ]
        far = f"registry behind TLS with {ROUND_TRIP * 1000:.0f} ms of round-trip time"
        yield _verify_row(near, [one], f"{_ONE}, {far}", (*trust, *_condition(place)), _POLICY)
        yield _verify_row(near, [many], f"{_many(place)}, {far}", trust, _MANY)


_ONE: Final = "verify-attestation, one attestation, a policy in Rego"


def _many(place: AttestPlace) -> str:
    return f"verify-attestation, {place.attestations} attestations on one image"


def _condition(place: AttestPlace) -> tuple[str, ...]:
    return "--policy", str(write_policy(place.new_file(".rego")))


def _verify_row(place: AttestPlace, images: list[str], what: str, flags: tuple[str, ...], goal: Goal) -> Row:
    """Verify the images in turn."""
    wanted = (*flags, "--type", REVIEW_TYPE)
    turns = [images[number % len(images)] for number in range(place.rounds + 1)]
    mine, its = iter(turns), iter(turns)
    found = alternate(
        what,
        place.rounds,
        {
            "cosignpy": lambda: place.our_verify(*wanted, next(mine)),
            "cosign": lambda: place.peer_verify(*wanted, next(its)),
        },
    )
    return found.row(what, "cosign", goal)


def _attested_often(place: AttestPlace) -> str:
    """Push an image and attest as many different things about it as there are to be, without measuring that."""
    (image,) = place.bench.push_images(1)
    key = SigningKey(PrivateKey.parse((place.bench.folder / "cosign.key").read_bytes(), b""))
    _, _, name = image.partition("/")
    path, _, digest = name.partition("@")
    repository = RemoteRepository(RegistrySession(place.bench.registry, place.bench.client), path)
    subject = repository.fetch_manifest(Digest.parse(digest)).descriptor
    for _ in range(place.attestations):
        review = write_review(place.new_file(".json")).read_bytes()
        statement = build_statement([NamedArtifact(path, subject.digest)], REVIEW_TYPE, review)
        made = make_attestation(statement, REVIEW_TYPE, key, SigningServices(), _Nobody())
        made.store(repository, subject, datetime.now(UTC))
    return image


class _Nobody:
    """Whom to believe where a key is enough."""

    def trusted_root(self) -> TrustedRoot:
        """Return nobody."""
        return TrustedRoot()


@contextmanager
def _far_registry(place: AttestPlace) -> Iterator[tuple[AttestPlace, int, tuple[str, ...]]]:
    """Serve a registry behind TLS, at hand for preparing and far away at another port."""
    authority = Authority(place.bench.folder)
    pair = authority.issue("localhost")
    options = RegistryOptions(tls=TlsFiles(pair.certificate, pair.key))
    cacert = str(authority.certificate)
    with LocalRegistry(options) as near, DelayProxy(near.address, ROUND_TRIP) as far:
        port = near.address.rpartition(":")[2]
        bench = Bench(f"localhost:{port}", place.bench.folder, place.bench.cosign, ClientOptions(cacert=cacert))
        yield replace(place, bench=bench), far.port, ("--registry-cacert", cacert)


def _large_rows(place: AttestPlace) -> Iterator[Row]:
    """Attest a large SBOM, which has a serial number of its own in each run, and verify what cosign made of it."""
    made = write_sbom(place.new_file(".cdx.json"), place.mib << 20)
    images = iter(place.bench.push_images(3 * (place.large_rounds + 1)))
    attested: list[str] = []

    def said(path: Path) -> tuple[str, ...]:
        return "--type", "cyclonedx", "--predicate", str(renew_sbom(path, made)), next(images)

    def attest_as_cosign(arguments: tuple[str, ...]) -> Cost:
        attested.append(arguments[-1])
        return place.peer_attest(*arguments)

    again = place.new_file(".cdx.json")
    what = f"attest, an SBOM of {place.mib} MiB"
    found = alternate(
        what,
        place.large_rounds,
        {
            "unvalidated": lambda: place.our_attest("--no-validate", *said(again)),
            "validated": lambda: place.our_attest(*said(again)),
            "cosign": lambda: attest_as_cosign(said(again)),
        },
    )
    yield found.row(f"{what}, --no-validate", "cosign", _LARGE, ours="unvalidated")
    yield found.row(f"{what}, validated", "cosign", _VALIDATED, ours="validated")
    yield from _large_verified(place, attested)


def _large_verified(place: AttestPlace, attested: list[str]) -> Iterator[Row]:
    mine, its = iter(attested), iter(attested)
    what = f"verify-attestation, an SBOM of {place.mib} MiB"
    found = alternate(
        what,
        place.large_rounds,
        {
            "cosignpy": lambda: place.our_verify("--type", "cyclonedx", next(mine)),
            "cosign": lambda: place.peer_verify("--type", "cyclonedx", next(its)),
        },
    )
    yield found.row(what, "cosign", _LARGE)
