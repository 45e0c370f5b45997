"""Entry kind rpm 0.0.1: a signed RPM package, of which the log keeps its name and version, and digests."""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.encoding import JsonObject, encode_b64
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.formats.pgp import parse_key_ring, verify_detached
from log_server.rekor.kinds.formats.proposal import describe_digest, encode_body, read_content, search_key_of
from log_server.rekor.kinds.formats.rpm_file import Package, parse_package

_TEXTS: Final[Mapping[str, int]] = {"Name": 1000, "Version": 1001, "Release": 1002, "Architecture": 1022}
_EPOCH: Final = 1003
_DIGESTS: Final[Mapping[str, int]] = {"RPMSIGTAG_MD5": 1004, "RPMSIGTAG_SHA1": 1012, "RPMSIGTAG_SHA256": 1016}
"""Tags of the signature header that are logged where they are binary, by the names that the real server uses."""


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify the OpenPGP signature over header and payload.

    Raises:
        MalformedError: Not an RPM package, or not signed as a whole.
        DigestMismatch: A declared hash of other content.
        SignatureMismatch: The key did not sign it.
    """
    ring = parse_key_ring(read_content(spec.child("publicKey")))
    member = spec.child("package")
    content = read_content(member)
    digest = describe_digest(member, content)
    package = parse_package(content)
    verify_detached(ring, package.pgp_signature(), package.signed)
    canonical = {
        "package": {"hash": digest, "headers": _describe(package)},
        "publicKey": {"content": encode_b64(ring.canonical)},
    }
    keys = (search_key_of(ring.canonical), *ring.subjects, f"sha256:{digest['value']}")
    return Accepted(encode_body("rpm", canonical), keys)


def _describe(package: Package) -> Mapping[str, str]:
    texts = {name: package.header.text(tag) for name, tag in _TEXTS.items()}
    found = {name: package.signatures.binary(tag) for name, tag in _DIGESTS.items()}
    digests = {name: digest.hex() for name, digest in found.items() if digest is not None}
    return {**texts, "Epoch": str(package.header.integer(_EPOCH)), **digests}
