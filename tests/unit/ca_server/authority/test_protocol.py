"""What issuing takes from an authority, looked up once."""

from hashlib import sha256
from typing import Final

from ca_server.authority.hierarchy import draw_serial
from ca_server.authority.profile import Period, Subject, root_template
from ca_server.authority.protocol import IssuingCertificate, encode_chain
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.core.x509.extensions import SUBJECT_KEY_IDENTIFIER, identify_key, read_key_identifier
from cosignpy.core.x509.issuing import encode_name, sign_certificate
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.values import replace
from tests.support.authorities import BEGIN, DAY, PLAN, hierarchy
from tests.support.fixed_keys import ALICE

MADE: Final = hierarchy(replace(PLAN, lifetime=5 * DAY)).issuing


def test_everything_a_leaf_needs_is_that_of_the_certificate() -> None:
    issuing = IssuingCertificate.of(MADE.key, MADE.chain)
    read = Certificate.parse(MADE.chain[0])
    assert issuing.subject == read.subject == TbsCertificate.parse(MADE.chain[0]).subject
    assert issuing.key_identifier == read_key_identifier(read) == identify_key(MADE.key.public_key.spki)
    assert issuing.key_hash == sha256(MADE.key.public_key.spki).digest()
    assert (issuing.not_before, issuing.not_after) == (BEGIN, BEGIN + 5 * DAY)
    assert parse_chain_pem("".join(issuing.pems).encode(), most=2) == MADE.chain
    assert encode_chain(MADE.chain) == issuing.pems
    assert "PrivateKey" not in repr(issuing)


def test_a_certificate_that_does_not_name_its_key_is_called_by_it() -> None:
    subject = Subject(encode_name("old root", "org"), ALICE.public_key.spki)
    template = root_template(subject, Period(BEGIN, BEGIN + DAY), draw_serial())
    kept = tuple(one for one in template.extensions if one.oid != SUBJECT_KEY_IDENTIFIER)
    chain = (sign_certificate(replace(template, extensions=kept), ALICE),)
    assert IssuingCertificate.of(ALICE, chain).key_identifier == identify_key(ALICE.public_key.spki)


def test_no_leaf_outlives_whatever_of_the_chain_ends_first() -> None:
    root = hierarchy(replace(PLAN, root_lifetime=3 * DAY, lifetime=3 * DAY)).root
    issuing = IssuingCertificate.of(MADE.key, (*MADE.chain[:1], *root.chain))
    assert issuing.not_after == BEGIN + 3 * DAY
