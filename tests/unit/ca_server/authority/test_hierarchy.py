"""What an authority is made of: certificates as clients want them, read by `cryptography` and verified by openssl."""

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography.x509 import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    Certificate,
    ExtendedKeyUsage,
    KeyUsage,
    NameOID,
    SubjectKeyIdentifier,
    load_der_x509_certificate,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from ca_server.authority.ephemeral import make_ephemeral
from ca_server.authority.hierarchy import Hierarchy, Plan, certify, draw_serial
from ca_server.authority.profile import Period, Role, Subject, root_template
from ca_server.authority.protocol import CertifiedKey, Chain, encode_chain, period_of
from ca_server.authority.rules import verify_chain, verify_key
from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384, ED25519, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.issuing import MAX_SERIAL, encode_name, sign_certificate
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import UsageError
from cosignpy.values import replace
from tests.support.authorities import BEGIN, DAY, PLAN, hierarchy

MADE: Final = hierarchy()


def parsed(chain: Chain) -> list[Certificate]:
    return [load_der_x509_certificate(one) for one in chain]


@pytest.mark.parametrize("made", [MADE, hierarchy(Plan("Org", "other", ED25519))], ids=["P-256", "Ed25519"])
def test_both_chains_are_sound(made: Hierarchy) -> None:
    for role, key in ((Role.ISSUING, made.issuing), (Role.TIMESTAMPING, made.timestamping)):
        verify_chain(key.chain, role, BEGIN + DAY, what="chain")
        verify_key(key.chain, key.key, what="key")
        assert key.chain[1:] == made.root.chain


