"""Signatures that do not say of what they are, or by which key: their log entry does."""

from typing import Any, Final

import pytest

from cosignpy.core.bundle.logged_signer import complete_by_entry
from cosignpy.core.bundle.model import (
    BUNDLE_V01,
    Bundle,
    CertificateMaterial,
    MessageSignature,
    PublicKeyMaterial,
)
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.dsse import DsseV001, LoggedSignature
from cosignpy.core.rekor.hashedrekord import HashedRekordV001
from cosignpy.core.rekor.intoto import IntotoSignature, IntotoV001, IntotoV002
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.errors import MalformedError
from cosignpy.values import replace
from tests.support.virtual_sigstore import ARTIFACT, STATEMENT, USER_KEY, certificate_pem, good_leaf, key_bundle

SIGNATURE: Final = b"signature"
PEM: Final = USER_KEY.public_key.encode_pem()
HINT: Final = USER_KEY.public_key.hint
SHA256: Final = EntryHash("sha256", Digest.of(ARTIFACT).hex)
ENVELOPE: Final = Envelope(IN_TOTO_PAYLOAD, STATEMENT, (EnvelopeSignature(SIGNATURE),))


def logged(body: bytes, kind: str = "hashedrekord", version: str = "0.0.1") -> LogEntry:
    return LogEntry(body, b"log", 1, kind=kind, version=version)


def record(**changes: Any) -> LogEntry:
    return logged(replace(HashedRekordV001(SHA256, SIGNATURE, PEM), **changes).encode())


def bare(*entries: LogEntry, content: Envelope | MessageSignature | None = None) -> Bundle:
    return Bundle(BUNDLE_V01, PublicKeyMaterial(""), content or MessageSignature("", b"", SIGNATURE), entries)


def test_a_signature_becomes_one_of_what_was_logged() -> None:
    found = complete_by_entry(bare(record()))
    assert found.content == MessageSignature("SHA2_256", bytes.fromhex(SHA256.hex), SIGNATURE)
    assert found.material == PublicKeyMaterial(HINT)


def test_a_longer_digest_keeps_its_name() -> None:
    found = complete_by_entry(bare(record(hash=EntryHash("sha384", "ab" * 48)))).content
    assert found == MessageSignature("SHA2_384", b"\xab" * 48, SIGNATURE)


@pytest.mark.parametrize(
    ("kind", "version", "body"),
    [
        ("dsse", "0.0.1", DsseV001(SHA256, SHA256, (LoggedSignature(SIGNATURE, PEM),)).encode()),
        ("intoto", "0.0.1", IntotoV001(SHA256, PEM).encode()),
        ("intoto", "0.0.2", IntotoV002("text", (IntotoSignature(SIGNATURE, PEM),), SHA256, SHA256).encode()),
    ],
)
def test_an_envelope_learns_its_key(kind: str, version: str, body: bytes) -> None:
    found = complete_by_entry(bare(logged(body, kind, version), content=ENVELOPE))
    assert (found.material, found.content) == (PublicKeyMaterial(HINT), ENVELOPE)
    with pytest.raises(MalformedError, match="does not say of what it is"):
        complete_by_entry(bare(logged(body, kind, version)))


def test_what_a_bundle_says_itself_stays() -> None:
    assert complete_by_entry(key_bundle()) == key_bundle()
    said = MessageSignature("SHA2_512", bytes(64), SIGNATURE)
    assert complete_by_entry(bare(record(), content=said)).content == said
    certified = replace(bare(record()), material=CertificateMaterial((good_leaf(),)))
    assert complete_by_entry(certified).material == CertificateMaterial((good_leaf(),))


@pytest.mark.parametrize(
    ("bundle", "why"),
    [
        (bare(), "without a log entry"),
        (bare(record(signature=b"another")), "about another"),
        (bare(record(verifier=certificate_pem(good_leaf()))), "without the certificate"),
        (bare(logged(b"", "rekord"), content=ENVELOPE), "not known: rekord"),
        (bare(logged(b"nonsense")), "not valid JSON"),
    ],
)
def test_what_nothing_says_is_refused(bundle: Bundle, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        complete_by_entry(bundle)
