"""alpine: packages put together by hand, and neighbours of them."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cosignpy.core.encoding import PemBlock
from cosignpy.errors import DigestMismatch, KeyUnusable, LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.formats.apk import MAX_CONTROL, MAX_METADATA
from log_server.rekor.kinds.formats.pkginfo import parse_pkginfo
from tests.support.rekor_kinds import accept, altered, load, replaced

VECTOR = load("alpine").proposed
PACKAGE, KEY = "package.content", "publicKey.content"
DATA = gzip.compress(b"data", mtime=0)
INFO = b"pkgname = demo\ndatahash = " + hashlib.sha256(DATA).hexdigest().encode() + b"\n"
SIGNATURE = ".SIGN.RSA.demo.pub"


@cache
def signer() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: Any) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as opened:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))
    return gzip.compress(made.getvalue(), mtime=0)


def package(
    files: Sequence[tuple[str, bytes]] = ((".PKGINFO", INFO),),
    data: bytes = DATA,
    name: str = SIGNATURE,
    wrap: Any = bytes,
) -> dict:
    control = archive(files)
    signature = wrap(signer().sign(control, padding.PKCS1v15(), SHA1()))
    whole = archive([(name, signature)]) + control + data
    return replaced(replaced(VECTOR, PACKAGE, whole), KEY, pem(signer().public_key()))


def test_a_package_with_other_files_around_is_accepted() -> None:
    files = [(".pre-install", b"#!/bin/sh\n"), (".PKGINFO.d", b""), (".PKGINFO", INFO)]
    assert b'"pkgname":"demo"' in accept(package(files)).body


def test_a_signature_in_pem_is_accepted() -> None:
    assert accept(package(wrap=lambda raw: PemBlock("SIGNATURE", raw).encode()))


def test_other_data_is_refused() -> None:
    with pytest.raises(DigestMismatch) as refused:
        accept(package(data=DATA + b"\0"))
    assert refused.value.found == "sha256:" + hashlib.sha256(DATA + b"\0").hexdigest()


def test_a_package_that_states_no_digest_is_refused() -> None:
    with pytest.raises(DigestMismatch):
        accept(package([(".PKGINFO", b"pkgname = demo\n")]))


def test_another_control_archive_is_refused() -> None:
    other = archive([(".PKGINFO", INFO), ("a", b"")])
    good = archive([(".PKGINFO", INFO)])
    with pytest.raises(SignatureMismatch):
        accept(altered(package(), PACKAGE, lambda raw: raw.replace(good, other)))


def test_a_key_that_is_not_rsa_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(KeyUnusable):
        accept(replaced(package(), KEY, pem(key)))


def test_a_link_in_place_of_metadata_is_not_followed() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as opened:
        target = tarfile.TarInfo("other")
        target.size = len(INFO)
        opened.addfile(target, io.BytesIO(INFO))
        link = tarfile.TarInfo(".PKGINFO")
        link.type, link.linkname = tarfile.SYMTYPE, "other"
        opened.addfile(link)
    control = gzip.compress(made.getvalue(), mtime=0)
    signature = signer().sign(control, padding.PKCS1v15(), SHA1())
    whole = archive([(SIGNATURE, signature)]) + control + DATA
    with pytest.raises(MalformedError) as refused:
        accept(replaced(replaced(VECTOR, PACKAGE, whole), KEY, pem(signer().public_key())))
    assert "no .PKGINFO" in refused.value.why


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (archive([])[:-1], "too early"),
        (gzip.compress(b"x" * 512) + archive([]) + DATA, "tar"),
        (archive([]) + b"not gzip", "gzip"),
    ],
)
def test_what_is_broken_is_said(raw: bytes, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        accept(replaced(VECTOR, PACKAGE, raw))
    assert why in refused.value.why


@pytest.mark.parametrize(
    "entry",
    [
        package(name="SIGNATURE"),
        package([("PKGINFO", INFO)]),
        package([(".PKGINFO", b"\xff")]),
        replaced(VECTOR, PACKAGE, b"\x1f\x8b"),
        replaced(VECTOR, PACKAGE, archive([])),
        replaced(VECTOR, PACKAGE, archive([]) + b"not gzip"),
        replaced(VECTOR, PACKAGE, gzip.compress(b"x" * 512) + archive([]) + DATA),
    ],
    ids=["unsigned", "no .PKGINFO", "no UTF-8", "cut", "one stream", "no gzip", "no tar"],
)
def test_what_is_not_a_package_is_refused(entry: dict) -> None:
    with pytest.raises(MalformedError):
        accept(entry)


@pytest.mark.parametrize(
    "entry",
    [
        replaced(VECTOR, PACKAGE, gzip.compress(bytes(MAX_METADATA + 1))),
        replaced(VECTOR, PACKAGE, archive([(SIGNATURE, b"x")]) + gzip.compress(bytes(MAX_CONTROL + 1))),
        package([(".PKGINFO", INFO.ljust(MAX_METADATA + 1))]),
        package([(f"file{number}", b"") for number in range(65)] + [(".PKGINFO", INFO)]),
    ],
    ids=["signature", "control", ".PKGINFO", "files"],
)
def test_what_unpacks_to_too_much_is_refused(entry: dict) -> None:
    with pytest.raises(LimitExceeded):
        accept(entry)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a = b", {"a": "b"}),
        ("  a=b  ", {"a": "b"}),
        ("a : b = c", {"a": "b = c"}),
        ("url = https://example.com", {"url": "https://example.com"}),
        ("a = b # c", {"a": "b"}),
        ("a = b;c", {"a": "b"}),
        ("a =", {"a": ""}),
        ("a = 'b'", {"a": "b"}),
        ('a = "b"', {"a": "b"}),
        ("a = 'b", {"a": "'b"}),
        ("a = 'b' 'c'", {"a": "'b' 'c'"}),
        ("a = '", {"a": "'"}),
        ("a = b\na = c", {"a": "c"}),
        ("# comment\n; comment\n\n", {}),
    ],
)
def test_a_line_is_read_as_the_real_server_reads_it(line: str, found: dict) -> None:
    assert parse_pkginfo(line.encode()) == found


@pytest.mark.parametrize(
    "line", ["a", "= b", "[a]", "- = b", '"a" = b', "`a` = b", "a = `b`", 'a = """b"""', "a = b\\"]
)
def test_what_only_other_ini_files_hold_is_refused(line: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_pkginfo(line.encode())
    assert refused.value.what == ".PKGINFO"
