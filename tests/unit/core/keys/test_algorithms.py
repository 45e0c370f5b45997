import hashlib

import pytest

from cosignpy.core.keys.algorithms import (
    ALGORITHMS,
    ECDSA_P384,
    ECDSA_P384_SHA256,
    ED25519,
    ED25519PH,
    ML_DSA_65,
    RSA_2048,
    SIGNING,
    accepted_algorithms,
    select_algorithm,
)
from cosignpy.errors import UsageError


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_stands_under_its_own_name_and_names_a_real_hash(name: str) -> None:
    algorithm = ALGORITHMS[name]
    assert algorithm.name == name
    assert not algorithm.hash or hashlib.new(algorithm.hash)


def test_every_kind_of_key_signs_with_one_algorithm_of_the_table() -> None:
    assert {algorithm.name for algorithm in SIGNING.values()} <= ALGORITHMS.keys()
    assert all(algorithm.key == kind for kind, algorithm in SIGNING.items())


def test_flags_are_unique() -> None:
    assert len({algorithm.flag for algorithm in ALGORITHMS.values()}) == len(ALGORITHMS)


@pytest.mark.parametrize("flag", ["P-384", "p-384", "ecdsa-sha2-384-nistp384"])
def test_an_algorithm_is_selected_by_kind_of_key_or_registry_name(flag: str) -> None:
    assert select_algorithm(flag) == ECDSA_P384


def test_what_is_only_read_cannot_be_selected() -> None:
    with pytest.raises(UsageError) as caught:
        select_algorithm("ed25519-ph")
    assert "Ed25519" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("P-384", (ECDSA_P384, ECDSA_P384_SHA256)),
        ("Ed25519", (ED25519, ED25519PH)),
        ("RSA-2048", (RSA_2048,)),
        ("ML-DSA-65", (ML_DSA_65,)),
    ],
)
def test_the_registered_algorithm_is_tried_first(kind: str, expected: object) -> None:
    assert accepted_algorithms(kind) == expected
