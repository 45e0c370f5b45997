"""Searching by public key: in each of Rekor's formats a key finds what was logged with it."""

import pytest

from cosignpy.errors import CosignError, MalformedError
from log_server.rekor.key_formats import fingerprint_of
from tests.support.rekor_kinds import load, member

KEY = "signature.publicKey.content"


@pytest.mark.parametrize(
    ("form", "name", "path"),
    [
        ("minisign", "rekord-minisign", KEY),
        ("pgp", "rekord-pgp-alice", KEY),
        ("pgp", "rekord-pgp-alice-armored", KEY),
        ("pgp", "helm", "publicKey.content"),
        ("ssh", "rekord-ssh-ed25519", KEY),
        ("tuf", "tuf-base64", "root.content"),
        ("x509", "rekord-x509-ec-pub", KEY),
        ("x509", "rekord-x509-ec-crt", KEY),
    ],
)
def test_a_key_as_it_was_sent_finds_its_entry(form: str, name: str, path: str) -> None:
    vector = load(name)
    assert fingerprint_of(form, member(vector.proposed, path)) in vector.search_keys


@pytest.mark.parametrize("form", ["minisign", "pgp", "ssh", "tuf", "x509"])
def test_what_is_no_key_in_its_format_is_refused(form: str) -> None:
    with pytest.raises(CosignError):
        fingerprint_of(form, b"no key")


@pytest.mark.parametrize("form", ["", "PGP", "pkcs7"])
def test_an_unknown_format_is_refused(form: str) -> None:
    with pytest.raises(MalformedError) as refused:
        fingerprint_of(form, b"")
    assert refused.value.what == "public key"
