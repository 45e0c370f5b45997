"""The answer to a submission verifies, embedded and beside the certificate."""

import json
from base64 import b64decode
from hashlib import sha256
from typing import Final

import pytest
from cryptography.x509 import PrecertificateSignedCertificateTimestamps as EmbeddedScts
from cryptography.x509 import load_der_x509_certificate
from cryptography.x509.certificate_transparency import LogEntryType, Version

from cosignpy.core.ct.entry import EntryType
from cosignpy.core.ct.precertificate import verify_embedded_sct, verify_sct
from cosignpy.core.ct.sct import Sct, parse_leaf_index
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519, RSA_2048
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import KeyUnusable
from log_server.ct.accept_chain import AcceptedChain, ChainRule, accept_chain
from log_server.ct.issuer_paths import IssuerPaths
from log_server.ct.roots import AcceptedRoots
from log_server.ct.sign_sct import sign_sct
from tests.support.certificates import MIDDLE, POISONED, START, Authority

ROOT: Final = Authority.root()
KEY: Final = PrivateKey.generate(ECDSA_P256)
NOW: Final = int(START.timestamp() * 1000)


def accepted(leaf: bytes, kind: EntryType) -> AcceptedChain:
    paths = IssuerPaths(AcceptedRoots.build([ROOT.certificate]))
    return accept_chain((leaf,), kind, paths, ChainRule(), MIDDLE)


@pytest.mark.parametrize("key", [KEY, PrivateKey.generate(RSA_2048)], ids=["ecdsa", "rsa"])
def test_an_sct_for_a_precertificate_verifies_in_the_certificate(key: PrivateKey) -> None:
    chain = accepted(ROOT.leaf(POISONED), EntryType.PRECERTIFICATE)
    sct = sign_sct(chain.content, 7, NOW, key)
    leaf = ROOT.leaf_with([sct])
    verify_embedded_sct(sct, leaf, ROOT.der, key.public_key)
    (read,) = load_der_x509_certificate(leaf).extensions.get_extension_for_class(EmbeddedScts).value
    assert read.version is Version.v1
    assert read.entry_type is LogEntryType.PRE_CERTIFICATE
    assert read.timestamp == START.replace(tzinfo=None)
    assert parse_leaf_index(read.extension_bytes) == 7


def test_an_sct_for_a_certificate_verifies_beside_it() -> None:
    chain = accepted(ROOT.leaf(), EntryType.X509)
    sct = sign_sct(chain.content, 7, NOW, KEY)
    verify_sct(sct, chain.entry, KEY.public_key)
    assert (sct.timestamp_ms, parse_leaf_index(sct.extensions)) == (NOW, 7)
    assert sct.log_id == sha256(KEY.public_key.spki).digest()


def test_the_answer_is_the_sct_member_by_member() -> None:
    sct = sign_sct(accepted(ROOT.leaf(), EntryType.X509).content, 7, NOW, KEY)
    answer = json.loads(encode_sct_answer(sct))
    assert list(answer) == ["sct_version", "id", "timestamp", "extensions", "signature"]
    assert (answer["sct_version"], answer["timestamp"]) == (0, NOW)
    identity, extensions, signature = (b64decode(answer[name]) for name in ("id", "extensions", "signature"))
    raw = b"\0" + identity + NOW.to_bytes(8, "big") + len(extensions).to_bytes(2, "big") + extensions + signature
    assert Sct.parse(raw) == sct


def test_a_key_of_another_kind_cannot_sign() -> None:
    with pytest.raises(KeyUnusable):
        sign_sct(accepted(ROOT.leaf(), EntryType.X509).content, 7, NOW, PrivateKey.generate(ED25519))
