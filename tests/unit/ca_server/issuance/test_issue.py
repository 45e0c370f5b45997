"""The flow: from a token to a certificate, or to a refusal, and one line on record for either."""

import asyncio
from datetime import timedelta
from http import HTTPStatus

import pytest

from ca_server.authority.protocol import IssuingCertificate
from ca_server.config import CertificateSettings, Embedding
from ca_server.identity.claims import TokenRefused
from ca_server.identity.identify import Identified
from ca_server.identity.principal import Principal
from ca_server.issuance.audit import AuditRecord, Outcome
from ca_server.issuance.ct_submit import Submission
from ca_server.issuance.errors import AuthorityFailed, IssuanceRefused, LogRefused, ProofRefused, TooMany
from ca_server.issuance.issue import IssuedCertificate
from ca_server.issuance.request import SigningRequest
from cosignpy.core.ct.precertificate import parse_embedded_scts, verify_embedded_sct
from cosignpy.core.ct.sct import Sct
from cosignpy.core.encoding import parse_pem
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName, subject_names
from cosignpy.errors import CosignError, KeyUnusable
from cosignpy.serving.quantities import Duration
from cosignpy.values import replace
from tests.support.issuance import (
    ALICE_WITH_MAIL,
    BOB,
    ISSUER,
    LOG_KEY,
    OTHER_TOKEN,
    START,
    TOKEN,
    USER,
    WORKFLOW,
    YEAR,
    Desk,
    FixedAuthority,
    ask,
    build_csr,
    build_issuing,
    open_desk,
    run,
)


def issue(desk: Desk, request: SigningRequest | None = None, token: str = TOKEN) -> IssuedCertificate:
    return run(desk.issuer.issue(request or ask(), token))


def refused(desk: Desk, request: SigningRequest | None = None, token: str = TOKEN) -> tuple[BaseException, AuditRecord]:
    """Return the error, and the one line that is on record."""
    with pytest.raises(CosignError) as caught:
        issue(desk, request, token)
    (record,) = desk.records
    assert (record.outcome, record.refusal) == (Outcome.REFUSED, type(caught.value).__name__)
    assert record.reason == str(caught.value)
    return caught.value, record


def test_a_certificate_is_issued_logged_and_on_record() -> None:
    desk = open_desk()
    issued = issue(desk)
    (sct,) = parse_embedded_scts(issued.leaf)
    verify_embedded_sct(sct, issued.leaf, issued.chain[0], LOG_KEY.public_key)
    assert (sct, issued.embedding) == (issued.sct, Embedding.EMBEDDED)
    assert issued.serial == Certificate.parse(issued.leaf).serial_number
    assert desk.records == [
        AuditRecord(
            Outcome.ISSUED,
            issuer=ALICE_WITH_MAIL.issuer,
            subject=ALICE_WITH_MAIL.subject,
            name="email:alice@example.com",
            key="P-256",
            serial=issued.serial,
            not_after=START + timedelta(minutes=20),
            log_id=sct.log_id,
            sct_ms=sct.timestamp_ms,
        )
    ]


def test_the_answer_has_leaf_and_chain_in_pem() -> None:
    issued = issue(open_desk())
    assert [parse_pem(pem.encode(), what="test").body for pem in issued.pems] == [issued.leaf, *issued.chain]


@pytest.mark.parametrize(
    ("token", "principal"),
    [(TOKEN, ALICE_WITH_MAIL), ("workflow", WORKFLOW), ("user", USER)],
    ids=["email", "uri", "user"],
)
@pytest.mark.parametrize("embedding", Embedding)
def test_everybody_gets_the_name_of_their_token(token: str, principal: Principal, embedding: Embedding) -> None:
    issued = issue(open_desk(embedding), ask(principal), token)
    certificate = Certificate.parse(issued.leaf)
    verify_issued_by(certificate, Certificate.parse(issued.chain[0]))
    assert subject_names(certificate) == (principal.name,)
    assert (issued.sct is None) == (embedding is Embedding.NONE)


def test_the_names_in_a_certificate_signing_request_are_ignored() -> None:
    issued = issue(open_desk(), SigningRequest(csr=build_csr()))
    certificate = Certificate.parse(issued.leaf)
    assert subject_names(certificate) == (ALICE_WITH_MAIL.name,)
    assert b"mallory" not in issued.leaf


def test_no_two_certificates_have_a_serial_number_in_common() -> None:
    desk = open_desk()
    assert len({issue(desk).serial for _ in range(20)}) == 20


def test_settings_decide_about_time_and_kinds_of_key() -> None:
    settings = CertificateSettings(Duration(3600), Duration(60), ("ed25519",))
    error, record = refused(open_desk(settings=settings))
    assert type(error).__name__ == "AlgorithmNotAllowed"
    issued = issue(open_desk(settings=replace(settings, algorithms=("ecdsa-sha2-256-nistp256",))))
    certificate = Certificate.parse(issued.leaf)
    assert certificate.not_before == START - timedelta(minutes=1)
    assert certificate.not_after == START + timedelta(minutes=59)
    assert record.status == HTTPStatus.BAD_REQUEST


