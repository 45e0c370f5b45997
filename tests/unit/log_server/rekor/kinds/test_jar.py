"""jar: archives signed by hand, and neighbours of them."""

import base64
import hashlib
import io
import random
import zipfile
from collections.abc import Mapping

import pytest

from cosignpy.core.x509.der import encode_element
from cosignpy.errors import DigestMismatch, LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.formats import jar_file
from tests.support.cms import DATA, of_set, sequence, signed_data, signer
from tests.support.rekor_kinds import accept, load, replaced

VECTOR = load("jar").proposed
FILE = b"hello\n"


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


MANIFEST = f"Manifest-Version: 1.0\r\n\r\nName: a.txt\r\nSHA-256-Digest: {digest(FILE)}\r\n\r\n"


def over(manifest: str) -> str:
    return f"Signature-Version: 1.0\r\nSHA-256-Digest-Manifest: {digest(manifest.encode())}\r\n\r\n"


def archive(files: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packing) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return made.getvalue()


def signed(manifest: str = MANIFEST, signature_file: str | None = None, **files: bytes) -> dict[str, bytes]:
    made = (over(manifest) if signature_file is None else signature_file).encode()
    return {
        "META-INF/MANIFEST.MF": manifest.encode(),
        "META-INF/S.SF": made,
        "META-INF/S.EC": signed_data("ec", made, content=sequence(DATA)),
        "a.txt": FILE,
    } | files


def entry(files: Mapping[str, bytes]) -> dict:
    return replaced(VECTOR, "archive.content", archive(files))


@pytest.mark.parametrize(
    "files",
    [
        signed(),
        signed(MANIFEST.replace("\r\n", "\n")),
        signed(MANIFEST.replace("SHA-256-Digest: ", "SHA-256-Digest: \r\n ")),
        signed(MANIFEST + "Name: virtual\r\nMagic: x\r\n\r\n"),
        signed(**{"not-signed.txt": b""}),
        {name.replace("META-INF", "meta-inf") if name.endswith("SF") else name: raw for name, raw in signed().items()},
    ],
    ids=["plain", "LF", "folded", "magic", "more files", "small letters"],
)
def test_signed_archives_are_accepted(files: dict) -> None:
    assert b'"kind":"jar"' in accept(entry(files)).body


def section_of(manifest: str, name: str = "a.txt", digest_of: str | None = None) -> str:
    head, _, rest = manifest.partition("\r\n\r\n")
    head_digest = digest((head + "\r\n\r\n").encode())
    found = digest(rest.encode()) if digest_of is None else digest_of
    return (
        f"Signature-Version: 1.0\r\nSHA-256-Digest-Manifest-Main-Attributes: {head_digest}\r\n\r\n"
        f"Name: {name}\r\nSHA-256-Digest: {found}\r\n\r\n"
    )


def test_a_signature_over_sections_is_accepted() -> None:
    assert accept(entry(signed(MANIFEST, section_of(MANIFEST))))


@pytest.mark.parametrize(
    "files",
    [
        signed() | {"a.txt": b"other"},
        signed(MANIFEST, over(MANIFEST + "x")),
        signed(MANIFEST, section_of(MANIFEST, digest_of=digest(b""))),
        signed(MANIFEST, section_of(MANIFEST.replace("1.0", "2.0"))),
    ],
    ids=["file", "manifest", "section", "main section"],
)
def test_other_content_than_was_signed_is_refused(files: dict) -> None:
    with pytest.raises(DigestMismatch):
        accept(entry(files))


def test_another_signature_file_than_was_signed_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        accept(entry(signed() | {"META-INF/S.SF": over(MANIFEST).encode() + b"Name: b\r\n\r\n"}))


def without(name: str) -> dict:
    return {each: raw for each, raw in signed().items() if each != name}


