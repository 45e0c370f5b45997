"""What holds for every certificate that is issued, and for everything that is sent to have one."""

from datetime import timedelta
from typing import Final

from cryptography.x509 import load_der_x509_certificate, load_der_x509_csr
from hypothesis import given, settings
from hypothesis import strategies as st

from ca_server.config import CERTIFIED, Embedding
from ca_server.identity.identify import Identified
from ca_server.identity.principal import Principal
from ca_server.issuance.certificate import SERIAL_SIZE, Lifetime, build_serial, build_validity
from ca_server.issuance.errors import IssuanceRefused
from ca_server.issuance.proof_of_possession import prove_possession
from ca_server.issuance.public_keys import AllowedKeys, parse_public_key
from ca_server.issuance.request import SigningRequest
from cosignpy.core.ct.precertificate import (
    POISON,
    SCT_LIST,
    build_certificate_entry,
    parse_embedded_scts,
    verify_embedded_sct,
    verify_sct,
)
from cosignpy.core.encoding import parse_pem
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.certificate_request import CertificateRequest
from cosignpy.core.x509.chain import verify_issued_by
from cosignpy.core.x509.fulcio_extensions import FulcioExtension, fulcio_extension, fulcio_extensions
from cosignpy.core.x509.fulcio_names import WRAPPED
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName, subject_names
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CosignError, MalformedError, VerificationError
from cosignpy.values import replace
from tests.property.strategies import neighbours, texts
from tests.support import client_rules
from tests.support.issuance import (
    ISSUER,
    LOG_KEY,
    START,
    YEAR,
    FixedAuthority,
    ask,
    build_csr,
    build_issuing,
    client_key,
    open_desk,
    run,
)

ALLOWED: Final = AllowedKeys.select(CERTIFIED)
ISSUING: Final = build_issuing()
VISIBLE: Final = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
SHOWN: Final = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
KINDS: Final = ("P-256", "P-384", "P-521", "Ed25519")


def names() -> st.SearchStrategy[SubjectName]:
    address = st.text(VISIBLE, min_size=1, max_size=80)
    kinds = st.sampled_from((NameKind.EMAIL, NameKind.URI))
    user = st.text(SHOWN, min_size=1, max_size=80).map(lambda text: SubjectName(NameKind.USERNAME, text))
    return st.builds(SubjectName, kinds, address) | user


def _statements(number: int) -> st.SearchStrategy[FulcioExtension]:
    return texts(200).filter(bool).map(lambda text: fulcio_extension(number, text))


def principals() -> st.SearchStrategy[Principal]:
    numbers = st.sets(st.sampled_from([2, 3, 4, 5, 6, *[number for number in WRAPPED if number not in {8, 24}]]))
    statements = numbers.flatmap(lambda chosen: st.tuples(*[_statements(number) for number in sorted(chosen)]))
    return st.builds(Principal, texts().filter(bool), texts(300), texts(), names(), statements)


@settings(max_examples=60)
@given(principal=principals(), kind=st.sampled_from(KINDS), embedding=st.sampled_from(Embedding))
def test_every_certificate_says_who_it_is_for_and_its_promise_verifies(
    principal: Principal, kind: str, embedding: Embedding
) -> None:
    async def identify(_: str) -> Identified:
        return Identified(ISSUER, principal)

    desk = open_desk(embedding, identify=identify, authorities={"": FixedAuthority(ISSUING)})
    issued = run(desk.issuer.issue(ask(principal, client_key(kind)), "token"))
    certificate = load_der_x509_certificate(issued.leaf)
    certificate.verify_directly_issued_by(load_der_x509_certificate(ISSUING.chain[0]))
    read = Certificate.parse(issued.leaf)
    assert subject_names(read) == (principal.name,)
    client_rules.refuse_leaf(certificate)
    client_rules.refuse_profile(certificate)
    said = {statement.number: statement.text for statement in fulcio_extensions(read)}
    assert (said[1], said[8], said.get(24, "")) == (principal.issuer, principal.issuer, principal.subject)
    assert all(said[statement.number] == statement.text for statement in principal.extensions)
    if embedding is Embedding.EMBEDDED:
        (sct,) = parse_embedded_scts(issued.leaf)
        verify_embedded_sct(sct, issued.leaf, ISSUING.chain[0], LOG_KEY.public_key)
        (submitted,) = desk.log.submitted
        poisoned, final = TbsCertificate.parse(submitted.chain[0]), TbsCertificate.parse(issued.leaf)
        assert poisoned.encode_without(POISON) == final.encode_without(SCT_LIST)
        assert final.encode_without(SCT_LIST) == certificate.tbs_precertificate_bytes
    elif embedding is Embedding.DETACHED:
        assert issued.sct is not None
        verify_sct(issued.sct, build_certificate_entry(issued.leaf), LOG_KEY.public_key)


