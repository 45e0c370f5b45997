"""rekord: each neighbour of a good entry that differs in one thing is refused."""

import pytest

from cosignpy.errors import DigestMismatch, LimitExceeded, MalformedError, SignatureMismatch
from tests.support.rekor_kinds import accept, altered, load, replaced

FORMATS = [
    "rekord-ssh-ed25519",
    "rekord-minisign",
    "rekord-signify",
    "rekord-pgp-bob",
    "rekord-pgp-alice-armored",
    "rekord-x509-ec-pub",
    "rekord-x509-ec-crt",
]
each_format = pytest.mark.parametrize("name", FORMATS)


@each_format
def test_other_content_is_refused(name: str) -> None:
    with pytest.raises(SignatureMismatch):
        accept(altered(load(name).proposed, "data.content", lambda content: content + b"."))


@each_format
def test_a_declared_hash_is_kept(name: str) -> None:
    vector = load(name)
    digest = vector.search_keys[[key.startswith("sha256:") for key in vector.search_keys].index(True)]
    declared = {"algorithm": "sha256", "value": digest.removeprefix("sha256:")}
    assert accept(replaced(vector.proposed, "data.hash", declared)).body.decode() == vector.canonical


def test_a_declared_hash_of_other_content_is_refused() -> None:
    declared = {"algorithm": "sha256", "value": "0" * 64}
    with pytest.raises(DigestMismatch) as refused:
        accept(replaced(load("rekord-minisign").proposed, "data.hash", declared))
    assert refused.value.wanted == "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "declared",
    [
        {"algorithm": "sha512", "value": "0" * 64},
        {"algorithm": "sha256", "value": "0" * 63},
        {"algorithm": "sha256", "value": "A" * 64},
        {"algorithm": "sha256"},
        "0" * 64,
    ],
)
def test_a_declared_hash_has_to_be_sha256_in_hex(declared: object) -> None:
    with pytest.raises(MalformedError):
        accept(replaced(load("rekord-minisign").proposed, "data.hash", declared))


@pytest.mark.parametrize("path", ["data.content", "signature.content", "signature.publicKey.content"])
@pytest.mark.parametrize("content", ["", "?", None, "YR=="])
def test_content_that_is_missing_or_not_base64_is_refused(path: str, content: str | None) -> None:
    with pytest.raises(MalformedError):
        accept(replaced(load("rekord-minisign").proposed, path, content))


@pytest.mark.parametrize("path", ["data.url", "signature.url", "signature.publicKey.url"])
def test_a_url_is_refused_and_never_fetched(path: str) -> None:
    with pytest.raises(MalformedError) as refused:
        accept(replaced(load("rekord-minisign").proposed, path, "http://169.254.169.254/"))
    assert path in refused.value.why


@pytest.mark.parametrize("form", ["", "tuf", "PGP"])
def test_an_unknown_format_is_refused(form: str) -> None:
    with pytest.raises(MalformedError) as refused:
        accept(replaced(load("rekord-minisign").proposed, "signature.format", form))
    assert "signature.format" in refused.value.why


@pytest.mark.parametrize("path", ["signature.content", "signature.publicKey.content"])
@pytest.mark.parametrize("name", ["rekord-ssh-ed25519", "rekord-minisign", "rekord-pgp-bob", "rekord-x509-ec-pub"])
def test_more_than_any_key_or_signature_takes_is_refused(name: str, path: str) -> None:
    with pytest.raises((LimitExceeded, SignatureMismatch)):
        accept(altered(load(name).proposed, path, lambda content: content.ljust(1024 * 1024 + 1, b"\n")))
