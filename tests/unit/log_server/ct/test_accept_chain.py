"""Which chains are logged, and as what."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import pytest
from cryptography.x509 import ExtendedKeyUsage, ObjectIdentifier

from cosignpy.core.ct.entry import MAX_CERTIFICATE, EntryType
from cosignpy.core.ct.precertificate import (
    build_certificate_entry,
    build_precertificate_entry,
    hash_issuer_key,
)
from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.core.x509.der_values import decode_oid
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CertificateError, LimitExceeded, MalformedError, UsageError
from log_server.ct.accept_chain import (
    MAX_CHAIN,
    PURPOSES,
    AcceptedChain,
    ChainRule,
    Expired,
    Purpose,
    accept_chain,
    parse_chain,
    select_purposes,
)
from log_server.ct.entries import encode_content
from log_server.ct.issuer_paths import IssuerPaths
from log_server.ct.roots import AcceptedRoots
from log_server.tlog.values import index_key
from tests.support import vectors
from tests.support.certificates import LIFETIME, MIDDLE, NAMED, POISONED, START, Authority, Extensions

ROOT: Final = Authority.root()
ISSUER: Final = ROOT.authority()
ABOVE: Final = (ISSUER.der, ROOT.der)
LENIENT: Final = ChainRule()
STRICT: Final = ChainRule(Expired.REFUSED)
SUBMITTED: Final = "certificate 1 of the chain"


def accept(
    leaf: bytes, kind: EntryType = EntryType.X509, rule: ChainRule = LENIENT, moment: datetime = MIDDLE
) -> AcceptedChain:
    paths = IssuerPaths(AcceptedRoots.build([ROOT.certificate]))
    return accept_chain((leaf, *ABOVE), kind, paths, rule, moment)


def purposes(name: Purpose) -> Extensions:
    return (*NAMED, (ExtendedKeyUsage([ObjectIdentifier(decode_oid(PURPOSES[name], what="test"))]), False))


def test_a_certificate_is_logged_as_it_is() -> None:
    leaf = ISSUER.leaf()
    accepted = accept(leaf)
    assert accepted.entry == build_certificate_entry(leaf)
    assert accepted.submitted == leaf
    assert accepted.content == encode_content(accepted.entry, b"", accepted.path.fingerprints)
    assert accepted.certificate.serial_number == 1000


def test_a_precertificate_is_logged_without_its_poison() -> None:
    leaf = ISSUER.leaf(POISONED)
    accepted = accept(leaf, EntryType.PRECERTIFICATE)
    key_hash = hash_issuer_key(TbsCertificate.parse(ISSUER.der))
    assert accepted.entry == build_precertificate_entry(TbsCertificate.parse(leaf), key_hash)
    assert accepted.content == encode_content(accepted.entry, leaf, accepted.path.fingerprints)


def test_the_engine_gets_the_issuers_and_what_the_same_certificate_is_known_by() -> None:
    accepted = accept(ISSUER.leaf())
    draft = accepted.draft((b"k" * 16,))
    assert draft.content == accepted.content
    assert draft.identity == index_key("certificate", accepted.entry.identity)
    assert draft.keys == (b"k" * 16,)
    assert draft.objects == tuple((f"issuer/{sha256(der).hexdigest()}", der) for der in ABOVE)


@pytest.mark.parametrize(
    ("extensions", "kind", "advice"),
    [(POISONED, EntryType.X509, "add-pre-chain"), (NAMED, EntryType.PRECERTIFICATE, "add-chain")],
)
def test_a_certificate_of_the_other_kind_is_refused(extensions: Extensions, kind: EntryType, advice: str) -> None:
    with pytest.raises(MalformedError) as caught:
        accept(ISSUER.leaf(extensions), kind)
    assert caught.value.what == SUBMITTED
    assert advice in caught.value.why


def test_a_certificate_of_another_issuer_is_refused() -> None:
    with pytest.raises(CertificateError) as caught:
        accept(ROOT.leaf())
    assert caught.value.what == SUBMITTED


def test_bytes_that_are_no_certificate_are_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        accept(b"x")
    assert caught.value.what == SUBMITTED


@pytest.mark.parametrize("moment", [START, START + LIFETIME])
def test_a_certificate_in_its_time_is_accepted(moment: datetime) -> None:
    accept(ISSUER.leaf(), rule=STRICT, moment=moment)


@pytest.mark.parametrize("moment", [START - timedelta(seconds=1), START + LIFETIME + timedelta(seconds=1)])
def test_a_certificate_out_of_its_time_is_refused_by_configuration_only(moment: datetime) -> None:
    leaf = ISSUER.leaf()
    accept(leaf, moment=moment)
    with pytest.raises(CertificateError) as caught:
        accept(leaf, rule=STRICT, moment=moment)
    assert caught.value.what == SUBMITTED


def test_a_purpose_is_demanded_by_configuration_only() -> None:
    rule = ChainRule(purposes=select_purposes(["TimeStamping", "CodeSigning"]))
    accept(ISSUER.leaf(purposes(Purpose.CODE_SIGNING)), rule=rule)
    for extensions in (NAMED, purposes(Purpose.SERVER_AUTH)):
        accept(ISSUER.leaf(extensions))
        with pytest.raises(CertificateError) as caught:
            accept(ISSUER.leaf(extensions), rule=rule)
        assert caught.value.what == SUBMITTED


def test_a_purpose_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        select_purposes(["CodeSigning", "Nothing"])
    assert "CodeSigning" in str(caught.value.hint)


def test_a_chain_has_one_to_ten_certificates() -> None:
    paths = IssuerPaths(AcceptedRoots.build([ROOT.certificate]))
    steps = [ROOT]
    while len(steps) < MAX_CHAIN:
        steps.append(steps[-1].authority(f"step {len(steps)}"))
    longest = (steps[-1].leaf(), *(step.der for step in reversed(steps)))
    accept_chain(longest[:-1], EntryType.X509, paths, ChainRule(), MIDDLE)
    with pytest.raises(LimitExceeded) as caught:
        accept_chain(longest, EntryType.X509, paths, ChainRule(), MIDDLE)
    assert caught.value.what == "chain"
    with pytest.raises(MalformedError):
        accept_chain((), EntryType.X509, paths, ChainRule(), MIDDLE)


@pytest.mark.parametrize("place", [0, 2])
def test_certificates_are_limited(place: int) -> None:
    chain = [ISSUER.leaf(), *ABOVE]
    paths = IssuerPaths(AcceptedRoots.build([ROOT.certificate]))
    for size, refused in ((MAX_CERTIFICATE, MalformedError), (MAX_CERTIFICATE + 1, LimitExceeded)):
        chain[place] = b"x" * size
        with pytest.raises(refused) as caught:
            accept_chain(chain, EntryType.X509, paths, ChainRule(), MIDDLE)
        assert type(caught.value) is refused
        assert caught.value.what == f"certificate {place + 1} of the chain"


@vectors.NEEDED
def test_a_chain_of_fulcio_is_accepted() -> None:
    raw = vectors.path("sigstore-java/fulcio-response/valid/certWithSct.pem").read_bytes()
    leaf, intermediate, root = [Certificate.parse(der) for der in parse_chain_pem(raw, most=3)]
    paths = IssuerPaths(AcceptedRoots.build([root]))
    rule = ChainRule(Expired.REFUSED, (Purpose.CODE_SIGNING,))
    for above in ((intermediate, root), (intermediate,)):
        chain = [certificate.der for certificate in (leaf, *above)]
        accepted = accept_chain(chain, EntryType.X509, paths, rule, leaf.not_before)
        assert accepted.path.fingerprints == tuple(sha256(one.der).digest() for one in (intermediate, root))
        with pytest.raises(CertificateError):
            accept_chain(chain, EntryType.X509, paths, rule, intermediate.not_before)


def test_a_submission_is_a_list_of_certificates() -> None:
    assert parse_chain(b'{"chain":["YQ==","Yg=="]}') == (b"a", b"b")
    assert parse_chain(encode_json({"chain": [encode_b64(b"a")] * MAX_CHAIN})) == (b"a",) * MAX_CHAIN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"chain":[]}',
        b'{"chain":"YQ=="}',
        b'{"chain":[1]}',
        b'{"chain":["YQ"]}',
        b'{"chain":["YQ==","YR=="]}',
    ],
)
def test_another_submission_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedError):
        accept_chain(parse_chain(body), EntryType.X509, IssuerPaths(AcceptedRoots()), ChainRule(), MIDDLE)


def test_submitted_certificates_are_limited() -> None:
    with pytest.raises(LimitExceeded):
        parse_chain(encode_json({"chain": ["YQ=="] * (MAX_CHAIN + 1)}))
