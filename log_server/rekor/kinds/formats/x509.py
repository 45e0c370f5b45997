"""Detached signatures by an X.509 key: the signature is raw, the key is PEM."""

from cosignpy.core.keys.signatures import verify_signature
from log_server.rekor.kinds.formats.verified import Verified
from log_server.rekor.kinds.verifiers import parse_x509_verifier


def verify_x509(key: bytes, signature: bytes, content: bytes) -> Verified:
    """Show that a public key, or the leaf of a chain of certificates, signed the content.

    Raises:
        MalformedError: Not such a key.
        KeyUnusable: RSA of a size that is not accepted.
        CertificateError: The certificates are no chain.
        SignatureMismatch: The key did not sign this.
    """
    verifier = parse_x509_verifier(key)
    verifier.verify_chain()
    verify_signature(verifier.key, signature, content)
    return Verified(verifier.canonical, signature, verifier.search_keys()[1:])
