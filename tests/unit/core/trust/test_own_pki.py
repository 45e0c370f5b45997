"""Authorities of one's own: every way up to a root, and none that leads elsewhere."""

from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cosignpy.core.trust.own_pki import build_authorities, complete_authorities
from cosignpy.core.trust.trusted_root import MAX_AUTHORITIES
from cosignpy.core.x509.names import describe_name
from cosignpy.core.x509.path import MAX_ISSUERS
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support.certificates import Authority
from tests.support.virtual_sigstore import certificate_pem

ROOT: Final = Authority.root("own root")
UPPER: Final = ROOT.authority("upper")
LOWER: Final = UPPER.authority("lower")
OTHER: Final = Authority.root("other root")


def pem(*authorities: Authority) -> bytes:
    return b"".join(certificate_pem(each.der) for each in authorities)


def ways(roots: bytes, intermediates: bytes | None = None) -> set[tuple[str, ...]]:
    found = build_authorities(roots, intermediates, "where")
    return {tuple(describe_name(each.subject, what="test").removeprefix("CN=") for each in one.chain) for one in found}


def test_a_root_alone_issues_itself() -> None:
    assert ways(pem(ROOT, OTHER)) == {("own root",), ("other root",)}


@pytest.mark.parametrize("order", [(UPPER, LOWER), (LOWER, UPPER)])
def test_intermediates_lead_up_in_whatever_order_they_come(order: tuple[Authority, ...]) -> None:
    assert ways(pem(OTHER, ROOT), pem(*order)) == {
        ("other root",),
        ("own root",),
        ("upper", "own root"),
        ("lower", "upper", "own root"),
    }


def test_what_no_root_issued_leads_nowhere() -> None:
    assert ways(pem(OTHER), pem(UPPER, LOWER)) == {("other root",)}
    assert ways(pem(ROOT), pem(LOWER)) == {("own root",)}


def test_a_name_alone_is_no_issuer() -> None:
    namesake = Authority.root("own root", curve=ec.SECP384R1)
    assert namesake.certificate.subject == ROOT.certificate.subject
    assert ways(pem(namesake), pem(UPPER)) == {("own root",)}


def test_the_source_is_what_people_know_them_by() -> None:
    (found,) = build_authorities(pem(ROOT), None, "roots.pem")
    assert found.uri == "roots.pem"


@pytest.mark.parametrize("broken", [b"", b"x", certificate_pem(b"x")])
def test_what_is_no_certificate_is_refused(broken: bytes) -> None:
    with pytest.raises(MalformedError):
        build_authorities(broken, None, "where")
    with pytest.raises(MalformedError):
        build_authorities(pem(ROOT), broken, "where")


def test_the_ways_are_limited_in_number_and_length() -> None:
    assert len(build_authorities(pem(ROOT) * MAX_AUTHORITIES, None, "where")) == MAX_AUTHORITIES
    with pytest.raises(LimitExceeded):
        build_authorities(pem(ROOT) * (MAX_AUTHORITIES + 1), None, "where")
    with pytest.raises(LimitExceeded):
        build_authorities(pem(ROOT) * MAX_AUTHORITIES, pem(UPPER), "where")
    tower = [ROOT]
    for number in range(MAX_ISSUERS):
        tower.append(tower[-1].authority(f"floor {number}"))
    assert max(map(len, ways(pem(ROOT), pem(*tower[1:])))) == MAX_ISSUERS


def test_issuers_of_a_signature_go_below_each_authority_up_to_its_first_certificate() -> None:
    authorities = build_authorities(pem(ROOT, OTHER), None, "where")
    found = complete_authorities((LOWER.der, UPPER.der, ROOT.der), authorities)
    assert [one.chain for one in found] == [
        (LOWER.certificate, UPPER.certificate, ROOT.certificate),
        (LOWER.certificate, UPPER.certificate, ROOT.certificate, OTHER.certificate),
    ]
    assert complete_authorities((), authorities) == authorities
    with pytest.raises(MalformedError):
        complete_authorities((b"x",), authorities)
