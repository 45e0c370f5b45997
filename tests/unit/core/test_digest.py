"""Digests: parsed once, compared whole."""

import hashlib

import pytest

from cosignpy.core.digest import Digest
from cosignpy.errors import DigestMismatch, MalformedError

HEX256 = hashlib.sha256(b"abc").hexdigest()
HEX512 = hashlib.sha512(b"abc").hexdigest()


@pytest.mark.parametrize("text", [f"sha256:{HEX256}", f"sha512:{HEX512}"])
def test_a_digest_is_read_and_written(text: str) -> None:
    digest = Digest.parse(text)
    assert str(digest) == text
    assert Digest.of(b"abc", digest.algorithm) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX256,
        f"sha256:{HEX256}\n",
        f"sha256:{HEX256[:-1]}\n",
        f" sha256:{HEX256}",
        f"sha256:{HEX256.upper()}",
        f"sha256:{HEX256[:-1]}",
        f"sha256:{HEX256}0",
        f"sha256:{HEX256[:-1]}g",
        f"sha256:{HEX256[:-1]}\N{ARABIC-INDIC DIGIT FIVE}",
        f"sha256::{HEX256[1:]}",
        f"sha512:{HEX256}",
        f"sha256:{HEX512}",
        f"SHA256:{HEX256}",
        f"sha384:{hashlib.sha384(b'abc').hexdigest()}",
        f"md5:{hashlib.md5(b'abc').hexdigest()}",
        f":{HEX256}",
        f"sha256-{HEX256}",
    ],
)
def test_what_is_not_a_digest_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Digest.parse(text)
    assert refused.value.what == "digest"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEX256, "expected algorithm:hex"),
        (f"sha1:{HEX256[:40]}", "unknown algorithm 'sha1', known are sha256, sha512"),
        (f"sha512:{HEX256}", "sha512 needs 128 lower-case hex digits"),
    ],
)
def test_what_is_wrong_with_a_digest_is_told(text: str, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Digest.parse(text)
    assert refused.value.why == why


def test_digests_of_two_algorithms_are_never_equal() -> None:
    assert Digest.of(b"abc") != Digest.of(b"abc", "sha512")
    assert Digest.of(b"abc") == Digest("sha256", HEX256)
    assert len({Digest.of(b"abc"), Digest("sha256", HEX256)}) == 1


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_content_is_returned_only_when_it_has_the_digest(algorithm: str) -> None:
    digest = Digest.of(b"abc", algorithm)
    assert digest.verify(b"abc", what="blob") == b"abc"
    with pytest.raises(DigestMismatch) as refused:
        digest.verify(b"abd", what="blob")
    assert (refused.value.what, refused.value.wanted) == ("blob", str(digest))
    assert refused.value.found == str(Digest.of(b"abd", algorithm))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_stream_is_checked_after_its_last_chunk(algorithm: str) -> None:
    digest = Digest.of(b"abc", algorithm)
    assert list(digest.verify_stream([b"a", b"bc"], what="blob")) == [b"a", b"bc"]
    for chunks in ([b"a", b"b"], [b"a", b"bc", b"d"], []):
        with pytest.raises(DigestMismatch) as refused:
            list(digest.verify_stream(chunks, what="blob"))
        assert refused.value.found == str(Digest.of(b"".join(chunks), algorithm))


def test_digests_are_ordered_by_algorithm_and_then_by_hex() -> None:
    low, high = Digest("sha256", "0" * 64), Digest("sha256", "f" * 64)
    other = Digest("sha512", "0" * 128)
    assert sorted([other, high, low]) == [low, high, other]
    assert not low < low  # noqa: PLR0124 - an order in which something is below itself sorts nothing


def test_statements_may_name_a_digest_that_oci_has_not_registered() -> None:
    digest = Digest.of(b"abc", "sha384")
    assert str(digest) == f"sha384:{hashlib.sha384(b'abc').hexdigest()}"
    for algorithm, hexadecimal in (("sha384", HEX256), ("sha1", HEX256[:40])):
        with pytest.raises(MalformedError):
            Digest(algorithm, hexadecimal)
    with pytest.raises(MalformedError, match="'sha384', known are sha256, sha512"):
        Digest.parse(str(digest))
