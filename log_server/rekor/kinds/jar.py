"""Entry kind jar 0.0.1: a signed Java archive, of which the log keeps the signature and the certificate."""

import hashlib

from cosignpy.core.cms.signature import verify_signed_data
from cosignpy.core.cms.signed_data import parse_signed_data
from cosignpy.core.encoding import JsonObject, PemBlock, encode_b64
from cosignpy.errors import MalformedError
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.formats.jar_file import WHAT, open_jar, read_signature, unpack_limit, verify_digests
from log_server.rekor.kinds.formats.proposal import describe_digest, encode_body, read_content


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify the signature of an archive and the digests of all files that it covers.

    Raises:
        MalformedError: Not an archive, not signed, or signed more than once.
        LimitExceeded: Metadata larger than any, or an archive that unpacks to too much.
        DigestMismatch: A declared hash of other content, or files other than were signed.
        SignatureMismatch: The certificate did not sign it.
    """
    member = spec.child("archive")
    content = read_content(member)
    digest = describe_digest(member, content)
    with open_jar(content) as archive:
        signed = read_signature(archive)
        block = parse_signed_data(signed.block, what="signature of the archive")
        verify_signed_data(block, signed.signature_file, what="signature of the archive")
        verify_digests(archive, signed, most=unpack_limit(content))
    if block.content not in {None, signed.signature_file}:
        raise MalformedError(WHAT, "its signature holds another signature file than the archive")
    signature = PemBlock("PKCS7", block.detached).encode()
    certificate = PemBlock("CERTIFICATE", block.certificates[0]).encode()
    canonical = {
        "archive": {"hash": digest},
        "signature": {"content": encode_b64(signature), "publicKey": {"content": encode_b64(certificate)}},
    }
    # The real server finds archives by their signature, where it finds other kinds by the key.
    keys = (hashlib.sha256(signature).hexdigest(), f"sha256:{digest['value']}")
    return Accepted(encode_body("jar", canonical), keys)
