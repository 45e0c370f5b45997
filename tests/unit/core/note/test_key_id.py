"""Key ids, hints and verifier keys."""

import json
from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from nacl import bindings

from cosignpy.core.keys.algorithms import ML_DSA_65
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.key_id import (
    SignatureType,
    VerifierKey,
    encode_vkey,
    key_id,
    log_key_id,
    log_signature_type,
    parse_vkey,
    spki_key_id,
    verify_registered,
)
from cosignpy.core.note.verifier import LogVerifier, build_verifier, log_verifier, rekor_v1_verifier
from cosignpy.errors import KeyUnusable, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import notes, vectors

ED25519 = notes.private_key("Ed25519").public_key
P256 = notes.private_key("P-256").public_key
RSA = notes.private_key("RSA-2048").public_key
ML_DSA = PrivateKey.generate(ML_DSA_65).public_key
RAW = ED25519.spki[-32:]
NAME = "log.example"


@pytest.mark.parametrize(
    ("kind", "key", "hashed"),
    [
        (SignatureType.ED25519, ED25519, b"log.example\n\x01" + RAW),
        (SignatureType.ECDSA, P256, P256.spki),
        (SignatureType.COSIGNATURE, ED25519, b"log.example\n\x04" + RAW),
        (SignatureType.TREE_HEAD, P256, b"log.example\n\x05" + sha256(P256.spki).digest()),
        (SignatureType.TREE_HEAD, RSA, b"log.example\n\x05" + sha256(RSA.spki).digest()),
        (SignatureType.UNASSIGNED, RSA, b"log.example\n\xffPKIX-RSA-PKCS#1v1.5" + RSA.spki),
    ],
    ids=str,
)
def test_what_a_key_id_is_the_hash_of(kind: SignatureType, key: PublicKey, hashed: bytes) -> None:
    assert key_id(NAME, kind, key) == sha256(hashed).digest()
    assert VerifierKey(NAME, kind, key).hint == sha256(hashed).digest()[:4]


@pytest.mark.parametrize(
    ("key", "kind"),
    [(ED25519, SignatureType.ED25519), (P256, SignatureType.ECDSA), (RSA, SignatureType.UNASSIGNED)],
    ids=["Ed25519", "ECDSA", "RSA"],
)
def test_the_key_id_of_a_log_follows_from_its_key(key: PublicKey, kind: SignatureType) -> None:
    assert log_key_id(NAME, key) == key_id(NAME, kind, key)
    assert log_signature_type(key) is kind
    assert log_verifier(NAME, key) == LogVerifier(NAME, log_key_id(NAME, key)[:4], key)


def test_rekor_v1_takes_the_hash_of_the_key_whatever_its_kind() -> None:
    for key in (ED25519, P256, RSA):
        assert spki_key_id(key) == sha256(key.spki).digest()
        assert rekor_v1_verifier(NAME, key).hint == sha256(key.spki).digest()[:4]
    assert log_key_id(NAME, P256) == spki_key_id(P256)
    assert log_key_id(NAME, ED25519) != spki_key_id(ED25519)


def test_a_kind_of_key_that_signs_no_notes_is_refused() -> None:
    with pytest.raises(KeyUnusable) as caught:
        log_key_id(NAME, ML_DSA)
    assert caught.value.source == ML_DSA.fingerprint


@vectors.NEEDED
@pytest.mark.parametrize("root", ["production_trusted_root.json", "staging_trusted_root_2026-08-21.json"])
def test_the_key_ids_of_sigstores_own_logs(root: str) -> None:
    logs = json.loads(vectors.path(f"trusted_roots/{root}").read_text())["tlogs"]
    found = set()
    for log in logs:
        key = PublicKey.parse_der(b64decode(log["publicKey"]["rawBytes"]))
        assert log_key_id(log["baseUrl"].removeprefix("https://"), key) == b64decode(log["logId"]["keyId"])
        found.add(key.algorithm.key)
    assert found == {"P-256", "Ed25519"}


# --- verifier keys

VKEYS = [
    VerifierKey(NAME, SignatureType.ED25519, ED25519),
    VerifierKey(NAME, SignatureType.ECDSA, P256),
    VerifierKey(NAME, SignatureType.COSIGNATURE, ED25519),
    VerifierKey(NAME, SignatureType.TREE_HEAD, P256),
    VerifierKey(NAME, SignatureType.TREE_HEAD, RSA),
    VerifierKey(NAME, SignatureType.UNASSIGNED, RSA),
]


