"""What Rekor v2 is asked to log (rekor-tiles, api/proto/rekor/v2/entry.proto, in protobuf's JSON mapping).

Nearly every request is a hashedrekord in one spelling, and there are thousands a second; so that spelling is decoded
by type, and whatever else comes is parsed by the strict reader, which accepts it or says what is wrong with it.
Requests are `msgspec` structures rather than values for the same reason: they cost a tenth to make.

`dsseRequestV002` is no longer understood by the real server, and still sent by released clients. It is logged as
what its successor is: a hashedrekord over the digest of the PAE, with the envelope's first signature.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope, EnvelopeSignature
from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.signatures import verify_digest_signature
from cosignpy.core.rekor.hashedrekord import HashedRekordV002, VerifierForm
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.accepted import Accepted
from log_server.rekor.common_spelling import CommonSpelling
from log_server.rekor.json_limits import parse_limited
from log_server.rekor.kinds.algorithms import BY_NAME, BY_NUMBER
from log_server.rekor.kinds.envelopes import MAX_SIGNATURES, build_pae, build_statement_keys
from log_server.rekor.kinds.verifiers import MAX_KNOWN_KEYS, Verifier, parse_certificate_verifier, parse_key_verifier

MAX_BODY: Final = 65_535
"""The largest entry: its length is 16 bits in an entry bundle (C2SP tlog-tiles)."""

_WHAT: Final = "request"
_CAMEL: Final[Mapping[str, str]] = {
    "hashed_rekord_request_v002": "hashedRekordRequestV002",
    "dsse_request_v002": "dsseRequestV002",
    "key_details": "keyDetails",
    "payload_type": "payloadType",
    "public_key": "publicKey",
    "raw_bytes": "rawBytes",
    "x509_certificate": "x509Certificate",
}
"""The names in the .proto file, which protobuf's JSON mapping accepts beside those in camel case."""

_HASH_NAMES: Final[Mapping[str, str]] = {"sha256": "SHA2_256", "sha384": "SHA2_384", "sha512": "SHA2_512"}
_PARSERS: Final[Mapping[VerifierForm, Callable[[bytes], Verifier]]] = {
    VerifierForm.PUBLIC_KEY: lru_cache(MAX_KNOWN_KEYS)(parse_key_verifier),
    VerifierForm.CERTIFICATE: parse_certificate_verifier,
}


class GivenVerifier(msgspec.Struct, frozen=True):
    """Who is said to have signed, in DER, and by which algorithm."""

    algorithm: Algorithm
    form: VerifierForm
    der: bytes


class HashedRekordRequest(msgspec.Struct, frozen=True):
    """A signature over a digest."""

    digest: bytes
    signature: bytes
    verifier: GivenVerifier


class DsseRequest(msgspec.Struct, frozen=True):
    """An envelope, and those who signed it."""

    envelope: Envelope
    verifiers: tuple[GivenVerifier, ...]


def accept(raw: bytes) -> Accepted:
    """Verify a request and return what is logged.

    Raises:
        MalformedError: Not a request, see `parse_request`, or a key or certificate that cannot be used.
        LimitExceeded: Too much of something.
        SignatureMismatch: A signature that was not made by the given key over the given digest.
    """
    request = parse_request(raw)
    return _accept_dsse(request) if isinstance(request, DsseRequest) else _accept_hashedrekord(request)


def _accept_hashedrekord(request: HashedRekordRequest) -> Accepted:
    given = request.verifier
    verifier = _PARSERS[given.form](given.der)
    verify_digest_signature(verifier.key, given.algorithm, request.signature, request.digest)
    digest = f"{given.algorithm.hash}:{request.digest.hex()}"
    return Accepted(_encode_body(request), (digest, *verifier.search_keys()))


def _encode_body(request: HashedRekordRequest) -> bytes:
    given = request.verifier
    body = HashedRekordV002(
        algorithm=_HASH_NAMES[given.algorithm.hash],
        digest=request.digest,
        signature=request.signature,
        key_details=given.algorithm.name,
        form=given.form,
        verifier=given.der,
    ).encode()
    if len(body) > MAX_BODY:
        raise LimitExceeded("entry", f"{len(body)} bytes, at most {MAX_BODY} are logged")
    return body


def _accept_dsse(request: DsseRequest) -> Accepted:
    envelope, pae = request.envelope, build_pae(request.envelope, len(request.verifiers))
    verifiers = [(given, _PARSERS[given.form](given.der)) for given in request.verifiers]
    makers = [_select_maker(item.signature, pae, verifiers) for item in envelope.signatures]
    first = HashedRekordRequest(_hash(makers[0][0], pae), envelope.signatures[0].signature, makers[0][0])
    keys = [f"{first.verifier.algorithm.hash}:{first.digest.hex()}", str(Digest.of(envelope.payload))]
    for _, verifier in makers:
        keys += verifier.search_keys()
    keys += build_statement_keys(envelope.payload_type, envelope.payload)
    return Accepted(_encode_body(first), tuple(keys))


def _hash(given: GivenVerifier, pae: bytes) -> bytes:
    return hashlib.new(given.algorithm.hash, pae).digest()


def _select_maker(
    signature: bytes, pae: bytes, verifiers: Iterable[tuple[GivenVerifier, Verifier]]
) -> tuple[GivenVerifier, Verifier]:
    for given, verifier in verifiers:
        try:
            verify_digest_signature(verifier.key, given.algorithm, signature, _hash(given, pae))
        except SignatureMismatch:
            continue
        return given, verifier
    raise SignatureMismatch("all signatures must have a key that verifies it")


