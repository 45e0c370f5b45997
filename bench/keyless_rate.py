"""Verify bundles one after the other in one process: `python -m bench.keyless_rate CASES [again]`.

CASES is a file of JSON: of each bundle its path, the SHA-256 of its artifact, who signed it by which issuer, and the
trusted root (`bench.keyless_cases`). With `again` the first is verified as often as there are cases. Prints how many,
and the seconds of wall and CPU time for all of them but the first few, as `tests/interop/python_client/verify_rate.py`
does for sigstore-python.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from bench.keyless_bundles import KnownRoot
from cosignpy.core.digest import Digest
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.trust.trusted_root import parse_trusted_root
from cosignpy.operations.artifacts import KnownDigest
from cosignpy.operations.verify_bundle import VerifyBundle, verify_bundle

_WARM_UP: Final = 20


def main(cases: str, mode: str = "each") -> None:
    """Verify all of a file, or its first as many times."""
    found = json.loads(Path(cases).read_bytes())
    roots = {path: KnownRoot(parse_trusted_root(Path(path).read_bytes())) for path in {one["root"] for one in found}}
    made = [_prepare(one) for one in found]
    if mode == "again":
        made = made[:1] * len(made)

    def verify(request: VerifyBundle, artifact: KnownDigest, root: str) -> None:
        verify_bundle(request, artifact, roots[root])

    for one in made[:_WARM_UP]:
        verify(*one)
    began, worked = perf_counter(), process_time()
    for one in made[_WARM_UP:]:
        verify(*one)
    print(json.dumps([len(made) - _WARM_UP, perf_counter() - began, process_time() - worked]))


def _prepare(case: Mapping[str, str]) -> tuple[VerifyBundle, KnownDigest, str]:
    rule = IdentityRule((Exactly(case["person"]),), (Exactly(case["issuer"]),))
    policy = BundlePolicy(SignedByIdentity((rule,)), RequireLog(), AnyPredicateUnsafe("files"))
    artifact = KnownDigest(Digest("sha256", case["sha256"]))
    return VerifyBundle(Path(case["bundle"]).read_bytes(), policy), artifact, case["root"]


if __name__ == "__main__":
    main(*sys.argv[1:])