LEAF: Final = run(open_desk().issuer.issue(ask(), "alice.s.token")).leaf


@settings(max_examples=300)
@given(leaf=neighbours(LEAF))
def test_no_neighbour_of_a_certificate_verifies(leaf: bytes) -> None:
    """Neither the issuer's signature nor the log's is over anything but the certificate that was issued."""
    try:
        scts = parse_embedded_scts(leaf)
        for sct in scts:
            verify_embedded_sct(sct, leaf, ISSUING.chain[0], LOG_KEY.public_key)
        verify_issued_by(Certificate.parse(leaf), Certificate.parse(ISSUING.chain[0]))
    except (MalformedError, VerificationError):
        return
    raise AssertionError(leaf.hex())


KEYS: Final = [client_key(kind).public_key for kind in (*KINDS, "RSA-2048")]
SENT_KEYS: Final = [form for key in KEYS for form in (key.spki, key.encode_pem())]


@settings(max_examples=300)
@given(raw=st.sampled_from(SENT_KEYS).flatmap(neighbours) | st.binary(max_size=300))
def test_whatever_is_sent_as_a_key_is_one_that_stays_the_same_or_is_refused(raw: bytes) -> None:
    try:
        key = ALLOWED.accept(parse_public_key(raw))
    except IssuanceRefused:
        return
    assert parse_public_key(key.spki) == key
    if b"-----BEGIN" not in raw:
        assert key.spki == raw


CSRS: Final = [parse_pem(build_csr(client_key(kind)), what="test").body for kind in (*KINDS, "RSA-2048")]


@settings(max_examples=300)
@given(raw=st.sampled_from(CSRS).flatmap(neighbours) | st.binary(max_size=300))
def test_no_neighbour_of_a_request_proves_anything(raw: bytes) -> None:
    """Whatever is accepted is a request that another reader finds properly signed, too."""
    try:
        found = CertificateRequest.parse_der(raw)
        found.verify()
    except CosignError:
        return
    assert load_der_x509_csr(raw).is_signature_valid


@settings(max_examples=200)
@given(csr=st.sampled_from([build_csr(client_key(kind)) for kind in KINDS]).flatmap(neighbours))
def test_whatever_is_sent_as_a_request_is_refused_or_proves_possession_of_its_key(csr: bytes) -> None:
    try:
        key = prove_possession(SigningRequest(csr=csr), "challenge", ALLOWED)
    except IssuanceRefused:
        return
    assert key in KEYS


@settings(max_examples=200)
@given(proof=neighbours(ask().proof) | st.binary(max_size=100))
def test_no_neighbour_of_a_proof_is_one(proof: bytes) -> None:
    try:
        prove_possession(replace(ask(), proof=proof), "alice@example.com", ALLOWED)
    except IssuanceRefused:
        return
    raise AssertionError(proof.hex())


@given(
    offset=st.timedeltas(-2 * YEAR, 2 * YEAR),
    length=st.integers(60, 86_400),
    share=st.floats(0, 1, exclude_max=True),
)
def test_no_certificate_reaches_beyond_its_issuer(offset: timedelta, length: int, share: float) -> None:
    lifetime = Lifetime(timedelta(seconds=length), timedelta(seconds=int(length * share)))
    now = START + offset
    try:
        found = build_validity(lifetime, ISSUING, now)
    except IssuanceRefused:
        assert not ISSUING.not_before <= now <= ISSUING.not_after - timedelta(minutes=1)
        return
    assert ISSUING.not_before <= found.first <= now
    assert now < found.last <= ISSUING.not_after
    assert found.last - found.first <= lifetime.length


@given(octets=st.binary(min_size=SERIAL_SIZE, max_size=SERIAL_SIZE))
def test_a_serial_number_keeps_its_random_bits(octets: bytes) -> None:
    mask = (1 << 8 * SERIAL_SIZE - 2) - 1
    assert build_serial(octets) & mask == int.from_bytes(octets) & mask
