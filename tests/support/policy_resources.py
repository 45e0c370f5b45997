"""Documents that lie beside policies: TrustRoots, Secrets and ConfigMaps, to change in one thing."""

from typing import Any, Final

from cosignpy.core.encoding import encode_b64
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog
from tests.support.virtual_sigstore import ROOT, certificate_pem

SUBJECT: Final = {"organization": "test", "commonName": "test"}


def trust_root(name: str = "own", **spec: Any) -> dict[str, Any]:
    """Return a TrustRoot; by default with all keys of the virtual Sigstore."""
    return {
        "apiVersion": "policy.sigstore.dev/v1alpha1",
        "kind": "TrustRoot",
        "metadata": {"name": name},
        "spec": spec or {"sigstoreKeys": sigstore_keys()},
    }


def sigstore_keys() -> dict[str, Any]:
    """Return the keys of the virtual Sigstore."""
    return {
        "certificateAuthorities": [authority(each) for each in ROOT.certificate_authorities],
        "tLogs": [log(each) for each in ROOT.logs],
        "ctLogs": [log(each) for each in ROOT.ct_logs],
        "timestampAuthorities": [authority(each) for each in ROOT.timestamp_authorities],
    }


def authority(found: CertificateAuthority) -> dict[str, Any]:
    """Return an authority as a TrustRoot has it."""
    chain = b"".join(certificate_pem(each.der) for each in found.chain)
    return {"subject": dict(SUBJECT), "uri": found.uri, "certChain": encode_b64(chain)}


def log(found: TransparencyLog) -> dict[str, Any]:
    """Return a log as a TrustRoot has it."""
    assert found.key is not None
    key = encode_b64(found.key.encode_pem())
    return {"baseURL": found.base_url, "hashAlgorithm": "sha-256", "publicKey": key}


def secret(name: str = "keys", namespace: str = "", kind: str = "", **entries: str) -> dict[str, Any]:
    """Return a Secret with texts in it."""
    placed = {"namespace": namespace} if namespace else {}
    typed = {"type": kind} if kind else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **placed},
        **typed,
        "stringData": dict(entries),
    }


def config_map(name: str = "texts", **entries: str) -> dict[str, Any]:
    """Return a ConfigMap with texts in it."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": dict(entries)}
