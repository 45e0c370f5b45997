"""The proofs of transparency-dev/merkle: one good one, and its neighbours, each with one thing wrong.

The vectors of subtree proofs are left out: they belong to Merkle tree certificates, which no log here serves.
"""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from cosignpy.core.merkle.proofs import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion
from cosignpy.errors import MalformedError, TransparencyError
from tests.support import vectors

pytestmark = vectors.NEEDED


def hashes(case: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(map(b64decode, case["proof"] or ()))


def check_inclusion(case: dict[str, Any]) -> None:
    proof = InclusionProof(case["leafIdx"], case["treeSize"], hashes(case))
    verify_inclusion(proof, b64decode(case["leafHash"] or ""), b64decode(case["root"] or ""))


def check_consistency(case: dict[str, Any]) -> None:
    proof = ConsistencyProof(case["size1"], case["size2"], hashes(case))
    verify_consistency(proof, b64decode(case["root1"] or ""), b64decode(case["root2"] or ""))


CHECKS = {"inclusion": check_inclusion, "consistency": check_consistency}


@pytest.mark.parametrize("kind", CHECKS)
def test_the_vectors_are_there(kind: str) -> None:
    assert len(vectors.files(f"merkle/{kind}/**/*.json")) > 90


@pytest.mark.parametrize(
    ("kind", "file"),
    [(kind, file) for kind in CHECKS for file in vectors.files(f"merkle/{kind}/**/*.json")],
    ids=lambda value: value if isinstance(value, str) else "/".join(value.parts[-2:]),
)
def test_a_proof_is_judged_as_its_makers_do(kind: str, file: Path) -> None:
    case = json.loads(file.read_text())
    if case["wantErr"]:
        with pytest.raises((MalformedError, TransparencyError)):
            CHECKS[kind](case)
    else:
        CHECKS[kind](case)
