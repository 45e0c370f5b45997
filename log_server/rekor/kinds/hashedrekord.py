"""hashedrekord 0.0.1 as it is proposed: a signature over a digest, and who made it.

Members that the schema does not define are overlooked, as the real server does (rekor, pkg/types/hashedrekord).
"""

from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.signatures import verify_digest_signature
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.hashedrekord import KIND, HashedRekordV001
from cosignpy.errors import MalformedError
from log_server.rekor.accepted import Accepted
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
    verifier = parse_x509_verifier(signature.child("publicKey").b64("content"))
    verifier.verify_chain()
    algorithm = BY_KEY_AND_HASH.get((verifier.key.algorithm.key, hashed.algorithm))
    if algorithm is None:
        raise MalformedError(_WHAT, f"{verifier.key.algorithm.key} keys do not sign {hashed.algorithm} digests here")
    content = signature.b64("content")
    verify_digest_signature(verifier.key, algorithm, content, bytes.fromhex(hashed.hex))
    body = HashedRekordV001(hashed, content, verifier.canonical).encode()
    return Accepted(body, (*verifier.search_keys(), str(hashed)))
