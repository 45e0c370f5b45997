"""Verify bundles one after the other in one process: `python -m bench.keyless_rate ROOT FOLDER PERSON ISSUER [again]`.

With `again` the first bundle is verified as often as there are bundles. Prints how many, and the seconds of wall and
CPU time for all of them but the first few, as `tests/interop/python_client/verify_rate.py` does for sigstore-python.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from bench.keyless_bundles import KnownRoot
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.trust.trusted_root import parse_trusted_root
from cosignpy.operations.artifacts import HeldContent
from cosignpy.operations.verify_bundle import VerifyBundle, verify_bundle

_WARM_UP: Final = 20


def main(root: str, folder: str, person: str, issuer: str, mode: str = "each") -> None:
    """Verify all of a folder, or one of it as many times."""
    trust = KnownRoot(parse_trusted_root(Path(root).read_bytes()))
    rule = IdentityRule((Exactly(person),), (Exactly(issuer),))
    policy = BundlePolicy(SignedByIdentity((rule,)), RequireLog(), AnyPredicateUnsafe("files"))
    paths = list(Path(folder).glob("*.json"))
    pairs = [(path.read_bytes(), path.with_suffix(".blob").read_bytes()) for path in paths]

    if mode == "again":
        pairs = pairs[:1] * len(pairs)

    def verify(bundle: bytes, blob: bytes) -> None:
        verify_bundle(VerifyBundle(bundle, policy), HeldContent(blob), trust)

    for bundle, blob in pairs[:_WARM_UP]:
        verify(bundle, blob)
    began, worked = perf_counter(), process_time()
    for bundle, blob in pairs[_WARM_UP:]:
        verify(bundle, blob)
    print(json.dumps([len(pairs) - _WARM_UP, perf_counter() - began, process_time() - worked]))


if __name__ == "__main__":
    main(*sys.argv[1:])
