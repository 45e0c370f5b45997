"""The file of accepted roots."""

from hashlib import sha256
from pathlib import Path

import pytest

from cosignpy.errors import CertificateError, FileError, LimitExceeded, MalformedError
from log_server.ct.roots import MAX_ROOTS, MAX_ROOTS_FILE, AcceptedRoots, load_roots
from tests.support.certificates import CA, NAMED, Authority


def pem(*authorities: Authority) -> bytes:
    return b"".join(authority.pem for authority in authorities)


def test_roots_are_read_in_their_order_and_once_each() -> None:
    one, two = Authority.root("one"), Authority.root("two")
    found = AcceptedRoots.parse_pem(b"text\n" + pem(two, one, two))
    assert found.encode() == (two.der, one.der)
    assert found == AcceptedRoots.build([two.certificate, one.certificate])
    assert found != AcceptedRoots.build([two.certificate])
    assert [found.holds(sha256(der).digest()) for der in (one.der, Authority.root("three").der)] == [True, False]


def test_roots_of_one_name_are_all_found() -> None:
    one, same = Authority.root("one"), Authority.root("one", extensions=(*CA, *NAMED))
    found = AcceptedRoots.build([one.certificate, same.certificate])
    assert list(found.by_subject[one.certificate.subject]) == [one.certificate, same.certificate]


def test_no_roots_is_what_there_is_without_a_file() -> None:
    assert (AcceptedRoots().encode(), AcceptedRoots().fingerprints) == ((), frozenset())


@pytest.mark.parametrize(
    "raw",
    [b"", b"text", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", b"-----BEGIN CERTIFICATE-----\n"],
)
def test_a_file_without_certificates_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        AcceptedRoots.parse_pem(raw, what="test")
    assert caught.value.what == "test"


def test_a_certificate_that_is_no_authoritys_is_refused() -> None:
    one = Authority.root("one")
    with pytest.raises(CertificateError) as caught:
        AcceptedRoots.parse_pem(pem(one, Authority.root("two", extensions=())), what="test")
    assert caught.value.what == "certificate 2 of the test"


def test_roots_are_limited() -> None:
    one = pem(Authority.root("one"))
    assert len(AcceptedRoots.parse_pem(one * MAX_ROOTS).certificates) == 1
    with pytest.raises(LimitExceeded) as caught:
        AcceptedRoots.parse_pem(one * (MAX_ROOTS + 1), what="test")
    assert caught.value.what == "test"


def test_the_file_is_limited() -> None:
    one = pem(Authority.root("one"))
    assert AcceptedRoots.parse_pem(one + b"\n" * (MAX_ROOTS_FILE - len(one))).certificates
    with pytest.raises(LimitExceeded):
        AcceptedRoots.parse_pem(one + b"\n" * (MAX_ROOTS_FILE - len(one) + 1))


def test_a_file_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    one = Authority.root("one")
    file.write_bytes(pem(one))
    assert load_roots(file).encode() == (one.der,)
    file.write_bytes(pem(one) + b"\n" * MAX_ROOTS_FILE)
    with pytest.raises(LimitExceeded):
        load_roots(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_roots(tmp_path / "roots.pem")
    assert caught.value.path == str(tmp_path / "roots.pem")
