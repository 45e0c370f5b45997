"""Judges bundles with sigstore-python's verifier; runs in the environment of that package.

`verdicts.py TRUSTED_ROOT ARTIFACT IDENTITY ISSUER` reads a bundle a line from standard input, and prints a line for
each: nothing where it is accepted, and else the reason. A statement is accepted where it names the artifact.
"""

import hashlib
import json
import logging
import sys
from pathlib import Path

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

logging.disable()


def judge(line: str, verifier: Verifier, policy: Identity, artifact: bytes) -> None:
    bundle = Bundle.from_json(line)
    if bundle._inner.message_signature is not None:
        verifier.verify_artifact(artifact, bundle, policy)
        return
    _, payload = verifier.verify_dsse(bundle, policy)
    digests = [subject["digest"].get("sha256") for subject in json.loads(payload)["subject"]]
    if hashlib.sha256(artifact).hexdigest() not in digests:
        raise ValueError("the statement is about something else")


def main() -> None:
    root, path, identity, issuer = sys.argv[1:]
    verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
    policy, artifact = Identity(identity=identity, issuer=issuer), Path(path).read_bytes()
    for line in sys.stdin:
        try:
            judge(line, verifier, policy, artifact)
        except Exception as error:  # noqa: BLE001 - whatever it raises is a refusal, and is printed
            reason = f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
        else:
            reason = ""
        sys.stdout.write(json.dumps(reason) + "\n")


main()
