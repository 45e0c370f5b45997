"""What is issued passes the rules of released clients, and those rules pass their own vectors."""

from pathlib import Path
from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate

from ca_server.identity.principal import Principal
from cosignpy.core.encoding import parse_pem
from tests.support import client_rules, vectors
from tests.support.client_rules import ClientRefuses
from tests.support.issuance import ALICE_WITH_MAIL, LOG_KEY, USER, WORKFLOW, ask, client_key, open_desk, run

TOKENS: Final = {"alice.s.token": ALICE_WITH_MAIL, "workflow": WORKFLOW, "user": USER}
LOG: Final = LOG_KEY.public_key.spki


def issue(token: str, principal: Principal, kind: str = "P-256") -> tuple[Certificate, list[Certificate]]:
    issued = run(open_desk().issuer.issue(ask(principal, client_key(kind)), token))
    return load_der_x509_certificate(issued.leaf), [load_der_x509_certificate(one) for one in issued.chain]


def vector(relative: str) -> Certificate:
    return load_pem_x509_certificate(vectors.path(relative).read_bytes())


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "Ed25519", "RSA-2048"])
@pytest.mark.parametrize(("token", "principal"), TOKENS.items())
def test_clients_take_what_is_issued(token: str, principal: Principal, kind: str) -> None:
    leaf, chain = issue(token, principal, kind)
    client_rules.refuse_leaf(leaf)
    client_rules.refuse_profile(leaf)
    for authority in chain:
        client_rules.refuse_authority(authority)
    (sct,) = client_rules.read_scts(leaf)
    client_rules.verify_sct(sct, leaf, chain[0], LOG)


def test_a_promise_verifies_for_its_own_certificate_only() -> None:
    leaf, chain = issue("user", USER)
    other, _ = issue("workflow", WORKFLOW)
    (sct,) = client_rules.read_scts(other)
    with pytest.raises(InvalidSignature):
        client_rules.verify_sct(sct, leaf, chain[0], LOG)
    with pytest.raises(InvalidSignature):
        client_rules.verify_sct(sct, other, chain[1], LOG)
    with pytest.raises(ClientRefuses):
        client_rules.verify_sct(sct, other, chain[0], client_key().public_key.spki)


@vectors.NEEDED
def test_the_leaf_of_sigstore_python_passes() -> None:
    client_rules.refuse_leaf(vector("sigstore-python/x509/bogus-leaf.pem"))


@vectors.NEEDED
@pytest.mark.parametrize("file", vectors.files("sigstore-python/x509/bogus-*-*.pem"), ids=lambda file: file.stem)
def test_whatever_else_sigstore_python_has_is_no_leaf(file: Path) -> None:
    with pytest.raises(ClientRefuses):
        client_rules.refuse_leaf(load_pem_x509_certificate(file.read_bytes()))


@vectors.NEEDED
@pytest.mark.parametrize("name", ["root", "intermediate", "intermediate-with-eku"])
def test_the_authorities_of_sigstore_python_pass(name: str) -> None:
    client_rules.refuse_authority(vector(f"sigstore-python/x509/bogus-{name}.pem"))


@vectors.NEEDED
@pytest.mark.parametrize("name", ["root-invalid-ku", "root-missing-ku", "root-noncritical-bc", "leaf"])
def test_other_authorities_do_not(name: str) -> None:
    with pytest.raises(ClientRefuses):
        client_rules.refuse_authority(vector(f"sigstore-python/x509/bogus-{name}.pem"))


@vectors.NEEDED
@pytest.mark.parametrize(
    "name", ["certs/cert-githuboidc.pem", "fulcio-response/valid/cert.pem", "fulcio-response/valid/certWithSct.pem"]
)
def test_the_leaves_of_sigstore_java_pass(name: str) -> None:
    leaf = vector(f"sigstore-java/{name}")
    client_rules.refuse_leaf(leaf)
    client_rules.refuse_profile(leaf)


@vectors.NEEDED
def test_the_real_sct_of_sigstore_java_verifies() -> None:
    folder = "sigstore-java/fulcio-response/valid"
    leaf, issuer = vector(f"{folder}/certWithSct.pem"), vector(f"{folder}/fulcio.crt.pem")
    key = parse_pem(vectors.path(f"{folder}/ctfe.pub").read_bytes(), what="key").body
    (sct,) = client_rules.read_scts(leaf)
    client_rules.verify_sct(sct, leaf, issuer, key)


@vectors.NEEDED
def test_our_extensions_stand_in_the_order_and_have_the_criticality_of_the_real_ones() -> None:
    real = [
        (one.oid.dotted_string, one.critical) for one in vector("sigstore-java/certs/cert-githuboidc.pem").extensions
    ]
    ours = [(one.oid.dotted_string, one.critical) for one in issue("workflow", WORKFLOW)[0].extensions]
    shared = {oid for oid, _ in real} & {oid for oid, _ in ours}
    assert [one for one in ours if one[0] in shared] == [one for one in real if one[0] in shared]
    assert len(shared) >= 9
