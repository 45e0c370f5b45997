"""Entry kind alpine 0.0.1: a signed Alpine package, of which the log keeps .PKGINFO and the digest."""

from cosignpy.core.encoding import JsonObject, encode_b64
from log_server.rekor.accepted import Accepted
from log_server.rekor.kinds.formats.apk import parse_package
from log_server.rekor.kinds.formats.proposal import describe_digest, encode_body, read_content
from log_server.rekor.kinds.verifiers import parse_x509_verifier


def accept_v001(spec: JsonObject) -> Accepted:
    """Verify the signature of the package, and that its data is what it states.

    Raises:
        MalformedError: Not a signed package.
        LimitExceeded: Metadata larger than any.
        KeyUnusable: A key that does not sign packages.
        DigestMismatch: A declared hash of other content, or data other than the package states.
        SignatureMismatch: The key did not sign it.
    """
    verifier = parse_x509_verifier(read_content(spec.child("publicKey")))
    member = spec.child("package")
    content = read_content(member)
    digest = describe_digest(member, content)
    package = parse_package(content)
    package.verify_signature(verifier.key.handle)
    canonical = {
        "package": {"hash": digest, "pkginfo": package.info},
        "publicKey": {"content": encode_b64(verifier.canonical)},
    }
    keys = (*verifier.search_keys(), f"sha256:{digest['value']}")
    return Accepted(encode_body("alpine", canonical), keys)
