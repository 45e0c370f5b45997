"""Entry kind rekord 0.0.1: content sent whole, with a detached signature in one of four formats."""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.encoding import JsonObject, encode_b64
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.formats.minisign import verify_minisign
from log_server.rekor.kinds.formats.pgp import verify_pgp
from log_server.rekor.kinds.formats.proposal import describe_digest, encode_body, read_content, search_key_of
from log_server.rekor.kinds.formats.ssh import verify_ssh
from log_server.rekor.kinds.formats.verified import Verified
from log_server.rekor.kinds.formats.x509 import verify_x509

_FORMATS: Final[Mapping[str, Callable[[bytes, bytes, bytes], Verified]]] = {
    "minisign": verify_minisign,
    "pgp": verify_pgp,
    "ssh": verify_ssh,
    "x509": verify_x509,
}


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify the signature over the content, and keep the digest in its place.

    Raises:
        MalformedError: A member that is missing or broken, an unknown format, or a URL.
        KeyUnusable: An RSA key of a size that is not accepted.
        DigestMismatch: A declared hash of other content.
        SignatureMismatch: The key did not sign this.
    """
    signature, data = spec.child("signature"), spec.child("data")
    verify = _FORMATS.get(signature.text("format"))
    if verify is None:
        raise signature.malformed("format", f"expected one of {', '.join(_FORMATS)}")
    content = read_content(data)
    digest = describe_digest(data, content)
    signed = verify(read_content(signature.child("publicKey")), read_content(signature), content)
    canonical = {
        "data": {"hash": digest},
        "signature": {
            "content": encode_b64(signed.signature),
            "format": signature.text("format"),
            "publicKey": {"content": encode_b64(signed.key)},
        },
    }
    keys = (search_key_of(signed.key), *signed.subjects, f"sha256:{digest['value']}")
    return Accepted(encode_body("rekord", canonical), keys)
