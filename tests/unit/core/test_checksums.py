"""Lists of checksums: what their writers write, and what nobody should."""

import hashlib

import pytest

from cosignpy.core import checksums
from cosignpy.core.checksums import ListedFile, parse_checksums
from cosignpy.errors import LimitExceeded, MalformedError

CONTENT = b"content\n"
DIGEST = {name: hashlib.new(name, CONTENT).digest() for name in ("sha256", "sha384", "sha512")}
HEX = {name: digest.hex() for name, digest in DIGEST.items()}
OTHER = "0" * 64


def only(name: str, algorithm: str = "sha256") -> tuple[ListedFile, ...]:
    return (ListedFile(name, {algorithm: DIGEST[algorithm]}),)


@pytest.mark.parametrize("algorithm", DIGEST)
@pytest.mark.parametrize(
    "form",
    ["{hex}  a/b.txt\n", "{hex} *a/b.txt\n", "{tag} (a/b.txt) = {hex}\n", "{tag}(a/b.txt)= {hex}\n", "{hex}  a/b.txt"],
    ids=["text", "binary", "BSD", "OpenSSL", "no line break"],
)
def test_forms(form: str, algorithm: str) -> None:
    line = form.format(hex=HEX[algorithm], tag=algorithm.upper())
    assert parse_checksums(line.encode()) == only("a/b.txt", algorithm)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"{HEX['sha256'].upper()}  x", "x"),
        (f"{HEX['sha256']}  x\r", "x"),
        (f"SHA2-256(x)= {HEX['sha256']}", "x"),
        (f"{HEX['sha256']}  ./a//./b", "a/b"),
        (f"{HEX['sha256']}  a..b", "a..b"),
        (f"{HEX['sha256']}   x", " x"),
        (f"{HEX['sha256']}  a\\b", "a\\b"),
        (f"{HEX['sha256']}  a\u2028b\x0bc", "a\u2028b\x0bc"),
        (f"\\{HEX['sha256']}  a\\nb\\\\n\\r", "a\nb\\n\r"),
        (f"\\SHA256 (a\\nb) = {HEX['sha256']}", "a\nb"),
        (f"SHA256 (a) = {OTHER}) = {HEX['sha256']}", f"a) = {OTHER}"),
    ],
    ids=[
        "capitals", "CR", "OpenSSL 3", "find", "dots", "blank", "backslash", "separators", "escaped", "escaped BSD",
        "parentheses",
    ],
)  # fmt: skip
def test_names(line: str, name: str) -> None:
    assert parse_checksums(line.encode()) == only(name)


def test_several_lines() -> None:
    text = f"# made today\n\n{OTHER}  b\n{HEX['sha256']}  a\n{HEX['sha512']}  ./b\n{OTHER} *b\n"
    assert parse_checksums(text.encode()) == (
        ListedFile("b", {"sha256": bytes(32), "sha512": DIGEST["sha512"]}),
        ListedFile("a", {"sha256": DIGEST["sha256"]}),
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "names no file"),
        ("# nothing\n", "names no file"),
        ("x", "line 1: neither"),
        (f"{OTHER} x", "line 1: neither"),
        (f"{OTHER}\tx", "line 1: neither"),
        (f"{OTHER}  ", "line 1: neither"),
        (f" {OTHER}  x", "line 1: neither"),
        (f"\ufeff{OTHER}  x", "line 1: neither"),
        (f"{OTHER[:-1]}  x", "63 hex digits"),
        (f"{'0' * 32}  x", "32 hex digits"),
        (f"MD5 (x) = {'0' * 32}", "'MD5' is not SHA256"),
        (f"SHA512 (x) = {OTHER}", "64 hex digits are not of SHA512"),
        (f"{OTHER}  /etc/passwd", "not the name of a file below"),
        (f"{OTHER}  ../x", "not the name of a file below"),
        (f"{OTHER}  a/../../x", "not the name of a file below"),
        (f"{OTHER}  a\0b", "not the name of a file below"),
        (f"{OTHER}  -", "standard input"),
        (f"{OTHER}  a/", "is a folder"),
        (f"{OTHER}  a/.", "is a folder"),
        (f"{OTHER}  .", "is a folder"),
        (f"\\{OTHER}  a\\tb", "is no escape"),
        (f"\\{OTHER}  a\\", "is no escape"),
        (f"{OTHER}  x\n{HEX['sha256']}  ./x", "line 2: another sha256 digest of 'x'"),
    ],
)
def test_malformed(line: str, why: str) -> None:
    with pytest.raises(MalformedError, match=why.replace("(", r"\(")):
        parse_checksums(line.encode())


def test_other_encodings() -> None:
    with pytest.raises(MalformedError, match="not UTF-8"):
        parse_checksums(f"{OTHER}  ".encode() + b"\xff")


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_checksums(f"{OTHER}  {'x' * 4096}".encode())
    with pytest.raises(LimitExceeded, match="4097 characters"):
        parse_checksums(f"{OTHER}  {'x' * 4097}".encode())
    lines = f"{OTHER}  a\n{OTHER}  b\n".encode()
    monkeypatch.setattr(checksums, "MAX_FILES", 2)
    assert len(parse_checksums(lines + lines)) == 2
    with pytest.raises(LimitExceeded, match="more than 2 files"):
        parse_checksums(lines + f"{OTHER}  c".encode())
    monkeypatch.setattr(checksums, "MAX_LIST", len(lines))
    assert parse_checksums(lines)
    with pytest.raises(LimitExceeded, match="bytes"):
        parse_checksums(lines + b"\n")
