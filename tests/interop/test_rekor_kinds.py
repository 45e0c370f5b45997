"""Rekor's older kinds against the packages of the real server: the vectors, and artifacts made by today's programs."""

import base64
import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.interop import peers
from tests.support.rekor_kinds import NAMES, accept, load

SECONDS: Final = 120
CONTENT: Final = b"hello from the outside\n"


def ask(proposals: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the real server's code makes of proposals, one answer each."""
    lines = "".join(json.dumps(proposal) + "\n" for proposal in proposals)
    done = subprocess.run(
        [str(peers.path("rekor-types"))], input=lines, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def answers() -> dict[str, dict[str, Any]]:
    """Ask about all vectors at once: the program takes half a second to start."""
    return dict(zip(NAMES, ask([load(name).proposed for name in NAMES]), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_vectors_are_what_the_real_server_says_today(name: str) -> None:
    vector, answer = load(name), answers()[name]
    if vector.canonical is None:
        assert answer["error"]
        return
    assert base64.b64decode(answer["body"]).decode() == vector.canonical
    assert sorted(key.lower() for key in answer["searchKeys"]) == list(vector.search_keys)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("cose")])
def test_attestations_are_kept_as_the_real_server_keeps_them(name: str) -> None:
    vector, answer = load(name), answers()[name]
    if vector.canonical is None:
        return
    kept = accept(vector.proposed).attestation
    assert kept is not None
    assert (kept.name, kept.content) == (answer["attestationKey"], base64.b64decode(answer["attestation"]))


def rekord(form: str, key: bytes, signature: bytes) -> dict[str, Any]:
    text = {name: base64.b64encode(raw).decode() for name, raw in (("key", key), ("sig", signature), ("data", CONTENT))}
    signed = {"format": form, "content": text["sig"], "publicKey": {"content": text["key"]}}
    return {
        "apiVersion": "0.0.1",
        "kind": "rekord",
        "spec": {"signature": signed, "data": {"content": text["data"]}},
    }


def assert_agreement(proposed: dict[str, Any]) -> None:
    (answer,) = ask([proposed])
    made = accept(proposed)
    assert made.body == base64.b64decode(answer["body"])
    assert sorted(made.search_keys) == sorted(key.lower() for key in answer["searchKeys"])


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_signature_of_this_machines_ssh_keygen(kind: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(CONTENT)
    for arguments in (("-t", kind, "-N", "", "-f", "key"), ("-Y", "sign", "-n", "file", "-f", "key", "data")):
        subprocess.run([str(peers.path("ssh-keygen")), "-q", *arguments], cwd=tmp_path, check=True, timeout=SECONDS)
    key, signature = ((tmp_path / name).read_bytes() for name in ("key.pub", "data.sig"))
    assert_agreement(rekord("ssh", key, signature))


@pytest.mark.parametrize("algorithm", ["rsa3072", "nistp256", "nistp384"])
@pytest.mark.parametrize("flags", [(), ("--armor",), ("--textmode",)])
def test_a_signature_of_this_machines_gnupg(algorithm: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    (tmp_path / "data").write_bytes(CONTENT)
    gpg = [str(peers.path("gpg")), "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    for arguments in (
        ("--quick-gen-key", "Alice <alice@example.com>", algorithm, "sign", "never"),
        (*flags, "--detach-sign", "--output", "sig", "data"),
        (*flags[:1], "--export", "--output", "key"),
    ):
        subprocess.run([*gpg, *arguments], cwd=tmp_path, check=True, timeout=SECONDS, capture_output=True)
    key, signature = ((tmp_path / name).read_bytes() for name in ("key", "sig"))
    assert_agreement(rekord("pgp", key, signature))
