"""The part of docs/interop.md about transparency logs: which client uses ours, and what it verifies."""

from collections.abc import Iterator
from typing import Final

from tests.interop import peers

INTRODUCTION: Final = """\

## Transparency logs

Each client runs unchanged against `python -m log_server serve`, all three logs on one port. Bodies, SETs, SCTs,
inclusion proofs and checkpoints are also shown to clients with one thing changed in them, and refused.
"""

LOG_CLIENTS: Final = (
    (
        "rekor-cli",
        "Rekor v1: upload, search, get, verify, logproof and loginfo, before and after a rotation",
        "body, SET, inclusion and consistency proof, checkpoint",
        "test_log_rekor_cli.py",
    ),
    (
        "cosign-v2",
        "Rekor v1: signs and verifies offline and online; Rekor v2: attests by `dsseRequestV002`",
        "SET, inclusion proof, checkpoint",
        "test_log_cosign.py",
    ),
    (
        "cosign-v3",
        "Rekor v1 and v2 by signing config and trusted root",
        "body, SET, inclusion proof, checkpoint, SCT",
        "test_log_cosign.py",
    ),
    (
        "sigstore-python",
        "Rekor v1 and v2 by its own client classes",
        "SET, inclusion proof, checkpoint, SCT",
        "test_log_sigstore_python.py",
    ),
    (
        "js-client",
        "Rekor v1 (hashedrekord, dsse, intoto) and v2 by @sigstore/sign 4.1.1 and 5.1.0, `dsseRequestV002` included",
        "body, SET, inclusion proof, checkpoint, SCT by @sigstore/verify 3.1.1 and 4.1.3",
        "test_log_sigstore_js.py",
    ),
    (
        "log-client",
        "CT by certificate-transparency-go and as tiles; Rekor v2 as tiles by Tessera's and rekor-tiles' clients",
        "SCT, tree head, entries, every inclusion and consistency proof, both checkpoints",
        "test_log_go.py",
    ),
    (
        "rekor-tiles",
        "the real Rekor v2, asked the same",
        "the same canonical body, byte by byte, and the same answer to a duplicate",
        "test_log_go.py",
    ),
    (
        "rekor-types",
        "the real Rekor's own packages",
        "the same canonical body of every kind",
        "test_rekor_bodies.py",
    ),
)
"""The peer, what it does with our logs, what it verifies or is compared in, and the tests."""

_BEYOND: Final = """
Signatures by identity rest on all three logs at once; cosign v3, sigstore-python and @sigstore/verify verify the SCT,
the entry and the time of each in `test_log_identities.py`.

The same entry again is answered with 409, as by the real servers. Then rekor-cli, cosign v2 and @sigstore/sign 5 fetch
the entry of Rekor v1, @sigstore/sign 4 does when told to, and cosign v3 and sigstore-python fail; of Rekor v2 all fail.
With `duplicates: original` in the settings they get the entry that is there.
"""


def render_logs() -> Iterator[str]:
    """Yield the lines of the part."""
    yield INTRODUCTION
    yield "| Client | Version | What it does | What it verifies | Tests |\n|---|---|---|---|---|"
    for key, does, verifies, test in LOG_CLIENTS:
        yield f"| {key} | {_version(key)} | {does} | {verifies} | `{test}` |"
    yield _BEYOND.rstrip()


def _version(key: str) -> str:
    """Return the version of a peer; programs of our own have those of the modules in them."""
    version = peers.PEERS[key].version
    own = isinstance(peers.PEERS[key].source, peers.GoFolder | peers.NpmFolder)
    return "its lock file" if own else version