def test_every_certificate_has_an_organisation_and_a_common_name() -> None:
    names = []
    for chain in (MADE.root.chain, MADE.issuing.chain[:1], MADE.timestamping.chain[:1]):
        (subject,) = [one.subject for one in parsed(chain)]
        assert [part.value for part in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["Example, Inc."]
        (name,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        names.append(str(name.value))
    assert names[0] == "test root"
    assert [name[:-8] for name in names[1:]] == ["test issuing ", "test timestamping "]


def test_the_root_may_have_one_authority_below_it_and_serves_any_purpose() -> None:
    (root,) = parsed(MADE.root.chain)
    assert root.extensions.get_extension_for_class(BasicConstraints).value == BasicConstraints(ca=True, path_length=1)
    usage = root.extensions.get_extension_for_class(KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.digital_signature) == (True, True, False)
    assert len(root.extensions) == 3
    assert root.issuer == root.subject


def test_the_intermediate_issues_leaves_for_code_signing() -> None:
    intermediate, root = parsed(MADE.issuing.chain)
    constraints = intermediate.extensions.get_extension_for_class(BasicConstraints)
    assert (constraints.critical, constraints.value.path_length) == (True, 0)
    purposes = intermediate.extensions.get_extension_for_class(ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CODE_SIGNING]
    named = intermediate.extensions.get_extension_for_class(AuthorityKeyIdentifier).value.key_identifier
    assert named == root.extensions.get_extension_for_class(SubjectKeyIdentifier).value.digest


def test_the_stamping_certificate_is_for_stamping_alone_and_says_so_critically() -> None:
    leaf, _ = parsed(MADE.timestamping.chain)
    purposes = leaf.extensions.get_extension_for_class(ExtendedKeyUsage)
    assert (purposes.critical, list(purposes.value)) == (True, [ExtendedKeyUsageOID.TIME_STAMPING])
    usage = leaf.extensions.get_extension_for_class(KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign) == (True, False)
    assert BasicConstraints not in [type(one.value) for one in leaf.extensions]


@pytest.mark.parametrize(
    ("algorithm", "issuing", "timestamping"),
    [(ECDSA_P256, ECDSA_P256, ECDSA_P256), (ECDSA_P384, ECDSA_P384, ECDSA_P384), (ED25519, ED25519, ECDSA_P256)],
    ids=["P-256", "P-384", "Ed25519"],
)
def test_stamps_are_always_signed_on_a_curve_that_javascript_knows(
    algorithm: Algorithm, issuing: Algorithm, timestamping: Algorithm
) -> None:
    made = hierarchy(replace(PLAN, algorithm=algorithm))
    assert (made.root.key.algorithm, made.issuing.key.algorithm) == (algorithm, issuing)
    assert made.timestamping.key.algorithm == timestamping


@pytest.mark.parametrize(("purpose", "chain"), [("timestampsign", MADE.timestamping), ("any", MADE.issuing)])
def test_openssl_verifies_both_chains_strictly(purpose: str, chain: CertifiedKey, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("leaf.pem", "root.pem")]
    for path, pem in zip(paths, encode_chain(chain.chain), strict=True):
        path.write_text(pem)
    time = f"{(BEGIN + DAY).timestamp():.0f}"
    strict = ("-x509_strict", "-purpose", purpose, "-attime", time, "-no-CAfile", "-no-CApath")
    done = subprocess.run(
        ["openssl", "verify", *strict, "-CAfile", paths[1], paths[0]], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"{paths[0]}: OK\n"), done.stderr


def test_lifetimes_are_those_of_the_plan() -> None:
    made = hierarchy(replace(PLAN, root_lifetime=10 * DAY, lifetime=3 * DAY))
    assert period_of(made.root.chain) == Period(BEGIN, BEGIN + 10 * DAY)
    assert period_of(made.issuing.chain) == period_of(made.timestamping.chain) == Period(BEGIN, BEGIN + 3 * DAY)


WRONG: Final[Mapping[str, Mapping[str, object]]] = {
    "longer than the root": {"lifetime": 3651 * DAY},
    "no time at all": {"lifetime": -DAY},
    "no organisation": {"organization": ""},
    "a name too long": {"name": "n" * 60},
    "a line break in a name": {"name": "a\nb"},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_plan_that_cannot_be_is_refused(change: Mapping[str, object]) -> None:
    with pytest.raises(UsageError):
        hierarchy(replace(PLAN, **change))


@pytest.mark.parametrize("begin", [BEGIN - DAY, BEGIN + 3650 * DAY])
def test_nothing_is_certified_beyond_the_time_of_the_root(begin: object) -> None:
    spki = PrivateKey.generate(ECDSA_P256).public_key.spki
    assert isinstance(begin, type(BEGIN))
    with pytest.raises(UsageError):
        certify(MADE.root.certified, Role.ISSUING, spki, Period(begin, begin + timedelta(days=2)))


def test_a_root_without_an_organisation_cannot_name_what_is_below_it() -> None:
    key = MADE.root.key
    name = encode_name("only a name", "org")
    template = replace(
        root_template(Subject(name, key.public_key.spki), Period(BEGIN, BEGIN + DAY), 1), subject=b"0\x00"
    )
    root = CertifiedKey(key, (sign_certificate(template, key),))
    with pytest.raises(UsageError):
        certify(root, Role.ISSUING, key.public_key.spki, Period(BEGIN, BEGIN + DAY))


def test_serial_numbers_are_large_and_differ() -> None:
    drawn = {draw_serial() for _ in range(100)}
    assert len(drawn) == 100
    assert all(0 < serial <= MAX_SERIAL for serial in drawn)
    assert max(drawn).bit_length() > 150


def test_an_ephemeral_authority_is_another_each_time_and_both_roles_have_one_root() -> None:
    now = BEGIN + timedelta(microseconds=5)
    one, stamping = make_ephemeral(now)
    other, _ = make_ephemeral(now)
    verify_chain(one.current().chain, Role.ISSUING, now, what="chain")
    verify_chain(stamping.current().chain, Role.TIMESTAMPING, now, what="chain")
    assert one.trusted_chains() == (one.current().chain,)
    assert stamping.trusted_chains() == (stamping.current().chain,)
    assert one.current().chain[-1] == stamping.current().chain[-1]
    assert one.current().key_hash != other.current().key_hash
    assert one.current().subject == TbsCertificate.parse(one.current().chain[0]).subject
