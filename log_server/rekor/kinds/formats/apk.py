"""Alpine packages, version 2: a signature, a control and a data archive, each a gzip stream of its own.

https://wiki.alpinelinux.org/wiki/Apk_spec. The signature is over the control stream as compressed; the control
archive holds .PKGINFO, which states the SHA-256 of the data stream as compressed. So the data is never unpacked.
"""

import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from cosignpy.core.encoding import parse_pem
from cosignpy.errors import DigestMismatch, KeyUnusable, LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import field, value
from log_server.rekor.kinds.formats.pkginfo import parse_pkginfo

WHAT: Final = "Alpine package"
MAX_METADATA: Final = 1024 * 1024
"""Unpacked signature archive and .PKGINFO; the real server's limit."""
MAX_CONTROL: Final = 8 * 1024 * 1024
"""Unpacked control archive: .PKGINFO and the scripts of the package."""
_MAX_MEMBERS: Final = 64
"""Files in the signature and control archives; real ones have up to ten."""
_GZIP: Final = 31
"""zlib's window size, marked as a gzip stream."""
_SIGNATURES: Final[Mapping[str, HashAlgorithm]] = {
    ".SIGN.RSA256.": SHA256(),
    ".SIGN": SHA1(),  # noqa: S303 - what `abuild-sign` signs with
}


@value
class Package:
    """What a package says, once its data was found to be what it says."""

    info: Mapping[str, str]
    control: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    digest: HashAlgorithm

    def verify_signature(self, key: object) -> None:
        """Show that a key signed the control archive.

        Raises:
            KeyUnusable: Not an RSA key: no other signs packages.
            SignatureMismatch: It did not.
        """
        if not isinstance(key, RSAPublicKey):
            raise KeyUnusable("public key", "Alpine packages are signed with RSA keys")
        try:
            key.verify(self.signature, self.control, PKCS1v15(), self.digest)
        except InvalidSignature as error:
            raise SignatureMismatch("the key did not sign this Alpine package") from error


def parse_package(raw: bytes) -> Package:
    """Take a package apart and verify the digest of its data.

    Raises:
        MalformedError: Not a signed package.
        LimitExceeded: Metadata that unpacks to more than real packages have.
        DigestMismatch: Data other than .PKGINFO states.
    """
    signatures, rest = _unpack(raw, MAX_METADATA)
    archive, data = _unpack(rest, MAX_CONTROL)
    name, signature = next(_members(signatures, ".SIGN"), ("", b""))
    if not signature:
        raise MalformedError(WHAT, "no signature in it")
    content = next((content for name, content in _members(archive, ".PKGINFO") if name == ".PKGINFO"), None)
    if content is None:
        raise MalformedError(WHAT, "no .PKGINFO in it")
    info = parse_pkginfo(content)
    found = hashlib.sha256(data).hexdigest()
    if info.get("datahash", "").lower() != found:
        raise DigestMismatch("data of the package", f"sha256:{info.get('datahash', '')}", f"sha256:{found}")
    digest = next(digest for prefix, digest in _SIGNATURES.items() if name.startswith(prefix))
    return Package(info, rest[: len(rest) - len(data)], _without_armor(signature), digest)


def _unpack(raw: bytes, limit: int) -> tuple[bytes, bytes]:
    """Unpack the first gzip stream and return what follows it."""
    stream = zlib.decompressobj(_GZIP)
    try:
        unpacked = stream.decompress(raw, limit + 1)
    except zlib.error as error:
        raise MalformedError(WHAT, "not a gzip stream where one should be") from error
    if len(unpacked) > limit:
        raise LimitExceeded(WHAT, f"metadata of more than {limit} bytes")
    if not stream.eof:
        raise MalformedError(WHAT, "a gzip stream that ends too early")
    return unpacked, stream.unused_data


def _members(archive: bytes, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Read the regular files of an archive whose names begin so; its end marker may be cut off."""
    try:
        with tarfile.open(fileobj=BytesIO(archive), mode="r:") as opened:
            for count, member in enumerate(opened):
                if count == _MAX_MEMBERS or member.size > MAX_METADATA:
                    raise LimitExceeded(WHAT, "more or larger metadata files than packages have")
                if member.isreg() and member.name.startswith(prefix) and (file := opened.extractfile(member)):
                    yield member.name, file.read()
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise MalformedError(WHAT, "a tar archive that is broken") from error


def _without_armor(signature: bytes) -> bytes:
    return parse_pem(signature, what=WHAT).body if signature.startswith(b"-----BEGIN ") else signature
