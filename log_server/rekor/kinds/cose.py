"""Entry kind cose 0.0.1: a COSE_Sign1 message (RFC 9052 section 4.2), of which the log keeps the digests."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Final, NoReturn

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from cosignpy.core.encoding import JsonObject, encode_b64
from cosignpy.errors import CosignError, KeyUnusable, LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import field, value
from log_server.rekor.accepted import Accepted, Attestation
from log_server.rekor.json_limits import MAX_STATEMENT_VALUES, parse_limited
from log_server.rekor.kinds.formats.proposal import encode_body, search_key_of_content
from log_server.rekor.kinds.verifiers import parse_x509_verifier

_WHAT: Final = "COSE message"
_PREFIX: Final = b"\xd2\x84"
"""Tag 18 on an array of four (RFC 9052 section 4.2)."""
_PARTS: Final = 4
_BYTES, _AFTER_BYTES = b"\x40", b"\x60"
"""Where the first bytes of byte strings begin and end (RFC 8949 section 3)."""
_MAX_HEADERS: Final = 64 * 1024
"""Certificates are the largest. The hashes of numbers are no secret, so a map of many could be made slow on purpose."""
_SHARED: Final = (28, 29)
"""Tags of values that stand in several places: a kilobyte of them is endless to whoever walks through it."""
_MAX_DEPTH: Final = 16
"""Countersignatures nest about five levels."""
_ALGORITHM: Final = 1
_CONTENT_TYPE: Final = 3
"""Labels of header parameters (RFC 9052 section 3.1)."""
_ES256: Final = -7
_PS256: Final = -37
_ES256_SIZE: Final = 64
_IN_TOTO: Final = "application/vnd.in-toto+json"
MAX_ATTESTATION: Final = 100 * 1024
"""Larger messages are logged and not kept, as on the real server."""


@value
class _Sign1:
    protected: bytes
    headers: Mapping[object, object]
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def accept_v001(spec: JsonObject, *, max_attestation: int = MAX_ATTESTATION) -> Accepted:
    """Verify the message with an ECDSA P-256 or RSA key, and the external data that it may be bound to.

    Raises:
        MalformedError: Not such a message, or without its payload.
        LimitExceeded: Larger headers than messages have.
        KeyUnusable: A key of another kind.
        SignatureMismatch: The key did not sign this.
    """
    message = spec.b64("message")
    verifier = parse_x509_verifier(spec.b64("publicKey"))
    data = spec.child("data")
    parsed = _parse_message(message)
    _verify(parsed, verifier.key.handle, data.b64("aad") if "aad" in data else b"")
    envelope, payload = search_key_of_content(message), search_key_of_content(parsed.payload)
    canonical = {
        "data": {"envelopeHash": _describe(envelope), "payloadHash": _describe(payload)},
        "publicKey": encode_b64(verifier.canonical),
    }
    keys = (*verifier.search_keys(), envelope, payload, *_read_subjects(parsed))
    kept = Attestation(envelope, message) if len(message) <= max_attestation else None
    return Accepted(encode_body("cose", canonical), keys, kept)


def _describe(name: str) -> Mapping[str, str]:
    algorithm, _, digest = name.partition(":")
    return {"algorithm": algorithm, "value": digest}


def _parse_message(raw: bytes) -> _Sign1:
    if not raw.startswith(_PREFIX):
        raise MalformedError(_WHAT, "expected a COSE_Sign1 with its tag")
    protected, unprotected, payload, signature = _read_parts(raw)
    if not (isinstance(protected, bytes) and isinstance(signature, bytes) and isinstance(unprotected, Mapping)):
        raise MalformedError(_WHAT, "a part of another type than it should have")
    if not isinstance(payload, bytes):
        raise MalformedError(_WHAT, "its payload does not come along")
    headers = _decode_whole(protected) if protected else {}
    if not isinstance(headers, Mapping):
        raise MalformedError(_WHAT, "protected headers that are not a map")
    return _Sign1(protected, headers, payload, signature)


def _read_parts(raw: bytes) -> Sequence[object]:
    """Read the elements of the array one by one: only strings of bytes may be larger than headers are."""
    parts = []
    offset = len(_PREFIX)
    for _ in range(_PARTS):
        is_bytes = raw[offset : offset + 1] >= _BYTES and raw[offset : offset + 1] < _AFTER_BYTES
        part, size = _decode(raw[offset:] if is_bytes else raw[offset : offset + _MAX_HEADERS])
        parts.append(part)
        offset += size
    if offset != len(raw):
        raise MalformedError(_WHAT, "bytes after its end")
    return parts


def _decode_whole(raw: bytes) -> object:
    if len(raw) > _MAX_HEADERS:
        raise LimitExceeded(_WHAT, f"protected headers of {len(raw)} bytes, at most {_MAX_HEADERS} are read")
    found, size = _decode(raw)
    if size != len(raw):
        raise MalformedError(_WHAT, "bytes after its end")
    return found


def _decode(raw: bytes) -> tuple[object, int]:
    """Decode what the bytes begin with, and return how many of them that is."""
    stream = BytesIO(raw)
    decoder = cbor2.CBORDecoder(
        stream,
        max_depth=_MAX_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
        semantic_decoders=dict.fromkeys(_SHARED, _refuse_shared),
    )
    try:
        return decoder.decode(), stream.tell()
    except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
        raise MalformedError(_WHAT, "not CBOR, or larger than headers are") from error


def _refuse_shared(*_: object) -> NoReturn:
    raise ValueError("a shared value")


def _verify(message: _Sign1, key: object, external: bytes) -> None:
    """Verify the signature (RFC 9052 section 4.4); the algorithm follows from the key and has to be the stated one."""
    algorithm = _ES256 if isinstance(key, EllipticCurvePublicKey) else _PS256
    stated = message.headers.get(_ALGORITHM)
    if stated is None and not external:
        raise MalformedError(_WHAT, "no algorithm in its protected headers")
    if stated not in (None, algorithm):  # a set would want to hash it, and it may be a list
        raise SignatureMismatch(f"the COSE message states algorithm {stated}, which is not the key's")
    signed = cbor2.dumps(["Signature1", message.protected, external, message.payload])
    try:
        _verify_with(key, message.signature, signed)
    except InvalidSignature as error:
        raise SignatureMismatch("the key did not sign this COSE message") from error


def _verify_with(key: object, signature: bytes, signed: bytes) -> None:
    match key:
        case EllipticCurvePublicKey(curve=curve) if curve.name == SECP256R1.name:
            if len(signature) != _ES256_SIZE:
                raise InvalidSignature
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
        case RSAPublicKey():
            key.verify(signature, signed, PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())
        case _:
            raise KeyUnusable("public key", "COSE messages are verified with ECDSA P-256 and RSA keys")


def _read_subjects(message: _Sign1) -> Iterator[str]:
    """Return the digests of the subjects of an in-toto statement; a payload that is none just has no subjects."""
    if message.headers.get(_CONTENT_TYPE) != _IN_TOTO:
        return
    try:
        statement = parse_limited(message.payload, what="in-toto statement", most=MAX_STATEMENT_VALUES)
        subjects = statement.children("subject", most=1024)
        found = [entry for subject in subjects for entry in subject.string_map("digest").items()]
    except CosignError:
        return
    yield from (f"{algorithm}:{digest}".lower() for algorithm, digest in found)
