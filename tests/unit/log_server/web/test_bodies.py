from typing import Any

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from log_server.web.bodies import UNREADABLE, BodyView, Said, view_body
from tests.support.page_logs import EMAIL, body_of, fulcio_leaf, pem

KEY = PrivateKey.generate(ECDSA_P256).public_key
KEY_B64 = encode_b64(KEY.encode_pem())
HASH = {"algorithm": "sha256", "value": "ab" * 32}
OTHER_HASH = {"algorithm": "sha256", "value": "cd" * 32}
DIGEST = {"algorithm": "SHA2_384", "digest": encode_b64(bytes(48))}
TYPED_KEY = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "publicKey": {"rawBytes": encode_b64(KEY.spki)}}

SIGNATURE = {"content": "c2ln", "publicKey": {"content": KEY_B64}}
TWICE = encode_b64(b"c2ln")

DIGEST_SAID = Said("Artifact digest", f"sha256:{'ab' * 32}")
SIGNATURE_SAID = Said("Signature", "c2ln")
ENVELOPE_SAID = (Said("Envelope digest", f"sha256:{'ab' * 32}"), Said("Payload digest", f"sha256:{'cd' * 32}"))


def view(kind: str, version: str, spec: Any) -> BodyView:
    return view_body(body_of(kind, version, spec))


@pytest.mark.parametrize(
    ("kind", "version", "spec", "said"),
    [
        ("hashedrekord", "0.0.1", {"data": {"hash": HASH}, "signature": SIGNATURE}, (DIGEST_SAID, SIGNATURE_SAID)),
        (
            "hashedrekord",
            "0.0.2",
            {"hashedRekordV002": {"data": DIGEST, "signature": {"content": "c2ln", "verifier": TYPED_KEY}}},
            (Said("Artifact digest", f"sha384:{'00' * 48}"), SIGNATURE_SAID),
        ),
        (
            "dsse",
            "0.0.1",
            {
                "envelopeHash": HASH,
                "payloadHash": OTHER_HASH,
                "signatures": [{"signature": "c2ln", "verifier": KEY_B64}],
            },
            (*ENVELOPE_SAID, SIGNATURE_SAID),
        ),
        (
            "dsse",
            "0.0.2",
            {"dsseV002": {"payloadHash": DIGEST, "signatures": [{"content": "c2ln", "verifier": TYPED_KEY}]}},
            (Said("Payload digest", f"sha384:{'00' * 48}"), SIGNATURE_SAID),
        ),
        (
            "intoto",
            "0.0.1",
            {"content": {"hash": HASH, "payloadHash": OTHER_HASH}, "publicKey": KEY_B64},
            ENVELOPE_SAID,
        ),
        (
            "intoto",
            "0.0.2",
            {
                "content": {
                    "envelope": {"signatures": [{"publicKey": KEY_B64, "sig": TWICE}]},
                    "hash": HASH,
                    "payloadHash": OTHER_HASH,
                }
            },
            (*ENVELOPE_SAID, SIGNATURE_SAID),
        ),
        ("rekord", "0.0.1", {"data": {"hash": HASH}, "signature": SIGNATURE}, (DIGEST_SAID, SIGNATURE_SAID)),
        (
            "cose",
            "0.0.1",
            {"data": {"envelopeHash": HASH, "payloadHash": OTHER_HASH}, "publicKey": KEY_B64},
            ENVELOPE_SAID,
        ),
        (
            "alpine",
            "0.0.1",
            {"package": {"hash": HASH}, "publicKey": {"content": KEY_B64}},
            (Said("Package digest", f"sha256:{'ab' * 32}"),),
        ),
        (
            "rpm",
            "0.0.1",
            {"package": {"hash": HASH}, "publicKey": {"content": KEY_B64}},
            (Said("Package digest", f"sha256:{'ab' * 32}"),),
        ),
        (
            "helm",
            "0.0.1",
            {
                "chart": {"hash": HASH, "provenance": {"signature": {"content": "c2ln"}}},
                "publicKey": {"content": KEY_B64},
            },
            (Said("Chart digest", f"sha256:{'ab' * 32}"), SIGNATURE_SAID),
        ),
        (
            "jar",
            "0.0.1",
            {"archive": {"hash": HASH}, "signature": SIGNATURE},
            (Said("Archive digest", f"sha256:{'ab' * 32}"), SIGNATURE_SAID),
        ),
    ],
)
def test_digests_signatures_and_signer_of_every_kind_are_shown(
    kind: str, version: str, spec: Any, said: tuple[Said, ...]
) -> None:
    shown = view(kind, version, spec)
    assert (shown.kind, shown.said) == (f"{kind} {version}", said)
    (signer,) = shown.signers
    assert signer.key is not None
    assert signer.key.fingerprint == KEY.fingerprint


