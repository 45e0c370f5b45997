"""hashedrekord 0.0.1 as it is proposed: a signature over a digest, and who made it.

Members that the schema does not define are overlooked, as the real server does (rekor, pkg/types/hashedrekord).
"""

from typing import Final, Literal

import msgspec

from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.signatures import verify_digest_signature
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.hashedrekord import KIND, HashedRekordV001
from cosignpy.errors import MalformedError
from log_server.rekor.accepted import Accepted
from log_server.rekor.common_spelling import CommonSpelling
from log_server.rekor.kinds.algorithms import BY_KEY_AND_HASH
from log_server.rekor.kinds.verifiers import parse_x509_verifier

_WHAT: Final = f"{KIND} 0.0.1"


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify a proposed entry and return what is logged.

    Raises:
        MalformedError: A member is missing or not what it must be, or this kind of key does not sign such digests.
        SignatureMismatch: The key did not sign this digest, or its certificates are no chain.
    """
    data, signature = spec.child("data"), spec.child("signature")
    found = data.child("hash")
    hashed = EntryHash(found.text("algorithm"), found.text("value"))
    return _accept(hashed, signature.b64("content"), signature.child("publicKey").b64("content"))


def accept_common(raw: bytes) -> Accepted | None:
    """Verify a proposed entry, kind and version included, in the spelling in which nearly all come; None for others.

    Raises:
        MalformedError: As `accept_v001`.
        SignatureMismatch: As `accept_v001`.
    """
    found = _COMMON.parse(raw)
    if found is None:
        return None
    hashed, signature = found.spec.data.hash, found.spec.signature
    return _accept(EntryHash(hashed.algorithm, hashed.value), signature.content, signature.key.content)


def _accept(hashed: EntryHash, signature: bytes, pem: bytes) -> Accepted:
    verifier = parse_x509_verifier(pem)
    verifier.verify_chain()
    algorithm = BY_KEY_AND_HASH.get((verifier.key.algorithm.key, hashed.algorithm))
    if algorithm is None:
        raise MalformedError(_WHAT, f"{verifier.key.algorithm.key} keys do not sign {hashed.algorithm} digests here")
    verify_digest_signature(verifier.key, algorithm, signature, bytes.fromhex(hashed.hex))
    body = HashedRekordV001(hashed, signature, verifier.canonical).encode()
    return Accepted(body, (*verifier.search_keys(), str(hashed)))


class _Hash(msgspec.Struct, forbid_unknown_fields=True):
    algorithm: str
    value: str


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    hash: _Hash


class _Key(msgspec.Struct, forbid_unknown_fields=True):
    content: bytes


class _Signature(msgspec.Struct, forbid_unknown_fields=True):
    content: bytes
    key: _Key = msgspec.field(name="publicKey")


class _Spec(msgspec.Struct, forbid_unknown_fields=True):
    data: _Data
    signature: _Signature


class _Proposed(msgspec.Struct, forbid_unknown_fields=True):
    spec: _Spec
    kind: Literal["hashedrekord"]
    version: Literal["0.0.1"] = msgspec.field(name="apiVersion")


def _octets_of(found: _Proposed) -> tuple[bytes, ...]:
    return found.spec.signature.content, found.spec.signature.key.content


_COMMON: Final = CommonSpelling(_Proposed, 11, _octets_of)
