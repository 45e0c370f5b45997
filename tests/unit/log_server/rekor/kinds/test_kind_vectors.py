"""Every vector: the canonical body and the search keys of the real server, or the same refusal."""

import hashlib

import pytest

from cosignpy import errors
from tests.support.rekor_kinds import FOLDER, NAMES, KindVector, accept, load

VECTORS = [load(name) for name in NAMES]
ACCEPTED = [each for each in VECTORS if each.canonical is not None]
REFUSED = [each for each in VECTORS if each.refused is not None]
OURS = [each for each in VECTORS if each.canonical is None and each.refused is None]


@pytest.mark.parametrize("vector", ACCEPTED, ids=lambda vector: vector.name)
def test_the_body_is_the_real_servers_byte_for_byte(vector: KindVector) -> None:
    assert accept(vector.proposed).body.decode() == vector.canonical


@pytest.mark.parametrize("vector", ACCEPTED, ids=lambda vector: vector.name)
def test_an_entry_is_found_by_what_finds_it_on_the_real_server(vector: KindVector) -> None:
    keys = accept(vector.proposed).search_keys
    assert sorted(keys) == list(vector.search_keys)
    assert all(key == key.lower() for key in keys)


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector.name)
def test_what_the_real_server_refuses_is_refused(vector: KindVector) -> None:
    with pytest.raises(getattr(errors, vector.refused)):
        accept(vector.proposed)


@pytest.mark.parametrize("vector", OURS, ids=lambda vector: vector.name)
def test_what_only_the_real_server_cannot_read_is_accepted(vector: KindVector) -> None:
    """Ed25519 keys of OpenPGP, and RSA with SHA-256 on Alpine packages: its libraries are older than they are."""
    assert accept(vector.proposed).body.startswith(b'{"apiVersion":"0.0.1","kind":')


def test_the_vectors_are_the_ones_that_were_recorded() -> None:
    lines = (FOLDER / "SHA256SUMS").read_text().splitlines()
    recorded = {name: digest for digest, name in (line.split("  ") for line in lines)}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FOLDER.glob("*.json")}
    assert found == recorded
