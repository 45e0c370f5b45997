import pytest
from cryptography.x509 import ObjectIdentifier, UnrecognizedExtension

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.fulcio_names import ARC
from log_server.web.signers import (
    NOBODY,
    UNREADABLE_NAME,
    CertificateView,
    SignerView,
    view_certificate,
    view_key,
)
from tests.support.certificates import LIFETIME, NAMED, START, Authority
from tests.support.page_logs import EMAIL, ISSUER, WORKFLOW, fulcio_leaf


def view(der: bytes) -> CertificateView:
    return view_certificate(Certificate.parse(der))


def test_a_certificate_is_told_in_words() -> None:
    shown = view(fulcio_leaf(WORKFLOW, _20="push"))
    assert [(name.kind, name.text) for name in shown.names] == [("URI", WORKFLOW)]
    assert (shown.subject, shown.issuer, shown.serial) == (NOBODY, "CN=Example CA", f"{1000:x}")
    assert (shown.not_before, shown.not_after) == (START, START + LIFETIME)
    assert [(one.number, one.name, one.text) for one in shown.extensions] == [
        (1, "issuer (deprecated)", ISSUER),
        (8, "issuer", ISSUER),
        (20, "build trigger", "push"),
    ]
    assert shown.problem == ""


def test_the_pem_is_that_of_the_certificate() -> None:
    der = fulcio_leaf()
    shown = view(der)
    assert PemBlock("CERTIFICATE", der).encode().decode() == shown.pem
    assert shown.fingerprint == str(Digest.of(der))


def test_a_certificate_whose_extensions_cannot_be_read_is_shown_without_them() -> None:
    broken = UnrecognizedExtension(ObjectIdentifier(f"{ARC}.8"), b"not DER")
    shown = view(Authority.root().leaf((*NAMED, (broken, False))))
    assert shown.extensions == ()
    assert [name.text for name in shown.names] == ["someone@example.com"]
    assert f"{ARC}.8" in shown.problem


@pytest.mark.parametrize("name", [b"Example CA", b"somebody"])
def test_a_name_that_is_no_text_keeps_nobody_from_the_page(name: bytes) -> None:
    der = Authority.root("Example CA").authority("somebody").der
    assert name in der
    shown = view(der.replace(name, b"\xff" + name[1:]))
    assert UNREADABLE_NAME in {shown.issuer, shown.subject}
    assert (shown.title, SignerView("", certificate=shown).title) == (shown.subject, shown.subject)


def test_a_signer_is_called_by_name_or_else_by_subject_or_key() -> None:
    key = PrivateKey.generate(ECDSA_P256).public_key
    assert SignerView("", view_key(key), view(fulcio_leaf())).title == EMAIL
    assert SignerView("", view_key(key), view(Authority.root("somebody").der)).title == "CN=somebody"
    assert SignerView("", view_key(key)).title == f"P-256 key {key.fingerprint}"
    assert SignerView("cafe", text="ssh").title == "key cafe"
