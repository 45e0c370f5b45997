"""Drives sigstore-python's clients of transparency logs; runs in the environment of that package.

`log_calls.py submit SETTINGS` signs an artifact with a key, logs it through the class that the package uses for the
log's version, verifies the answer with the package's own code, and prints the entry. `log_calls.py read SETTINGS`
reads a Rekor v1 log, and `log_calls.py verify SETTINGS` verifies a bundle by identity. Settings are JSON.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from sigstore._internal.rekor import RekorClientError
from sigstore._internal.rekor.client import RekorClient
from sigstore._internal.rekor.client_v2 import RekorV2Client
from sigstore._internal.trust import KeyringPurpose
from sigstore.dsse import Envelope, Statement, _sign
from sigstore.hashes import HashAlgorithm, Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

CLIENTS = {1: RekorClient, 2: RekorV2Client}
REFUSED = 3


def build(settings: dict[str, Any], client: Any) -> Any:
    """Sign, and let the package build the request."""
    key = load_pem_private_key(Path(settings["key"]).read_bytes(), None)
    certificate = load_pem_x509_certificate(Path(settings["certificate"]).read_bytes())
    content = Path(settings["artifact"]).read_bytes()
    if settings["dsse"]:
        return client._build_dsse_request(envelope_of(key, content), certificate)
    digest = hashlib.sha256(content).digest()
    signature = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    return client._build_hashed_rekord_request(
        Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest), signature, certificate
    )


def envelope_of(key: Any, content: bytes) -> Envelope:
    return _sign(key, Statement(content))


def submit(settings: dict[str, Any]) -> Any:
    client = CLIENTS[settings["version"]](settings["url"])
    request = build(settings, client)
    keyring = TrustedRoot.from_file(settings["trustedRoot"]).rekor_keyring(KeyringPurpose.VERIFY)
    answers = [client.create_entry(request) for _ in range(settings["times"])]
    for answer in answers:
        answer._verify(keyring)
    return [show(answer) for answer in answers]


def read(settings: dict[str, Any]) -> Any:
    """Read a log of version 1: its state, one entry by index."""
    client = RekorClient(settings["url"])
    keyring = TrustedRoot.from_file(settings["trustedRoot"]).rekor_keyring(KeyringPurpose.VERIFY)
    entry = client.log.entries.get(log_index=settings["index"])
    entry._verify(keyring)
    state = client.log.get()
    return {"entry": show(entry), "size": state.tree_size, "treeId": state.tree_id}


def verify(settings: dict[str, Any]) -> Any:
    """Verify a bundle by identity: chain, SCT, log entry, time and signature."""
    verifier = Verifier(trusted_root=TrustedRoot.from_file(settings["trustedRoot"]))
    bundle = Bundle.from_json(Path(settings["bundle"]).read_bytes())
    policy = Identity(identity=settings["identity"], issuer=settings["issuer"])
    verifier.verify_artifact(Path(settings["artifact"]).read_bytes(), bundle, policy)
    return {"verified": True}


def show(entry: Any) -> Any:
    inner = entry._inner
    return {
        "index": int(inner.log_index),
        "body": base64.b64encode(inner.canonicalized_body).decode(),
        "promised": inner.inclusion_promise is not None,
    }


def main() -> int:
    commands = {"submit": submit, "read": read, "verify": verify}
    try:
        sys.stdout.write(json.dumps(commands[sys.argv[1]](json.loads(sys.argv[2]))))
    except RekorClientError as error:
        sys.stderr.write(str(error))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
