"""Requests for certificates (fulcio, `fulcio.proto` in protobuf's JSON mapping, and `fulcio_legacy.proto`).

Members that are not known are passed over, as the real server does; and so is `algorithm`, since the key says it.
"""

from collections.abc import Mapping
from typing import Final

from starlette.types import Scope

from ca_server.issuance.request import SigningRequest
from cosignpy.core.encoding import JsonObject, JsonValue
from cosignpy.serving.asgi import header
from cosignpy.values import field, value

_WHAT: Final = "signing request"
_BEARER: Final = b"bearer "

_CAMEL: Final[Mapping[str, str]] = {
    "certificate_signing_request": "certificateSigningRequest",
    "oidc_identity_token": "oidcIdentityToken",
    "proof_of_possession": "proofOfPossession",
    "public_key": "publicKey",
    "public_key_request": "publicKeyRequest",
    "signed_email_address": "signedEmailAddress",
}
"""The names in the .proto files, which protobuf's JSON mapping accepts beside those in camel case."""


@value
class Submission:
    """What a client wants certified, and the token that says who it is."""

    request: SigningRequest
    token: str = field(repr=False)


def parse_submission(raw: bytes, scope: Scope) -> Submission:
    """Parse a request of version 2. A token in the body beats one in the header.

    Raises:
        MalformedError: Not strict JSON, or a member of the wrong type.
    """
    found = _camel_case(JsonObject.parse(raw, what=_WHAT))
    credentials = found.optional_child("credentials")
    in_body = _camel_case(credentials).optional_text("oidcIdentityToken") if credentials else ""
    token = in_body or read_bearer(scope)
    asked = _camel_case(found.optional_child("publicKeyRequest") or JsonObject({}, _WHAT))
    key = asked.optional_child("publicKey")
    content = key.optional_text("content") if key else ""
    if "publicKeyRequest" in found and "certificateSigningRequest" in found:
        raise found.malformed("certificateSigningRequest", "there is a public key as well; send one of them")
    proof, csr = _optional_bytes(asked, "proofOfPossession"), _optional_bytes(found, "certificateSigningRequest")
    return Submission(SigningRequest(content.encode(), proof, csr), token)


def parse_legacy_submission(raw: bytes, scope: Scope) -> Submission:
    """Parse a request of version 1, whose key is in base64 and whose token is in the header only.

    Raises:
        MalformedError: Not strict JSON, or a member of the wrong type.
    """
    found = _camel_case(JsonObject.parse(raw, what=_WHAT))
    csr = _optional_bytes(found, "certificateSigningRequest")
    key = found.optional_child("publicKey")
    content = _optional_bytes(key, "content") if key else b""
    proof = _optional_bytes(found, "signedEmailAddress")
    return Submission(SigningRequest(content, proof, csr), read_bearer(scope))


def read_bearer(scope: Scope) -> str:
    """Return the token of the Authorization header (RFC 6750 section 2.1), empty where there is none."""
    sent = header(scope, b"authorization")
    return sent[len(_BEARER) :].strip().decode("latin-1") if sent[: len(_BEARER)].lower() == _BEARER else ""


def _camel_case(found: JsonObject) -> JsonObject:
    """Write members under the one name that is read; both names of one member are a repeated member.

    Raises:
        MalformedError: A member is there under both.
    """
    members: dict[str, JsonValue] = {}
    for name, content in found.members.items():
        camel = _CAMEL.get(name, name)
        if camel in members:
            raise found.malformed(name, "given twice")
        members[camel] = content
    return JsonObject(members, found.what, found.path)


def _optional_bytes(found: JsonObject, name: str) -> bytes:
    return found.b64(name) if name in found else b""
