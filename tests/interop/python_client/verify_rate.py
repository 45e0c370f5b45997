"""Verifies bundles one after the other with sigstore-python; runs in the environment of that package.

`verify_rate.py TRUSTED-ROOT FOLDER PERSON ISSUER [again]` prints how many, and the seconds of wall and CPU time for all
of them but the first few, as `bench/keyless_rate.py` does for ours.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

WARM_UP = 20

root, folder, person, issuer, *again = sys.argv[1:]
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
policy = Identity(identity=person, issuer=issuer)
pairs = [(path.read_bytes(), path.with_suffix(".blob").read_bytes()) for path in Path(folder).glob("*.json")]
if again:
    pairs = pairs[:1] * len(pairs)


def verify(bundle: bytes, blob: bytes) -> None:
    verifier.verify_artifact(blob, Bundle.from_json(bundle), policy)


for pair in pairs[:WARM_UP]:
    verify(*pair)
began, worked = perf_counter(), process_time()
for pair in pairs[WARM_UP:]:
    verify(*pair)
sys.stdout.write(json.dumps([len(pairs) - WARM_UP, perf_counter() - began, process_time() - worked]))
