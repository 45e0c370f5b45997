"""Precertificate, promise, certificate: the bytes that go to the log, and those that do not leave."""

from datetime import timedelta
from typing import Final

import pytest
from cryptography.x509 import load_der_x509_certificate

from ca_server.authority.protocol import IssuingCertificate
from ca_server.config import Embedding
from ca_server.issuance.certificate import Validity, build_serial, build_template
from ca_server.issuance.errors import AuthorityFailed
from ca_server.issuance.publication import PUBLICATIONS, Published
from ca_server.issuance.self_check import Wanted, verify_embedded, verify_issued
from cosignpy.core.ct.entry import EntryType
from cosignpy.core.ct.precertificate import (
    POISON,
    SCT_LIST,
    build_certificate_entry,
    build_precertificate_entry,
    hash_issuer_key,
    is_precertificate,
    parse_embedded_scts,
    verify_embedded_sct,
    verify_sct,
)
from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384, ED25519, RSA_2048, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.issuing import sign_certificate
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import KeyUnusable
from cosignpy.values import replace, value
from tests.support.issuance import (
    ALICE_WITH_MAIL,
    LOG_KEY,
    START,
    WORKFLOW,
    YEAR,
    MemoryLog,
    build_issuing,
    client_key,
    run,
)

ISSUING: Final = build_issuing()


def wanted(issuing: IssuingCertificate = ISSUING) -> Wanted:
    validity = Validity(START, START + timedelta(minutes=20))
    template = build_template(WORKFLOW, client_key().public_key, issuing, validity, build_serial(b"1"))
    return Wanted(WORKFLOW, template, issuing)


def publish(embedding: Embedding, issuing: IssuingCertificate = ISSUING) -> tuple[Published, MemoryLog]:
    log = MemoryLog(LOG_KEY, [])
    return run(PUBLICATIONS[embedding](wanted(issuing), log.submit)), log


@pytest.mark.parametrize("algorithm", [ECDSA_P256, ECDSA_P384, RSA_2048, ED25519], ids=lambda one: one.key)
def test_the_precertificate_and_the_certificate_are_the_same_but_for_one_extension(algorithm: Algorithm) -> None:
    issuing = build_issuing(PrivateKey.generate(algorithm))
    published, log = publish(Embedding.EMBEDDED, issuing)
    (submitted,) = log.submitted
    poisoned, final = TbsCertificate.parse(submitted.chain[0]), TbsCertificate.parse(published.leaf)
    assert is_precertificate(poisoned)
    assert poisoned.encode_without(POISON) == final.encode_without(SCT_LIST) == submitted.entry.content
    assert [extension.oid for extension in poisoned.extensions][:-1] == [one.oid for one in final.extensions][:-1]
    assert submitted.chain[1:] == issuing.chain
    for certificate in (submitted.chain[0], published.leaf):
        load_der_x509_certificate(certificate).verify_directly_issued_by(load_der_x509_certificate(issuing.chain[0]))


def test_the_log_is_told_what_it_will_find_itself() -> None:
    _, log = publish(Embedding.EMBEDDED)
    (submitted,) = log.submitted
    key_hash = hash_issuer_key(TbsCertificate.parse(ISSUING.chain[0]))
    assert submitted.entry == build_precertificate_entry(TbsCertificate.parse(submitted.chain[0]), key_hash)


def test_the_promise_in_the_certificate_verifies() -> None:
    published, _ = publish(Embedding.EMBEDDED)
    assert parse_embedded_scts(published.leaf) == (published.sct,)
    assert published.sct is not None
    verify_embedded_sct(published.sct, published.leaf, ISSUING.chain[0], LOG_KEY.public_key)
    (read,) = load_der_x509_certificate(published.leaf).extensions[-1].value
    assert read.log_id == published.sct.log_id


def test_a_detached_promise_is_for_the_finished_certificate() -> None:
    published, log = publish(Embedding.DETACHED)
    (submitted,) = log.submitted
    assert published.sct is not None
    assert submitted.entry.kind is EntryType.X509
    verify_sct(published.sct, build_certificate_entry(published.leaf), LOG_KEY.public_key)
    assert parse_embedded_scts(published.leaf) == ()
    assert submitted.chain == (published.leaf, *ISSUING.chain)


def test_no_log_is_told_of_a_certificate_that_is_kept_secret() -> None:
    published, log = publish(Embedding.NONE)
    assert (published.sct, log.submitted) == (None, [])


@value
class Broken:
    """A key that does not sign, or that signs something else than it is given."""

    key: Signer
    instead: bytes | None = None

    @property
    def public_key(self) -> PublicKey:
        return self.key.public_key

    def sign(self, _: bytes) -> bytes:
        if self.instead is None:
            raise KeyUnusable("token", "it was removed")
        return self.key.sign(self.instead)


@pytest.mark.parametrize("embedding", Embedding)
@pytest.mark.parametrize("instead", [None, b"something else"], ids=["refuses", "signs-something-else"])
def test_what_the_authority_did_not_sign_does_not_leave(embedding: Embedding, instead: bytes | None) -> None:
    broken = replace(ISSUING, signer=Broken(ISSUING.signer, instead))
    with pytest.raises(AuthorityFailed):
        publish(embedding, broken)


def leaf_of(found: Wanted) -> bytes:
    return sign_certificate(found.template, found.issuing.signer)


GOOD: Final = wanted()


@pytest.mark.parametrize(
    "other",
    [
        replace(GOOD, principal=ALICE_WITH_MAIL),
        replace(GOOD, principal=replace(WORKFLOW, subject="somebody else")),
        replace(GOOD, template=replace(GOOD.template, serial=2)),
        replace(GOOD, template=replace(GOOD.template, not_after=GOOD.template.not_after + YEAR)),
        replace(GOOD, template=replace(GOOD.template, not_before=GOOD.template.not_before - YEAR)),
        replace(GOOD, template=replace(GOOD.template, spki=client_key("P-384").public_key.spki)),
        replace(GOOD, issuing=replace(ISSUING, chain=ISSUING.chain[1:])),
        replace(GOOD, issuing=replace(ISSUING, subject=ISSUING.subject + b"\x00")),
    ],
    ids=["name", "subject", "serial", "end", "beginning", "key", "issuers-key", "issuers-name"],
)
def test_a_certificate_that_differs_from_what_was_wanted_does_not_leave(other: Wanted) -> None:
    leaf = leaf_of(GOOD)
    verify_issued(leaf, GOOD)
    with pytest.raises(AuthorityFailed):
        verify_issued(leaf, other)


@pytest.mark.parametrize("flipped", [0x01, 0x80, 0xFF])
def test_a_certificate_with_an_octet_changed_does_not_leave(flipped: int) -> None:
    leaf = leaf_of(GOOD)
    for place, octet in enumerate(leaf):
        with pytest.raises(AuthorityFailed):
            verify_issued(leaf[:place] + bytes((octet ^ flipped,)) + leaf[place + 1 :], GOOD)


def test_a_promise_for_another_certificate_is_found() -> None:
    published, log = publish(Embedding.EMBEDDED)
    certificate = load_der_x509_certificate(published.leaf)
    (submitted,) = log.submitted
    verify_embedded(certificate, submitted.entry)
    with pytest.raises(AuthorityFailed):
        verify_embedded(certificate, replace(submitted.entry, content=submitted.entry.content[:-1] + b"\x00"))
    with pytest.raises(AuthorityFailed):
        verify_embedded(load_der_x509_certificate(leaf_of(GOOD)), submitted.entry)
