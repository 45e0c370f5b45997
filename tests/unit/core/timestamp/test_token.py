"""Tokens as the authority makes them, by the letter of what released clients read, and by one of those clients."""

import hashlib
from typing import Final

import pytest
import rfc3161_client
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_der_x509_certificate

from cosignpy.core.cms.signed_data import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    parse_attributes,
    parse_signed_data,
)
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.timestamp.imprint import HASH_OIDS
from cosignpy.core.timestamp.info import TST_INFO
from cosignpy.core.timestamp.response import encode_granted
from cosignpy.core.timestamp.signing_certificate import SIGNING_CERTIFICATE_V2
from cosignpy.core.timestamp.token import TokenSigner
from cosignpy.core.timestamp.verify import verify_timestamp
from cosignpy.core.x509.der import encode_element
from cosignpy.errors import KeyUnusable, MalformedError
from tests.support.certificates import key
from tests.support.cms import oid_element, sequence
from tests.support.timestamps import (
    CHAIN,
    INFO,
    INTERMEDIATE,
    LEAF,
    MESSAGE,
    ROOT,
    SIGNER,
    STAMPING,
    TRUSTED,
    chain_of,
    good_token,
)

WHAT: Final = "token"


def make(*, chain: tuple[bytes, ...] = (), with_certificates: bool = True) -> bytes:
    return TokenSigner.of(SIGNER, LEAF.der, chain).sign(INFO.encode(), INFO.moment, with_certificates=with_certificates)


def test_a_token_has_the_form_that_clients_read() -> None:
    signed = parse_signed_data(make(), what=WHAT)
    (signer,) = signed.signers
    assert (signed.version, signed.content_type, signed.content) == (3, TST_INFO, INFO.encode())
    assert (signer.version, signer.issuer, signer.serial) == (
        1,
        LEAF.issuer,
        LEAF.serial_number,
    )
    assert signer.digest == HASH_OIDS["sha256"]
    assert signer.algorithm == bytes.fromhex("2a8648ce3d040302")
    digest = encode_element(4, hashlib.sha256(INFO.encode()).digest())
    name = sequence(encode_element(0xA4, LEAF.issuer))
    identifier = sequence(encode_element(4, hashlib.sha256(LEAF.der).digest()), sequence(name, b"\x02\x02\x03\xe8"))
    assert parse_attributes(signer.attributes, what=WHAT) == {
        CONTENT_TYPE: encode_element(6, TST_INFO),
        MESSAGE_DIGEST: digest,
        SIGNING_TIME: encode_element(0x17, b"260101000500Z"),
        SIGNING_CERTIFICATE_V2: sequence(sequence(identifier)),
    }


def test_certificates_come_along_only_where_they_are_asked_for() -> None:
    assert parse_signed_data(make(), what=WHAT).certificates == (LEAF.der,)
    assert parse_signed_data(make(with_certificates=False), what=WHAT).certificates == ()
    whole = parse_signed_data(make(chain=CHAIN[1:]), what=WHAT).certificates
    assert whole == tuple(sorted(CHAIN))


@pytest.mark.parametrize(
    ("curve", "name", "oid"),
    [(ec.SECP384R1, "sha384", "1.2.840.10045.4.3.3"), (ec.SECP521R1, "sha512", "1.2.840.10045.4.3.4")],
)
def test_other_curves_have_their_own_hash_functions(curve: type[ec.EllipticCurve], name: str, oid: str) -> None:
    own = key("stamps", curve)
    certificate = INTERMEDIATE.certificate_for("stamps", own, STAMPING)
    signer = TokenSigner.of(PrivateKey.from_handle(own), certificate.der)
    made = signer.sign(INFO.encode(), INFO.moment, with_certificates=False)
    (found,) = parse_signed_data(made, what=WHAT).signers
    assert (found.digest, oid_element(oid)) == (HASH_OIDS[name], encode_element(6, found.algorithm))
    assert verify_timestamp(made, MESSAGE, chain_of(certificate)).certificate == certificate


@pytest.mark.parametrize("handle", [rsa.generate_private_key(65537, 2048), Ed25519PrivateKey.generate()])
def test_keys_that_clients_do_not_know_are_refused(handle: rsa.RSAPrivateKey | Ed25519PrivateKey) -> None:
    with pytest.raises(KeyUnusable):
        TokenSigner.of(PrivateKey.from_handle(handle), LEAF.der)


def test_a_certificate_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(MalformedError):
        TokenSigner.of(SIGNER, b"\x30\x00")


def test_a_token_is_verified_by_rfc3161_client() -> None:
    response = rfc3161_client.decode_timestamp_response(encode_granted(good_token()))
    root, intermediate, leaf = [load_der_x509_certificate(one) for one in (ROOT.der, INTERMEDIATE.der, LEAF.der)]
    builder = rfc3161_client.VerifierBuilder().add_root_certificate(root)
    builder = builder.add_intermediate_certificate(intermediate).tsa_certificate(leaf).nonce(0xCAFE)
    assert builder.build().verify_message(response, MESSAGE)
    assert response.tst_info.gen_time == INFO.moment
    assert verify_timestamp(response.time_stamp_token(), MESSAGE, TRUSTED).info == INFO