def test_a_timestamp_response_has_no_signer_that_could_be_shown() -> None:
    shown = view("rfc3161", "0.0.1", {"tsr": {"content": "dHNy"}})
    assert (shown.said, shown.signers) == ((Said("Timestamp response", "dHNy"),), ())


def test_every_signature_of_an_envelope_is_shown() -> None:
    signatures = [{"signature": "b25l", "verifier": KEY_B64}, {"signature": "dHdv", "verifier": KEY_B64}]
    shown = view("dsse", "0.0.1", {"signatures": signatures})
    assert [said.text for said in shown.said] == ["b25l", "dHdv"]
    assert len(shown.signers) == 2


def test_a_certificate_of_either_version_is_shown_as_one() -> None:
    der = fulcio_leaf()
    typed = {"x509Certificate": {"rawBytes": encode_b64(der)}}
    first = view("hashedrekord", "0.0.1", {"signature": {"publicKey": {"content": encode_b64(pem(der))}}})
    second = view("hashedrekord", "0.0.2", {"hashedRekordV002": {"signature": {"verifier": typed}}})
    assert first.signers == second.signers
    assert first.signers[0].title == EMAIL


def test_keys_of_other_formats_are_shown_as_the_text_they_are() -> None:
    (signer,) = view("rekord", "0.0.1", {"signature": {"publicKey": {"content": encode_b64(b"ssh-rsa AAAA")}}}).signers
    assert (signer.key, signer.certificate, signer.text) == (None, None, "ssh-rsa AAAA")
    assert signer.title == f"key {signer.search}"


@pytest.mark.parametrize(
    "spec",
    [
        {"data": {"hash": "text"}},
        {"data": {"hash": {"algorithm": "sha256"}}},
        {"hashedRekordV002": {"data": {"algorithm": 1, "digest": ""}}},
        {"hashedRekordV002": {"data": {"algorithm": "SHA2_256", "digest": "?"}}},
    ],
)
def test_what_is_not_of_the_form_is_said_to_be_unreadable(spec: Any) -> None:
    assert view("hashedrekord", "0.0.1", spec).said == (Said("Artifact digest", UNREADABLE),)


@pytest.mark.parametrize(
    "verifier", ["text", {}, {"publicKey": {"rawBytes": "?"}}, {"publicKey": {"rawBytes": "AAAA"}}]
)
def test_a_verifier_that_is_none_is_said_to_be_unreadable(verifier: Any) -> None:
    (signer,) = view("hashedrekord", "0.0.2", {"hashedRekordV002": {"signature": {"verifier": verifier}}}).signers
    assert (signer.search, signer.text) == ("", UNREADABLE)


@pytest.mark.parametrize("text", ["?", encode_b64(b"\xff"), 5])
def test_a_key_that_is_no_text_is_said_to_be_unreadable(text: Any) -> None:
    (signer,) = view("cose", "0.0.1", {"publicKey": text}).signers
    assert signer.text == UNREADABLE


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"kind":"x","apiVersion":"1"}', b"\xff", b"5"])
def test_a_body_of_no_known_shape_is_of_unknown_kind(body: bytes) -> None:
    assert view_body(body) == BodyView("unknown kind")


def test_a_kind_nobody_knows_is_named_and_nothing_is_read_out_of_it() -> None:
    assert view("novel", "9", {"data": {"hash": HASH}}) == BodyView("novel 9")


def test_an_array_where_an_object_should_be_says_nothing() -> None:
    assert view("dsse", "0.0.1", {"signatures": {"signature": "c2ln"}}).said == ()
    assert view("hashedrekord", "0.0.1", [{"data": {"hash": HASH}}]).said == ()