@pytest.mark.parametrize("vkey", VKEYS, ids=lambda vkey: f"{vkey.type.name}-{vkey.key.algorithm.key}")
def test_a_verifier_key_is_parsed_as_it_was_encoded(vkey: VerifierKey) -> None:
    assert parse_vkey(encode_vkey(vkey)) == vkey
    verifier = build_verifier(vkey)
    assert (verifier.name, verifier.hint) == (NAME, vkey.hint)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", SignatureType.ED25519),
        (
            (
                "ct.googleapis.com/logs/us1/argon2024+7deb49d0+BTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB25bKnLaZTFXOa2"
                "pgO70rjcVEMXKJkMBgFQHZ1kwFlGK9zIAx0FtC2oCfeZQe0E++VXuiYE9hFSzhRlOy92K8A="
            ),
            SignatureType.TREE_HEAD,
        ),
    ],
)
def test_the_verifier_keys_of_public_logs(text: str, kind: SignatureType) -> None:
    vkey = parse_vkey(text)
    assert vkey.type is kind
    assert encode_vkey(vkey) == text


GOOD = encode_vkey(VKEYS[0])
_, HINT, BODY = GOOD.split("+", 2)


def vkey_of(body: bytes, hint: str = HINT) -> str:
    return f"{NAME}+{hint}+{b64encode(body).decode()}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        NAME,
        f"{NAME}+{HINT}",
        f"{NAME}+{HINT}+",
        f"+{HINT}+{BODY}",
        f"{NAME}+{HINT.upper()}+{BODY}" if HINT.upper() != HINT else f"{NAME}+{HINT}0+{BODY}",
        f"{NAME}+{HINT[:-1]}+{BODY}",
        f"{NAME}+0{HINT}+{BODY}",
        f" {NAME}+{HINT}+{BODY}",
        f"{GOOD}\n",
        f"{NAME}+00000000+{BODY}",
        f"other.example+{HINT}+{BODY}",
        vkey_of(b"\x01" + RAW[:-1]),
        vkey_of(b"\x01" + RAW + b"\x00"),
        vkey_of(b"\x03" + RAW),
        vkey_of(b"\x06" + RAW),
        vkey_of(b"\x04" + RAW),
        vkey_of(b"\x02" + P256.spki[:-1]),
        vkey_of(b"\xff" + RSA.spki),
        vkey_of(b"\xffPKIX-ECDSA" + P256.spki),
    ],
)
def test_a_verifier_key_with_one_thing_wrong_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_vkey(text)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"\x03" + RAW, "unknown signature type 0x03"),
        (b"\xff" + RSA.spki, "unknown signature type without a byte of its own"),
    ],
)
def test_an_unknown_type_is_named(body: bytes, what: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_vkey(vkey_of(body))
    assert (caught.value.what, caught.value.why) == ("verifier key", what)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (SignatureType.ED25519, P256),
        (SignatureType.ECDSA, ED25519),
        (SignatureType.COSIGNATURE, P256),
        (SignatureType.TREE_HEAD, ED25519),
        (SignatureType.UNASSIGNED, P256),
    ],
    ids=str,
)
def test_a_key_that_cannot_sign_so_is_refused(kind: SignatureType, key: PublicKey) -> None:
    with pytest.raises(KeyUnusable) as caught:
        VerifierKey(NAME, kind, key)
    assert caught.value.source == key.fingerprint


def test_a_verifier_key_needs_a_name() -> None:
    with pytest.raises(MalformedError) as caught:
        VerifierKey("two words", SignatureType.ED25519, ED25519)
    assert caught.value.what == "key name"


# --- what they verify


@pytest.mark.parametrize("kind", ["Ed25519", "P-256", "P-384", "RSA-2048"])
def test_a_log_signs_with_every_kind_of_key(kind: str) -> None:
    key = notes.private_key(kind)
    signature = key.sign(b"text\n")
    log_verifier(NAME, key.public_key).verify("text\n", signature)
    with pytest.raises(SignatureMismatch):
        log_verifier(NAME, key.public_key).verify("Text\n", signature)


def test_prehashed_ed25519_is_for_artifacts_and_not_for_notes() -> None:
    handle = notes.private_key("Ed25519").handle
    state = bindings.crypto_sign_ed25519ph_state()
    bindings.crypto_sign_ed25519ph_update(state, b"text\n")
    secret = handle.private_bytes_raw() + RAW
    signature = bindings.crypto_sign_ed25519ph_final_create(state, secret)
    with pytest.raises(SignatureMismatch):
        verify_registered(ED25519, signature, b"text\n")


def test_the_name_of_a_verifier_may_be_any_host_in_rekor_v1() -> None:
    assert replace(rekor_v1_verifier("localhost", P256), name="x").name == "x"
