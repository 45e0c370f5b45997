"""The files in which cosign 2 keeps a blob's signature: a JSON of its own, or one file for each part.

The JSON is older than Sigstore's bundles (cosign, `sign-blob` and `attest-blob` with `--new-bundle-format=false`). The
signature of an attestation is its whole envelope.
"""

from typing import Final

from cosignpy.core.bundle.model import Bundle, MessageSignature
from cosignpy.core.bundle.parts import SignatureParts, assemble_bundle
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject, JsonValue, decode_b64, encode_b64, encode_json, parse_json, parse_pem
from cosignpy.core.oci.simple_signing import TIMESTAMP_ANNOTATION
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

_WHAT: Final = "blob bundle"
_SIGNATURE: Final = "base64Signature"
_BEGIN: Final = b"-----BEGIN "
_KEY_LABEL: Final = "PUBLIC KEY"


@value
class BlobSignature:
    """A signature, or an envelope in JSON, and what lies beside it."""

    signature: bytes = field(repr=False)
    parts: SignatureParts = SignatureParts()

    def bundle(self) -> Bundle:
        """Return it as a bundle of what it is: of an attestation where the signature is a whole JSON object.

        A signature alone may begin as JSON does; it never is some.

        Raises:
            MalformedError: The JSON is not an envelope, or one of the parts cannot be read.
        """
        try:
            JsonObject.parse(self.signature, what="envelope")
        except MalformedError:
            return self.message_bundle()
        return self.envelope_bundle()

    def message_bundle(self) -> Bundle:
        """Return it as a bundle of a signature, which does not say of what.

        Raises:
            MalformedError: One of the parts cannot be read.
        """
        return assemble_bundle(MessageSignature("", b"", self.signature), self.parts)

    def envelope_bundle(self) -> Bundle:
        """Return it as a bundle of an attestation.

        Raises:
            MalformedError: It is not an envelope, or one of the parts cannot be read.
        """
        return assemble_bundle(Envelope.parse(JsonObject.parse(self.signature, what="envelope")), self.parts)


def parse_blob_bundle(raw: bytes) -> BlobSignature | None:
    """Parse cosign 2's JSON; None where it is something else, a Sigstore bundle for instance.

    Raises:
        MalformedError: Not strict JSON, a member is unknown or of the wrong type, or base64 is not canonical.
    """
    if _SIGNATURE.encode("ascii") not in raw:  # what is wrong with another document is for others to say
        return None
    members = parse_json(raw, what=_WHAT)
    if not isinstance(members, dict) or _SIGNATURE not in members:
        return None
    found = JsonObject(members, _WHAT)
    found.refuse_unknown(_SIGNATURE, "cert", "rekorBundle")
    promise = found.optional_child("rekorBundle")
    parts = SignatureParts(
        certificate=_parse_signer(found.optional_text("cert")),
        rekor_bundle=encode_json(dict(promise.members)) if promise else b"",
    )
    signature = found.b64(_SIGNATURE)
    if not signature:
        raise found.malformed(_SIGNATURE, "empty")
    return BlobSignature(signature, parts)


def _parse_signer(text: str) -> bytes:
    """Return a certificate in PEM; early versions put the public key here, which the verifier has from elsewhere."""
    pem = parse_certificate_file(text.encode("utf-8"))
    return b"" if not pem or parse_pem(pem, what=f"{_WHAT} cert").label == _KEY_LABEL else pem


def parse_signature_file(raw: bytes) -> bytes:
    """Return a signature as it is, or out of base64.

    Raises:
        MalformedError: There is none.
    """
    if not raw.strip():
        raise MalformedError("signature", "empty")
    try:
        return decode_b64(b"".join(raw.split()).decode("latin-1"), what="signature")
    except MalformedError:
        return raw


def parse_certificate_file(raw: bytes, what: str = "certificate") -> bytes:
    """Return a certificate's PEM as it is, or out of base64, in which cosign 2 wraps it.

    Raises:
        MalformedError: It is neither.
    """
    if _BEGIN in raw:
        return raw
    try:
        return decode_b64(b"".join(raw.split()).decode("latin-1"), what=what)
    except MalformedError as error:
        raise MalformedError(what, "no certificate in it, neither in PEM nor in base64 of it") from error


def parse_timestamp_file(raw: bytes) -> bytes:
    """Return a timestamp (DER) as it is, or out of cosign's JSON.

    Raises:
        MalformedError: There is none, or the JSON is not what it should be.
    """
    if not raw:
        raise MalformedError("timestamp", "empty")
    if not raw.startswith(b"{"):
        return raw
    return SignatureParts.of_annotations({TIMESTAMP_ANNOTATION: _decode_text(raw, "timestamp")}).timestamp


def _decode_text(raw: bytes, what: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(what, "not UTF-8") from error


def encode_blob_bundle(bundle: Bundle) -> bytes:
    """Encode cosign 2's JSON. It holds no timestamps, and of a log entry the promise.

    Raises:
        MalformedError: Several log entries or timestamps, or an entry without a promise.
    """
    parts = SignatureParts.of_bundle(bundle)
    members: dict[str, JsonValue] = {_SIGNATURE: encode_b64(encode_signature(bundle))}
    if parts.certificate:
        members["cert"] = encode_b64(parts.certificate)
    if parts.rekor_bundle:
        members["rekorBundle"] = parse_json(parts.rekor_bundle, what=_WHAT)
    return encode_json(members)


def encode_signature(bundle: Bundle) -> bytes:
    """Return the signature of a bundle, or its envelope, spelled as logs of Rekor v1 were told.

    cosign compares the hash of that spelling with the one in the log entry.
    """
    if isinstance(bundle.content, MessageSignature):
        return bundle.content.signature
    return bundle.content.encode()


def encode_timestamp_file(timestamp: bytes) -> bytes:
    """Encode cosign's JSON around a timestamp."""
    return SignatureParts(timestamp=timestamp).annotations[TIMESTAMP_ANNOTATION].encode("utf-8")
