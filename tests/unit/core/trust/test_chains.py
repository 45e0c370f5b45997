"""Authorities from certificates in any order: trusted is what signed itself, and whatever leads nowhere is refused."""

from typing import Final

import pytest

from cosignpy.core.trust.chains import build_chains, build_timestamp_chains
from cosignpy.core.trust.trusted_root import CertificateAuthority
from cosignpy.errors import MalformedError
from tests.support.certificates import NAMED, Authority
from tests.support.virtual_sigstore import certificate_pem

URL: Final = "https://ca.example"
ROOT: Final = Authority.root("own root")
UPPER: Final = ROOT.authority("upper")
OTHER: Final = Authority.root("other root")
LEAF: Final = UPPER.leaf(NAMED)
STRANGER: Final = OTHER.leaf(NAMED)
NAMES: Final = {ROOT.der: "own root", UPPER.der: "upper", OTHER.der: "other root"}


def pem(*ders: bytes) -> bytes:
    return b"".join(map(certificate_pem, ders))


def ways(found: tuple[CertificateAuthority, ...]) -> set[tuple[str, ...]]:
    assert {each.uri for each in found} == {URL}
    return {tuple(NAMES[each.der] for each in one.chain) for one in found}


@pytest.mark.parametrize("order", [(ROOT, UPPER), (UPPER, ROOT)])
def test_a_root_and_what_it_issued_in_any_order(order: tuple[Authority, ...]) -> None:
    assert ways(build_chains(pem(*[each.der for each in order]), URL)) == {("own root",), ("upper", "own root")}


def test_roots_alone() -> None:
    assert ways(build_chains(pem(ROOT.der, OTHER.der), URL)) == {("own root",), ("other root",)}


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", pem(UPPER.der), pem(ROOT.der, LEAF)], ids=["empty", "text", "no root", "a leaf"]
)
def test_what_is_no_chain_of_an_issuer(content: bytes) -> None:
    with pytest.raises(MalformedError):
        build_chains(content, URL)


def test_a_timestamp_authority_with_its_own_certificate() -> None:
    (found,) = build_timestamp_chains(pem(ROOT.der, LEAF, UPPER.der), URL)
    assert [each.der for each in found.chain] == [LEAF, UPPER.der, ROOT.der]


def test_a_timestamp_authority_without_it() -> None:
    assert ways(build_timestamp_chains(pem(ROOT.der), URL)) == {("own root",)}


@pytest.mark.parametrize("certificates", [(LEAF, LEAF), (STRANGER,)], ids=["twice", "of another issuer"])
def test_a_certificate_of_a_timestamp_authority_that_does_not_fit(certificates: tuple[bytes, ...]) -> None:
    with pytest.raises(MalformedError):
        build_timestamp_chains(pem(ROOT.der, UPPER.der, *certificates), URL)
