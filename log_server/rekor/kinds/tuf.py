"""Entry kind tuf 0.0.1: TUF metadata (TUF specification section 4) and the root whose keys it is verified with.

As with certificates, expiry is not judged: the log records what was signed. In this the real server differs, which
refuses metadata, and roots, that have expired.
"""

import re
from typing import Any, Final, cast

from securesystemslib.exceptions import Error as SecureSystemsError
from securesystemslib.formats import encode_canonical
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root  # type: ignore[attr-defined] # documented there, re-exported without saying so

from cosignpy.core.encoding import (
    JsonObject,
    encode_b64,
    encode_canonical_json,
    encode_json,
    parse_json,
)
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import field, value
from log_server.rekor.accepted import Accepted
from log_server.rekor.json_limits import parse_limited
from log_server.rekor.kinds.formats.proposal import encode_body, search_key_of

_MAX_SIGNATURES: Final = 64
"""A root of many keyholders has about ten."""
_MAX_SIZE: Final = 64 * 1024
"""An entry holds metadata and root whole, and has no more bytes; writing megabytes canonically takes seconds."""
_NOT_METADATA: Final = (ValueError, KeyError, TypeError, AttributeError, SecureSystemsError)
"""What the libraries raise for documents of another form than they expect, and for keys when those are used."""
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){0,8192}")


@value
class _Document:
    """Signed metadata: as it was read, the bytes that are signed, and the canonical form that is logged."""

    signed: Any = field(repr=False)
    signatures: dict[str, Any] = field(repr=False)
    payload: bytes = field(repr=False)
    canonical: bytes = field(repr=False)


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify the root with its own keys, and the metadata with the keys that the root gives its role.

    Raises:
        MalformedError: Not TUF metadata, or a root that is none.
        LimitExceeded: More than can be logged.
        SignatureMismatch: Too few of the keys signed one of the two.
    """
    root = _parse_document(spec.child("root"))
    metadata = _parse_document(spec.child("metadata"))
    if not isinstance(root.signed, Root):
        raise MalformedError("TUF root", f"metadata of type {root.signed.type} in its place")
    _verify(root.signed, root)
    _verify(root.signed, metadata)
    canonical = {
        "metadata": {"content": encode_b64(metadata.canonical)},
        "root": {"content": encode_b64(root.canonical)},
        "spec_version": root.signed.spec_version,
    }
    keys = (
        search_key_of(metadata.canonical),
        metadata.signed.type,
        str(metadata.signed.version),
        search_key_of(root.canonical),
    )
    return Accepted(encode_body("tuf", canonical), keys)


def canonical_tuf_root(raw: bytes) -> bytes:
    """Return the form of a root by which entries are found.

    Raises:
        MalformedError: Not TUF metadata.
        LimitExceeded: More than can be logged.
    """
    return _parse_signed(parse_limited(raw, what="TUF root"), "TUF root").canonical


def _parse_document(member: JsonObject) -> _Document:
    """Read metadata that is sent as an object or as base64 of one."""
    if "url" in member:
        raise member.malformed("url", "nothing is fetched; send the metadata itself in content")
    what = f"TUF {member.path.rstrip('.')}"
    if isinstance(member.members.get("content"), str):
        found = parse_limited(member.b64("content"), what=what)
    else:
        found = member.child("content")
    return _parse_signed(found, what)


def _parse_signed(found: JsonObject, what: str) -> _Document:
    size = len(encode_json(dict(found.members)))
    if size > _MAX_SIZE:
        raise LimitExceeded(what, f"{size} bytes, at most {_MAX_SIZE} are logged")
    signed = found.child("signed").members
    signatures = [_canonical_signature(each) for each in found.children("signatures", most=_MAX_SIGNATURES)]
    canonical = encode_canonical_json({"signatures": signatures, "signed": signed})
    try:
        # `from_dict` takes apart what it is given, hence the copy.
        document = Metadata[Any].from_dict(parse_json(canonical, what=what))
        payload = cast("str", encode_canonical(dict(signed))).encode()
    except _NOT_METADATA as error:
        raise MalformedError(what, "not signed metadata of TUF") from error
    return _Document(document.signed, document.signatures, payload, canonical)


def _canonical_signature(found: JsonObject) -> dict[str, str]:
    signature = found.text("sig")
    if _HEX.fullmatch(signature) is None:
        raise found.malformed("sig", "expected hex digits")
    return {"keyid": found.text("keyid"), "sig": signature.lower()}


def _verify(root: Root, document: _Document) -> None:
    """Verify signatures up to the threshold of the role (TUF specification section 5.3)."""
    role = document.signed.type
    try:
        root.verify_delegate(role, document.payload, document.signatures)
    except (RepositoryError, *_NOT_METADATA) as error:
        raise SignatureMismatch(f"the TUF {role} metadata is not signed by enough of the keys of the root") from error