@pytest.mark.parametrize(
    "files",
    [
        without("META-INF/MANIFEST.MF"),
        without("META-INF/S.SF"),
        without("META-INF/S.EC"),
        without("a.txt"),
        signed(**{"META-INF/T.SF": b""}),
        signed(**{"META-INF/T.RSA": b""}),
        signed(**{"META-INF/SIG-T": b""}),
        without("META-INF/S.EC") | {"META-INF/T.EC": signed()["META-INF/S.EC"]},
        signed(MANIFEST.rstrip()),
        signed(MANIFEST.replace("Name: ", "Naming: ")),
        signed(MANIFEST.replace("Name: a.txt", "Name a.txt")),
        signed(MANIFEST.replace("SHA-256", "MD5")),
        signed(MANIFEST.replace("SHA-256-Digest", "Digesting")),
        signed(MANIFEST, section_of(MANIFEST, "b.txt")),
        signed(MANIFEST, "Signature-Version: 1.0\r\n\r\n"),
    ],
)
def test_what_is_not_one_signed_archive_is_refused(files: dict) -> None:
    with pytest.raises(MalformedError):
        accept(entry(files))


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (MANIFEST.replace("Name: ", "Naming: "), "name"),
        (MANIFEST.replace("SHA-256", "stray line\r\nSHA-256"), "colon"),
        (MANIFEST.replace("Name: a.txt", "Name: b.txt"), "not in the archive"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(manifest: str, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        accept(entry(signed(manifest)))
    assert why in refused.value.why


def test_a_signature_that_holds_another_signature_file_is_refused() -> None:
    """The signature is over what the archive holds; what it carries inside itself is not."""
    made = signed()["META-INF/S.SF"]
    inside = sequence(DATA, encode_element(0xA0, encode_element(4, b"other")))
    block = signed_data("ec", made, content=inside, signers=of_set(signer("ec", made)))
    with pytest.raises(MalformedError):
        accept(entry(signed() | {"META-INF/S.EC": block}))


def test_what_is_not_a_zip_file_is_refused() -> None:
    with pytest.raises(MalformedError):
        accept(replaced(VECTOR, "archive.content", b"PK"))


def test_a_file_that_cannot_be_unpacked_is_refused() -> None:
    raw = archive(signed())
    at = raw.index(b"a.txt") + len("a.txt")
    with pytest.raises(MalformedError) as refused:
        accept(replaced(VECTOR, "archive.content", raw[:at] + b"\xff" + raw[at + 1 :]))
    assert "a.txt" in refused.value.why


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_file_that_is_packed_as_none_is_refused(packing: int) -> None:
    """They take much longer to unpack, and what LZMA says of itself is how much memory it is given."""
    with pytest.raises(MalformedError) as refused:
        accept(replaced(VECTOR, "archive.content", archive(signed(), packing)))
    assert "META-INF/MANIFEST.MF" in refused.value.why


def test_metadata_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        accept(entry(signed() | {"META-INF/S.SF": bytes(jar_file.MAX_METADATA + 1)}))


def test_files_that_unpack_to_too_much_are_refused() -> None:
    opened = jar_file.open_jar(archive(signed()))
    jar_file.verify_digests(opened, jar_file.read_signature(opened), most=len(FILE))
    with pytest.raises(LimitExceeded):
        jar_file.verify_digests(opened, jar_file.read_signature(opened), most=len(FILE) - 1)


def test_what_unpacks_to_many_times_its_size_is_refused() -> None:
    """A few kilobytes of an archive could keep a processor busy for seconds."""
    zeros = bytes(2 * 1024 * 1024)
    manifest = MANIFEST.replace("a.txt", "b.txt").replace(digest(FILE), digest(zeros))
    assert (
        b"jar" in accept(entry(signed(manifest, **{"b.txt": zeros, "c.txt": random.Random(1).randbytes(70_000)}))).body
    )
    with pytest.raises(LimitExceeded):
        accept(entry(signed(manifest, **{"b.txt": zeros})))
    assert jar_file.unpack_limit(bytes(jar_file.MAX_UNPACKED)) == jar_file.MAX_UNPACKED


def test_a_file_counts_each_time_that_it_is_named() -> None:
    """Otherwise a small archive could be unpacked as often as its manifest has lines."""
    again = MANIFEST + MANIFEST.partition("\r\n\r\n")[2]
    opened = jar_file.open_jar(archive(signed(again)))
    with pytest.raises(LimitExceeded):
        jar_file.verify_digests(opened, jar_file.read_signature(opened), most=len(FILE) * 2 - 1)


def test_too_many_files_are_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for number in range(jar_file.MAX_FILES + 1):
            opened.writestr(f"{number:x}", b"")
    with pytest.raises(LimitExceeded):
        jar_file.open_jar(made.getvalue())


def test_files_are_counted_before_they_are_listed() -> None:
    """A record without anything behind it costs 46 bytes to send, and some hundred to remember."""
    with pytest.raises(LimitExceeded):
        jar_file.open_jar(b"PK\x01\x02" * (jar_file.MAX_FILES + 1))