def test_an_issuer_may_have_an_authority_of_its_own() -> None:
    async def identify(_: str) -> Identified:
        return Identified(replace(ISSUER, authority="private"), ALICE_WITH_MAIL)

    own = build_issuing(LOG_KEY)
    authorities = {"": FixedAuthority(build_issuing()), "private": FixedAuthority(own)}
    assert issue(open_desk(identify=identify, authorities=authorities)).chain == own.chain
    error, record = refused(open_desk(identify=identify))
    assert isinstance(error, AuthorityFailed)
    assert record.status == HTTPStatus.INTERNAL_SERVER_ERROR


def test_a_token_that_is_not_believed_is_on_record_without_a_name() -> None:
    error, record = refused(open_desk(), token="mallory's token")
    assert isinstance(error, TokenRefused)
    assert (record.issuer, record.subject, record.name, record.key, record.serial) == ("", "", "", "", None)
    assert "mallory" not in repr(record)


def test_a_proof_is_no_good_with_another_token() -> None:
    """What Alice signed to have her key certified does not certify it for Bob, nor for her again as somebody else."""
    error, record = refused(open_desk(), ask(ALICE_WITH_MAIL), OTHER_TOKEN)
    assert isinstance(error, ProofRefused)
    assert (record.name, record.key, record.serial) == (f"email:{BOB.name.text}", "", None)


def test_who_asks_too_often_gets_nothing() -> None:
    def admit(principal: Principal) -> None:
        raise TooMany(f"{principal.subject} asked too often", 3.0)

    desk = open_desk(admit=admit)
    error, record = refused(desk)
    assert isinstance(error, TooMany)
    assert (record.status, desk.log.submitted) == (HTTPStatus.TOO_MANY_REQUESTS, [])


async def no_log(_: Submission) -> Sct:
    raise LogRefused("it is down")


@pytest.mark.parametrize("embedding", [Embedding.EMBEDDED, Embedding.DETACHED])
def test_without_a_promise_nothing_is_issued(embedding: Embedding) -> None:
    error, record = refused(open_desk(embedding, submit=no_log))
    assert isinstance(error, LogRefused)
    assert record.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert record.serial is not None, "a log may know of the precertificate"


def test_an_authority_whose_time_is_over_issues_nothing() -> None:
    desk = open_desk(now=lambda: START + YEAR)
    error, _ = refused(desk)
    assert isinstance(error, AuthorityFailed)
    assert desk.log.submitted == []


class Absent:
    """An authority without a key."""

    def current(self) -> IssuingCertificate:
        raise KeyUnusable("key", "it is gone")

    def trusted_chains(self) -> tuple[tuple[bytes, ...], ...]:
        return ()


def test_an_authority_that_fails_is_not_the_clients_fault() -> None:
    error, record = refused(open_desk(authorities={"": Absent()}))
    assert isinstance(error, AuthorityFailed)
    assert "it is gone" in record.reason


def test_a_name_that_no_certificate_can_carry_is_a_refused_token() -> None:
    async def identify(_: str) -> Identified:
        odd = replace(ALICE_WITH_MAIL, name=SubjectName(NameKind.EMAIL, "alice\x00@example.com"))
        return Identified(ISSUER, odd)

    desk = open_desk(identify=identify)
    error, _ = refused(desk)
    assert isinstance(error, TokenRefused)
    assert desk.log.submitted == []


def test_what_nobody_foresaw_is_on_record_without_its_words() -> None:
    async def identify(token: str) -> Identified:
        raise ZeroDivisionError(token)

    desk = open_desk(identify=identify)
    with pytest.raises(ZeroDivisionError):
        issue(desk)
    (record,) = desk.records
    assert (record.refusal, record.reason, record.status) == ("ZeroDivisionError", "", 500)


def test_a_request_that_is_given_up_is_on_record() -> None:
    async def hang(_: Submission) -> Sct:
        await asyncio.Event().wait()
        raise AssertionError

    desk = open_desk(submit=hang)

    async def give_up() -> None:
        async with asyncio.timeout(0):
            await desk.issuer.issue(ask(), TOKEN)

    with pytest.raises(TimeoutError):
        run(give_up())
    (record,) = desk.records
    assert (record.outcome, record.refusal) == (Outcome.REFUSED, "CancelledError")


def test_every_refusal_leaves_the_log_alone() -> None:
    for request in (SigningRequest(), SigningRequest(csr=b"x"), replace(ask(), proof=b"")):
        desk = open_desk()
        error, _ = refused(desk, request)
        assert isinstance(error, IssuanceRefused)
        assert desk.log.submitted == []
