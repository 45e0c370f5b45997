"""Signed Java archives (JAR File Specification, sections Signed JAR File and Name-Value pairs)."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO, Final

from cosignpy.core.encoding import encode_b64
from cosignpy.errors import DigestMismatch, LimitExceeded, MalformedError
from cosignpy.values import field, record, value

WHAT: Final = "JAR archive"
_DIRECTORY: Final = "META-INF/"
_MANIFEST: Final = "META-INF/MANIFEST.MF"
_BLOCKS: Final = (".RSA", ".DSA", ".EC")
MAX_METADATA: Final = 1024 * 1024
"""Unpacked size of each file in META-INF that is read; the real server's limit."""
MAX_UNPACKED: Final = 128 * 1024 * 1024
"""All files together: they are unpacked to be hashed, and a few kilobytes can unpack to gigabytes."""
MAX_RATIO: Final = 16
"""Times the size of an archive that its files may have together, and a megabyte: classes have twice or three times,
and zeros a thousand times. Whoever wants a processor to be busy has to send something for it."""
MAX_FILES: Final = 65535
"""What the central directory of a zip file counts without extensions."""
_LISTED: Final = b"PK\x01\x02"
"""Begins each file's record in the central directory."""
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""All that archives use; what else `zipfile` unpacks takes ten times as long, or reserves gigabytes."""
_CHUNK: Final = 256 * 1024
_DIGESTS: Final[Mapping[str, str]] = {
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha-256": "sha256",
    "sha-384": "sha384",
    "sha-512": "sha512",
}
_UNPACK_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
"""What `zipfile` raises on archives that are broken, encrypted, or packed in ways it does not know."""


@value
class SignedJar:
    """The three files that sign an archive: the manifest, the signature file over it, the block that signs that."""

    manifest: bytes = field(repr=False)
    signature_file: bytes = field(repr=False)
    block: bytes = field(repr=False)


@record
class _Budget:
    """How much may still be unpacked."""

    left: int

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise LimitExceeded(WHAT, "it unpacks to more than archives do")


def open_jar(raw: bytes) -> zipfile.ZipFile:
    """Open an archive that is held in memory.

    Raises:
        MalformedError: Not a zip file.
        LimitExceeded: More than `MAX_FILES` files.
    """
    if raw.count(_LISTED) > MAX_FILES:  # before each of them becomes an object
        raise LimitExceeded(WHAT, f"more than {MAX_FILES} files")
    try:
        return zipfile.ZipFile(BytesIO(raw))
    except _UNPACK_ERRORS as error:
        raise MalformedError(WHAT, "not a zip file") from error


def read_signature(archive: zipfile.ZipFile) -> SignedJar:
    """Read the files that sign an archive, of which there has to be one set.

    Raises:
        MalformedError: Not signed, signed more than once, or a file that cannot be unpacked.
        LimitExceeded: A file of more than `MAX_METADATA` bytes.
    """
    files = {each.filename.upper(): each for each in archive.infolist() if each.filename.upper().startswith(_DIRECTORY)}
    signatures = [name for name in files if name.endswith(".SF")]
    blocks = [name for name in files if name.endswith(_BLOCKS) or name.startswith(f"{_DIRECTORY}SIG-")]
    if _MANIFEST not in files or not signatures or not blocks:
        raise MalformedError(WHAT, "it is not signed")
    if len(signatures) > 1 or len(blocks) > 1:
        raise MalformedError(WHAT, "it is signed more than once, and an entry tells of one signature")
    if signatures[0].rpartition(".")[0] != blocks[0].rpartition(".")[0]:
        raise MalformedError(WHAT, "its signature file and its signature have different names")
    contents = [_read_metadata(archive, files[name]) for name in (_MANIFEST, signatures[0], blocks[0])]
    return SignedJar(*contents)


def _read_metadata(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_METADATA:
        raise LimitExceeded(WHAT, f"{member.filename} of more than {MAX_METADATA} bytes")
    return b"".join(_unpack(archive, member, _Budget(MAX_METADATA)))


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> Iterator[bytes]:
    if member.compress_type not in _PACKED:
        raise MalformedError(WHAT, f"{member.filename} is packed as no file of an archive is")
    try:
        with archive.open(member) as stream:
            for chunk in _chunks(stream):
                budget.spend(len(chunk))
                yield chunk
    except _UNPACK_ERRORS as error:
        raise MalformedError(WHAT, f"{member.filename} cannot be unpacked") from error


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def unpack_limit(raw: bytes) -> int:
    """Return how large the files of an archive may be together."""
    return min(MAX_UNPACKED, MAX_METADATA + MAX_RATIO * len(raw))


def verify_digests(archive: zipfile.ZipFile, signed: SignedJar, *, most: int) -> None:
    """Show that the signature file is over the manifest, and the manifest over the files that it names.

    Files that it does not name are not signed; that they are there is part of the archive's own digest.

    Raises:
        MalformedError: Broken, without digests, or with ones that are not understood.
        DigestMismatch: Content other than was signed.
        LimitExceeded: It unpacks to more than `most` bytes.
    """
    _verify_manifest(signed)
    files = {each.filename: each for each in archive.infolist()}
    budget = _Budget(most)
    for section in _split(signed.manifest)[1:]:
        attributes = _parse_section(section)
        name = _name_of(attributes)
        if "magic" in attributes:
            continue  # an entry that is not a file, and is checked by whoever knows this magic
        if name not in files:
            raise MalformedError(WHAT, f"{name} is in the manifest and not in the archive")
        _verify_digest(attributes, "-digest", _unpack(archive, files[name], budget), name)


def _verify_manifest(signed: SignedJar) -> None:
    main, *sections = _split(signed.signature_file)
    attributes = _parse_section(main)
    if _digests_of(attributes, "-digest-manifest"):
        _verify_digest(attributes, "-digest-manifest", [signed.manifest], "manifest")
        return
    head, *rest = _split(signed.manifest)
    _verify_digest(attributes, "-digest-manifest-main-attributes", [head], "main section of the manifest")
    named = {_name_of(_parse_section(section)): section for section in rest}
    for section in sections:
        attributes = _parse_section(section)
        name = _name_of(attributes)
        if name not in named:
            raise MalformedError(WHAT, f"{name} is signed and not in the manifest")
        _verify_digest(attributes, "-digest", [named[name]], f"manifest section of {name}")


def _split(raw: bytes) -> Sequence[bytes]:
    """Split into sections, each with the empty line that ends it, since that is part of what is hashed."""
    end = b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n"
    sections = raw.split(end)
    if sections.pop():
        raise MalformedError(WHAT, "a manifest that does not end with an empty line")
    return [section + end for section in sections]


def _parse_section(section: bytes) -> Mapping[str, str]:
    """Parse the attributes of a section; a line that begins with a space continues the one before."""
    unfolded = section.replace(b"\r\n", b"\n").replace(b"\n ", b"")
    found: dict[str, str] = {}
    for line in unfolded.decode("utf-8", "replace").split("\n"):
        name, colon, content = line.partition(":")
        if line and not colon:
            raise MalformedError(WHAT, "a line of a manifest without a colon")
        if line:
            found[name.strip().lower()] = content.strip()
    return found


def _name_of(attributes: Mapping[str, str]) -> str:
    name = attributes.get("name", "")
    if not name:
        raise MalformedError(WHAT, "a section of a manifest without a name")
    return name


def _digests_of(attributes: Mapping[str, str], suffix: str) -> Mapping[str, str]:
    return {name.removesuffix(suffix): text for name, text in attributes.items() if name.endswith(suffix)}


def _verify_digest(
    attributes: Mapping[str, str], suffix: str, content: Iterator[bytes] | list[bytes], what: str
) -> None:
    wanted = _digests_of(attributes, suffix)
    unknown = [name for name in wanted if name not in _DIGESTS]
    if unknown or not wanted:
        raise MalformedError(WHAT, f"no digest of {what} that is understood")
    hashes = {name: hashlib.new(_DIGESTS[name], usedforsecurity=False) for name in wanted}
    for chunk in content:
        for each in hashes.values():
            each.update(chunk)
    for name, each in hashes.items():
        found = encode_b64(each.digest())
        if found != wanted[name]:
            raise DigestMismatch(what, f"{name}:{wanted[name]}", f"{name}:{found}")
