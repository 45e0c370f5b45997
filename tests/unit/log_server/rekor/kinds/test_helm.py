"""helm: provenance files, and what is none."""

from typing import Any

import pysequoia
import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from tests.support.rekor_kinds import accept, altered, load, replaced

VECTOR = load("helm").proposed
CONTENT = "chart.provenance.content"
KEY = pysequoia.Tsk.generate("Judy <judy@example.com>", profile=pysequoia.Profile.RFC4880)
GOOD = b"name: demo\n\n...\nfiles:\n  demo-1.tgz: sha256:ab\n"


def signed(text: bytes) -> dict:
    made = bytes(pysequoia.sign(KEY.signer(), text, mode=pysequoia.SignatureMode.CLEAR))
    entry = replaced(VECTOR, "publicKey.content", str(KEY.extract_certificate()).encode())
    return replaced(entry, CONTENT, made)


def test_the_key_the_address_and_the_chart_find_an_entry() -> None:
    assert accept(signed(GOOD)).search_keys[1:] == ("judy@example.com", "sha256:ab")


def test_text_around_the_signed_one_is_overlooked() -> None:
    framed = altered(VECTOR, CONTENT, lambda raw: b"before\n" + raw + b"after\n")
    assert accept(framed) == accept(VECTOR)


def test_windows_line_ends_are_read() -> None:
    assert accept(altered(VECTOR, CONTENT, lambda raw: raw.replace(b"\n", b"\r\n"))) == accept(VECTOR)


def test_another_text_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        accept(altered(VECTOR, CONTENT, lambda raw: raw.replace(b"name: demo", b"name: dome")))


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace(b"...", b"---"),
        GOOD.replace(b"files", b"images"),
        GOOD.replace(b"files:\n  demo-1.tgz: sha256:ab", b"- a"),
        GOOD.replace(b"sha256:ab", b"sha256"),
        GOOD.replace(b"sha256:ab", b"sha256:ab:cd"),
        GOOD + b"  demo-2.tgz: sha256:cd\n",
        GOOD.replace(b"sha256:ab", b"'"),
        GOOD.replace(b"sha256:ab", b"[sha256:ab]"),
        GOOD.replace(b"  demo-1.tgz: sha256:ab", b"  {demo-1.tgz: sha256:ab}"),
        GOOD.replace(b"sha256:ab", b"\n  " + b"- " * 3000),
        GOOD.replace(b"sha256:ab", b"\xff"),
        GOOD.replace(b"sha256:ab", b"\n    sha256: ab"),
        GOOD.replace(b" sha256:ab", b"\n  - sha256:ab"),
    ],
    ids=[
        "one part",
        "no files",
        "a list",
        "no digest",
        "two colons",
        "two files",
        "no YAML",
        "brackets",
        "braces",
        "deep YAML",
        "no UTF-8",
        "a map",
        "a list in the map",
    ],
)
def test_signed_text_that_names_no_one_chart_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        accept(signed(text))
    assert refused.value.what == "Helm provenance"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"BEGIN PGP SIGNED MESSAGE", b"BEGIN SIGNED MESSAGE"),
        lambda raw: raw.replace(b"Hash: ", b"Comment: "),
        lambda raw: raw.replace(b"-----BEGIN PGP SIGNATURE-----", b"----- PGP SIGNATURE-----"),
        lambda raw: raw.replace(b"-----END PGP SIGNATURE-----", b""),
    ],
    ids=["no start", "other header", "no signature", "no end"],
)
def test_what_is_not_clear_signed_is_refused(change: Any) -> None:
    with pytest.raises(MalformedError):
        accept(altered(VECTOR, CONTENT, change))


def test_a_digest_that_is_lists_in_lists_is_not_written_out() -> None:
    """Each has the one before twice, so the last of forty would be written as a terabyte."""
    lists = [b"a0: &a0 text"]
    lists += [b"a%d: &a%d\n- *a%d\n- *a%d" % (number, number, number - 1, number - 1) for number in range(1, 40)]
    with pytest.raises(MalformedError):
        accept(signed(b"name: demo\n\n...\n" + b"\n".join(lists) + b"\nfiles:\n  demo-1.tgz: *a39\n"))


def test_too_long_a_list_of_files_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        accept(signed(GOOD + b"#" * 16 * 1024))


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        accept(altered(VECTOR, CONTENT, lambda raw: raw.ljust(1024 * 1024 + 1)))


def test_a_url_is_refused() -> None:
    with pytest.raises(MalformedError):
        accept(replaced(VECTOR, "chart.provenance.url", "https://example.com/"))


def test_the_signature_is_logged_in_armor_without_headers() -> None:
    assert encode_b64(b"-----BEGIN PGP SIGNATURE-----\n\n")[:30] in accept(VECTOR).body.decode()
