"""Paths to accepted roots: every link holds, and each path is verified once."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import BasicConstraints

from cosignpy.core.ct.precertificate import hash_issuer_key
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CertificateError, MalformedError
from log_server.ct import issuer_paths
from log_server.ct.issuer_paths import IssuerPath, IssuerPaths
from log_server.ct.roots import AcceptedRoots
from tests.support.certificates import CA, NAMED, Authority, Extensions

ROOT: Final = Authority.root()
INTERMEDIATE: Final = ROOT.authority()
LOWER: Final = INTERMEDIATE.authority("lower")
PATH_0: Final[Extensions] = ((BasicConstraints(ca=True, path_length=0), True),)


def paths_to(*roots: Authority) -> IssuerPaths:
    return IssuerPaths(AcceptedRoots.build([root.certificate for root in roots]))


def find(paths: IssuerPaths, issuer: Authority, *above: bytes) -> IssuerPath:
    return paths.find(Certificate.parse(issuer.leaf()), above)


def fingerprints(*ders: bytes) -> Sequence[bytes]:
    return tuple(sha256(der).digest() for der in ders)


@pytest.mark.parametrize(
    ("issuer", "above", "path"),
    [
        (ROOT, [ROOT.der], [ROOT.der]),
        (ROOT, [], [ROOT.der]),
        (INTERMEDIATE, [INTERMEDIATE.der, ROOT.der], [INTERMEDIATE.der, ROOT.der]),
        (INTERMEDIATE, [INTERMEDIATE.der], [INTERMEDIATE.der, ROOT.der]),
        (LOWER, [LOWER.der, INTERMEDIATE.der], [LOWER.der, INTERMEDIATE.der, ROOT.der]),
    ],
    ids=["root", "root left out", "whole", "intermediate", "two intermediates"],
)
def test_a_path_ends_in_an_accepted_root(issuer: Authority, above: list[bytes], path: list[bytes]) -> None:
    found = find(paths_to(Authority.root("other"), ROOT), issuer, *above)
    assert found.fingerprints == fingerprints(*path)
    assert found.objects == tuple((f"issuer/{sha256(der).hexdigest()}", der) for der in path)
    assert found.issuer == issuer.certificate
    assert found.key_hash == hash_issuer_key(TbsCertificate.parse(issuer.der))


def test_an_intermediate_can_be_what_is_accepted() -> None:
    assert find(paths_to(INTERMEDIATE), INTERMEDIATE, INTERMEDIATE.der).fingerprints == fingerprints(INTERMEDIATE.der)


@pytest.mark.parametrize(
    ("issuer", "above", "what"),
    [
        (ROOT, [Authority.root("other").der], "certificate 2 of the chain"),
        (INTERMEDIATE, [], "certificate 1 of the chain"),
        (LOWER, [LOWER.der], "certificate 2 of the chain"),
        (LOWER, [LOWER.der, ROOT.der], "certificate 2 of the chain"),
        (INTERMEDIATE, [INTERMEDIATE.der, ROOT.der, Authority.root("other").der], "certificate 4 of the chain"),
        (INTERMEDIATE, [INTERMEDIATE.der, ROOT.der, INTERMEDIATE.der], "certificate 3 of the chain"),
    ],
    ids=["other root", "issuer left out", "link left out", "link skipped", "goes on elsewhere", "goes back"],
)
def test_a_path_elsewhere_is_refused(issuer: Authority, above: list[bytes], what: str) -> None:
    with pytest.raises(CertificateError) as caught:
        find(paths_to(ROOT), issuer, *above)
    assert caught.value.what == what


@pytest.mark.parametrize(
    ("extensions", "with_lower", "what"),
    [
        (NAMED, False, "certificate 2 of the chain"),
        (PATH_0, True, "certificate 3 of the chain"),
    ],
    ids=["not an authority", "too long a path"],
)
def test_every_issuer_has_to_be_an_authority(extensions: Extensions, with_lower: bool, what: str) -> None:
    good, bad = (ROOT.authority("other", allowed) for allowed in (CA, extensions))
    for middle in (good, bad):
        above = [middle.authority("lower").der, middle.der] if with_lower else [middle.der]
        issuer = middle.authority("lower") if with_lower else middle
        if middle is good:
            assert len(find(paths_to(ROOT), issuer, *above).fingerprints) == len(above) + 1
            continue
        with pytest.raises(CertificateError) as caught:
            find(paths_to(ROOT), issuer, *above)
        assert caught.value.what == what


def test_bytes_that_are_no_certificate_are_named() -> None:
    with pytest.raises(MalformedError) as caught:
        find(paths_to(ROOT), INTERMEDIATE, INTERMEDIATE.der, b"x")
    assert caught.value.what == "certificate 3 of the chain"


def test_without_roots_nothing_is_accepted() -> None:
    with pytest.raises(CertificateError):
        find(paths_to(), ROOT, ROOT.der)


def test_each_of_several_roots_of_one_name_is_found() -> None:
    """The log keeps no path by the name of an issuer alone: the next leaf may come from its other key."""
    renewed = Authority.root(curve=ec.SECP384R1)
    paths = paths_to(ROOT, renewed)
    assert [find(paths, root).fingerprints for root in (ROOT, renewed, ROOT)] == [
        fingerprints(root.der) for root in (ROOT, renewed, ROOT)
    ]


def test_a_path_is_verified_once_and_forgotten_when_others_came() -> None:
    paths = paths_to(ROOT, INTERMEDIATE)
    first = find(paths, ROOT, ROOT.der)
    assert find(paths, ROOT, ROOT.der) is first
    assert find(paths, INTERMEDIATE, INTERMEDIATE.der) is not first
    assert len(paths.known) == 2


def test_the_number_of_remembered_paths_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_paths, "MAX_PATHS", 2)
    paths = paths_to(ROOT)
    chains = {
        "root": (ROOT, ROOT.der),
        "with": (INTERMEDIATE, INTERMEDIATE.der, ROOT.der),
        "without": (INTERMEDIATE, INTERMEDIATE.der),
    }
    kept = []
    for name in ("root", "with", "root", "without", "root"):
        issuer, *above = chains[name]
        find(paths, issuer, *above)
        kept.append(list(paths.known))
    assert kept[3] == [(ROOT.der,), (INTERMEDIATE.der,)]
    assert kept[4] == [(INTERMEDIATE.der,), (ROOT.der,)]
