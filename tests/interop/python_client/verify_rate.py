"""Verifies bundles one after the other with sigstore-python; runs in the environment of that package.

`verify_rate.py CASES [again]` prints how many, and the seconds of wall and CPU time for all of them but the first few,
as `bench/keyless_rate.py` does for ours.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time

from sigstore.hashes import Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_models.common.v1 import HashAlgorithm

WARM_UP = 20

path, *again = sys.argv[1:]
cases = json.loads(Path(path).read_bytes())
roots = {case["root"] for case in cases}
verifiers = {root: Verifier(trusted_root=TrustedRoot.from_file(root)) for root in roots}
made = [
    (
        verifiers[case["root"]],
        Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(case["sha256"])),
        Path(case["bundle"]).read_bytes(),
        Identity(identity=case["person"], issuer=case["issuer"]),
    )
    for case in cases
]
if again:
    made = made[:1] * len(made)


def verify(verifier: Verifier, artifact: Hashed, bundle: bytes, policy: Identity) -> None:
    verifier.verify_artifact(artifact, Bundle.from_json(bundle), policy)


for one in made[:WARM_UP]:
    verify(*one)
began, worked = perf_counter(), process_time()
for one in made[WARM_UP:]:
    verify(*one)
sys.stdout.write(json.dumps([len(made) - WARM_UP, perf_counter() - began, process_time() - worked]))
