"""Entry kind rfc3161 0.0.1: a response of a timestamp authority (RFC 3161 section 2.4.2), kept as it was sent.

What the token says is not judged, only that it was granted and that its signer comes along and signed it.
"""

from typing import Final

from cosignpy.core.cms.signature import verify_signed_data
from cosignpy.core.cms.signed_data import parse_signed_data
from cosignpy.core.encoding import JsonObject
from cosignpy.core.x509.der import SEQUENCE, read_children, read_whole
from cosignpy.errors import LimitExceeded, MalformedError
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.formats.proposal import encode_body, read_content, search_key_of_content

_WHAT: Final = "timestamp response"
_MAX_SIZE: Final = 10 * 1024
"""The real server's limit."""
_INTEGER: Final = 0x02
_GRANTED: Final = {b"\x00", b"\x01"}
"""granted and grantedWithMods (section 2.4.2)."""
_PARTS: Final = 2


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify the token by the certificate in it.

    Raises:
        MalformedError: Not a response, not granted, or a token without its certificate.
        LimitExceeded: More than 10 KiB.
        SignatureMismatch: The certificate did not sign the token.
    """
    response = spec.child("tsr")
    content = read_content(response)
    if len(content) > _MAX_SIZE:
        raise LimitExceeded(_WHAT, f"{len(content)} bytes, at most {_MAX_SIZE} are accepted")
    _verify_response(content)
    canonical = {"tsr": {"content": response.text("content")}}
    return Accepted(encode_body("rfc3161", canonical), (search_key_of_content(content),))


def _verify_response(der: bytes) -> None:
    parts = read_children(der, read_whole(der, SEQUENCE, what=_WHAT), what=_WHAT)
    if len(parts) != _PARTS or parts[0].tag != SEQUENCE:
        raise MalformedError(_WHAT, "expected a status and a token")
    status = read_children(der, parts[0], what=_WHAT)
    if not status or status[0].tag != _INTEGER or der[status[0].content : status[0].end] not in _GRANTED:
        raise MalformedError(_WHAT, "the authority did not grant it")
    token = parse_signed_data(der[parts[1].start : parts[1].end], what="timestamp token")
    if token.content is None:
        raise MalformedError("timestamp token", "no content in it")
    verify_signed_data(token, token.content, what="timestamp token")