class _RawBytes(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    raw_bytes: bytes


class _FastVerifier(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    key_details: str
    public_key: _RawBytes | None = None
    x509_certificate: _RawBytes | None = None


class _FastSignature(msgspec.Struct, forbid_unknown_fields=True):
    content: bytes
    verifier: _FastVerifier


class _FastHashedRekord(msgspec.Struct, forbid_unknown_fields=True):
    digest: bytes
    signature: _FastSignature


class _FastRequest(msgspec.Struct, forbid_unknown_fields=True):
    request: _FastHashedRekord = msgspec.field(name="hashedRekordRequestV002")


def _octets_of(found: _FastRequest) -> tuple[bytes, ...]:
    signature = found.request.signature
    given = signature.verifier.public_key or signature.verifier.x509_certificate or _RawBytes(b"")
    return found.request.digest, signature.content, given.raw_bytes


_COMMON: Final = CommonSpelling(_FastRequest, 8, _octets_of)
"""Its members are those with one verifier; with both or none there are more or fewer."""


def parse_request(raw: bytes) -> HashedRekordRequest | DsseRequest:
    """Parse a request, its verifiers still unparsed.

    Field names are accepted in both spellings of protobuf's JSON mapping, enum values as names and numbers, base64
    only in its standard form (docs/adr/0002-strict-parsing.md).

    Raises:
        MalformedError: Not strict JSON, a member that is unknown, repeated, missing or of the wrong type, or an
            algorithm that this log does not accept.
        LimitExceeded: More signatures or verifiers than are accepted.
    """
    return _parse_fast(raw) or _parse_strictly(raw)


def _parse_fast(raw: bytes) -> HashedRekordRequest | None:
    """Parse the common spelling; None says no more than that it is not that."""
    found = _COMMON.parse(raw)
    if found is None:
        return None
    signature, verifier = found.request.signature, found.request.signature.verifier
    algorithm = BY_NAME.get(verifier.key_details)
    given = verifier.public_key or verifier.x509_certificate
    if algorithm is None or given is None:
        return None
    form = VerifierForm.PUBLIC_KEY if verifier.public_key else VerifierForm.CERTIFICATE
    given_verifier = GivenVerifier(algorithm, form, given.raw_bytes)
    return HashedRekordRequest(found.request.digest, signature.content, given_verifier)


def _parse_strictly(raw: bytes) -> HashedRekordRequest | DsseRequest:
    found = _fields(parse_limited(raw, what=_WHAT), "hashedRekordRequestV002", "dsseRequestV002")
    hashedrekord, dsse = found.optional_child("hashedRekordRequestV002"), found.optional_child("dsseRequestV002")
    if hashedrekord and dsse:
        raise MalformedError(_WHAT, "one of hashedRekordRequestV002 and dsseRequestV002, not both")
    if hashedrekord:
        return _parse_hashedrekord(_fields(hashedrekord, "digest", "signature"))
    if dsse:
        return _parse_dsse(_fields(dsse, "envelope", "verifiers"))
    raise MalformedError(_WHAT, "invalid type, must be hashedrekord")


def _fields(found: JsonObject, *known: str) -> JsonObject:
    """Return the object with its members in camel case, once each of them is known."""
    members = {}
    for name, content in found.members.items():
        camel = _CAMEL.get(name, name)
        if camel not in known:
            raise MalformedError(_WHAT, f'unknown field "{name}"')
        if camel in members:
            raise MalformedError(_WHAT, f'duplicate field "{name}"')
        members[camel] = content
    return JsonObject(members, found.what, found.path)


def _parse_hashedrekord(found: JsonObject) -> HashedRekordRequest:
    signature = _fields(found.child("signature"), "content", "verifier")
    return HashedRekordRequest(
        digest=found.b64("digest"),
        signature=signature.b64("content"),
        verifier=_parse_verifier(signature.child("verifier")),
    )


def _parse_verifier(unnamed: JsonObject) -> GivenVerifier:
    found = _fields(unnamed, "keyDetails", *VerifierForm)
    forms = [form for form in VerifierForm if form in found]
    if len(forms) != 1:
        raise found.malformed("", "exactly one of publicKey and x509Certificate is needed")
    der = _fields(found.child(forms[0]), "rawBytes").b64("rawBytes")
    return GivenVerifier(_parse_algorithm(found), forms[0], der)


def _parse_algorithm(found: JsonObject) -> Algorithm:
    given = found.members.get("keyDetails")
    algorithm = BY_NUMBER.get(given) if type(given) is int else BY_NAME.get(str(given))
    if algorithm is None:
        raise found.malformed("keyDetails", f"{given!r} is not one of {', '.join(BY_NAME)}")
    return algorithm


def _parse_dsse(found: JsonObject) -> DsseRequest:
    envelope = _fields(found.child("envelope"), "payload", "payloadType", "signatures")
    signatures = [_fields(item, "sig", "keyid") for item in envelope.children("signatures", most=MAX_SIGNATURES)]
    verifiers = tuple(_parse_verifier(item) for item in found.children("verifiers", most=MAX_SIGNATURES))
    if not signatures or not verifiers:
        raise found.malformed("", "an envelope with signatures and verifiers are needed")
    if len({item.der for item in verifiers}) != len(verifiers):
        raise found.malformed("verifiers", "the same one twice")
    return DsseRequest(
        Envelope(
            payload_type=envelope.text("payloadType"),
            payload=envelope.b64("payload"),
            signatures=tuple(EnvelopeSignature(item.b64("sig"), item.optional_text("keyid")) for item in signatures),
        ),
        verifiers,
    )
