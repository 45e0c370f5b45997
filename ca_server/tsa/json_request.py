"""Requests in JSON, as sigstore-js sends them (timestamp-authority: pkg/api/timestamp.go)."""

from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.x509.der_values import encode_oid
from cosignpy.errors import LimitExceeded
from cosignpy.values import record

MAX_JSON: Final = 1024
"""Octets: twice of what there is to say. To read a number of a million digits takes minutes."""

_WHAT: Final = "timestamp request"


@record
class PolicyTooLong(LimitExceeded):
    """An object identifier of more numbers than any has."""


def parse_json_request(raw: bytes) -> TimestampRequest:
    """Parse a request; members that are not known are passed over, as the real server does.

    Raises:
        WeakHash: The hash function is broken.
        WrongDigestLength: The digest is not one of that function.
        PolicyTooLong: A policy of more numbers than any has.
        LimitExceeded: More than `MAX_JSON` octets, or a nonce that is longer than any.
        MalformedError: Not strict JSON, a member of the wrong type, or an unknown hash function.
    """
    if len(raw) > MAX_JSON:
        raise LimitExceeded(_WHAT, f"{len(raw)} octets, at most {MAX_JSON} are accepted")
    found = JsonObject.parse(raw, what=_WHAT)
    imprint = MessageImprint(found.text("hashAlgorithm").lower(), found.b64("artifactHash"))
    policy = found.optional_text("tsaPolicyOID") or None
    if policy is not None:
        _refuse_unless_oid(policy)
    nonce = found.members.get("nonce")
    if nonce is not None and type(nonce) is not int:
        raise found.malformed("nonce", "expected an integer")
    certificates = found.members.get("certificates")
    if certificates is not None and type(certificates) is not bool:
        raise found.malformed("certificates", "expected true or false")
    return TimestampRequest(imprint, policy, nonce, bool(certificates))


def _refuse_unless_oid(policy: str) -> None:
    try:
        encode_oid(policy, what=_WHAT)
    except LimitExceeded as error:
        raise PolicyTooLong(error.what, error.why) from error
