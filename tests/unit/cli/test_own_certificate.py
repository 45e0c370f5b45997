"""Signing with a certificate of one's own: what goes together, and what is refused before anything is signed."""

from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.own_certificate import OwnCertificateFlags
from cosignpy.cli.wiring_signing import Signing
from cosignpy.core.encoding import encode_b64
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.errors import CertificateError, CosignError, FileError, LimitExceeded, MalformedError, UsageError
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from tests.support.own_pki import CHAIN, INTERMEDIATE, LEAF, ROOT, write_own_pki
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signing_services import Root

FLAGS: Final = OwnCertificateFlags(LEAF, CHAIN)
KEYED: Final = SigningKey(KEY)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_own_pki(tmp_path, KEY.public_key)
    (tmp_path / "empty.pem").touch()
    (tmp_path / "disordered.pem").write_bytes((tmp_path / ROOT).read_bytes() + (tmp_path / INTERMEDIATE).read_bytes())
    return tmp_path


def ders(name: str) -> tuple[bytes, ...]:
    return parse_chain_pem(Path(name).read_bytes(), most=9)


@pytest.mark.parametrize(
    ("flags", "key"),
    [(FLAGS, ""), (OwnCertificateFlags(LEAF), ""), (OwnCertificateFlags(certificate_chain=CHAIN), "cosign.key")],
)
def test_a_certificate_needs_its_key_and_issuers_their_certificate(flags: OwnCertificateFlags, key: str) -> None:
    with pytest.raises(UsageError):
        flags.check(key)


def test_what_goes_together_passes() -> None:
    for flags in (FLAGS, OwnCertificateFlags(LEAF), OwnCertificateFlags()):
        flags.check("cosign.key")
    OwnCertificateFlags().check("")


def test_a_key_gets_its_certificate_and_issuers() -> None:
    found = FLAGS.of_key(KEYED)
    assert (found.signer, (found.certificate,), found.issuers) == (KEY, ders(LEAF), ders(CHAIN))
    assert found.own is not None
    assert found.own.authority is not None
    assert found.own.authority.uri == CHAIN
    assert len(found.own.authority.chain) == 2


def test_a_certificate_may_be_wrapped_as_sign_blob_wraps_it() -> None:
    Path("wrapped.pem").write_text(encode_b64(Path(LEAF).read_bytes()))
    assert (OwnCertificateFlags("wrapped.pem").of_key(KEYED).certificate,) == ders(LEAF)


def test_without_issuers_the_trusted_root_has_to_name_them() -> None:
    found = OwnCertificateFlags(LEAF).of_key(KEYED)
    assert found.issuers == ()
    assert found.own is not None
    assert found.own.authority is None


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (OwnCertificateFlags(ROOT), CertificateError),
        (OwnCertificateFlags(LEAF, ROOT), CertificateError),
        (OwnCertificateFlags(LEAF, "disordered.pem"), CertificateError),
        (OwnCertificateFlags(LEAF, LEAF), CertificateError),
        (OwnCertificateFlags(CHAIN), LimitExceeded),
        (OwnCertificateFlags("empty.pem"), MalformedError),
        (OwnCertificateFlags(LEAF, "empty.pem"), MalformedError),
        (OwnCertificateFlags("absent.pem"), FileError),
        (OwnCertificateFlags(LEAF, "absent.pem"), FileError),
    ],
)
def test_files_that_are_not_what_they_should_be_are_refused(
    flags: OwnCertificateFlags, error: type[CosignError]
) -> None:
    with pytest.raises(error):
        flags.of_key(KEYED)


def test_a_certificate_of_another_key_is_refused_with_what_to_do() -> None:
    with pytest.raises(CertificateError, match="is to sign") as refused:
        FLAGS.of_key(SigningKey(OTHER_KEY))
    assert "--certificate-chain" in str(refused.value.hint)


def test_the_key_is_asked_for_once_and_stays_as_it_was_without_a_certificate() -> None:
    asked = []

    def load() -> SigningKey:
        asked.append(1)
        return KEYED

    signing = Signing(load, SigningServices(), Root())
    assert OwnCertificateFlags().certify(signing) is signing
    certified = FLAGS.certify(signing)
    assert asked == []
    assert certified.key() is certified.key()
    assert certified.key().certificate == ders(LEAF)[0]
    assert (asked, certified.services, certified.trust) == ([1], signing.services, signing.trust)
