"""Signatures by identity that rest on all three logs of one server, verified by all three families of clients.

An authority of the test issues certificates with SCTs of our CT log; sigstore's JavaScript signs and logs to Rekor v1
or v2. Then sigstore-go (in cosign v3), sigstore-python and @sigstore/verify each verify the SCT, the entry's body, the
inclusion proof, the checkpoint and, of Rekor v1, the signed entry timestamp.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop import peers
from tests.interop.log_authority import ISSUER, SmallFulcio
from tests.interop.log_services import serve_timestamps
from tests.interop.log_workshop import IDENTITY, describe_authority, javascript, write_trusted_root
from tests.interop.programs import Run, Tool, Workshop
from tests.interop.test_log_sigstore_python import PROGRAM
from tests.support.log_process import LogProcess, serve_logs

READERS = ["cosign", "python", "javascript"]


@pytest.fixture(scope="module")
def fulcio() -> SmallFulcio:
    return SmallFulcio()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, fulcio: SmallFulcio) -> Iterator[LogProcess]:
    folder = tmp_path_factory.mktemp("log")
    (folder / "roots.pem").write_bytes(fulcio.pem)
    with serve_logs(folder / "data", f"ct:\n  roots: {folder / 'roots.pem'}\n") as running:
        yield running


@pytest.fixture(scope="module", params=[1, 2], ids=["rekor-v1", "rekor-v2"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, fulcio: SmallFulcio, log: LogProcess
) -> Workshop:
    """A folder with a bundle, signed once for all readers."""
    made = Workshop(tmp_path_factory.mktemp("shop"))
    (made.folder / "artifact").write_text("content")
    fulcio.issue(made, log, "leaf")
    with serve_timestamps(made.folder) as timestamps:
        settings = {
            "package": 5,
            "version": request.param,
            "url": log.url,
            "tsa": timestamps.removesuffix("/api/v1/timestamp"),
            "key": "leaf.pem",
            "certificate": "leaf.crt",
            "artifact": "artifact",
        }
        signed = json.loads(javascript(made, "sign", **settings).expect_success().stdout)
    stamped = describe_authority((made.folder / "tsa.pem").read_bytes(), "http://tsa.example.com")
    authority = describe_authority(fulcio.pem, "http://fulcio.example.com")
    write_trusted_root(made.folder, log, authorities=[authority], timestamps=[stamped])
    material = signed["verificationMaterial"]
    (material["certificate"],) = material.pop("x509CertificateChain")["certificates"]
    signed["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json"
    write(made, "bundle.json", signed)
    return made


def write(shop: Workshop, name: str, document: object) -> None:
    (shop.folder / name).write_text(json.dumps(document))


def read(shop: Workshop, name: str) -> Any:
    return json.loads((shop.folder / name).read_text())


def verify(shop: Workshop, reader: str, bundle: str = "bundle.json", root: str = "root.json") -> Run:
    return {"cosign": _by_cosign, "python": _by_python, "javascript": _by_javascript}[reader](shop, bundle, root)


def _by_cosign(shop: Workshop, bundle: str, root: str) -> Run:
    identity = ("--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER)
    return shop.run(
        Tool.V3,
        "verify-blob",
        "--bundle",
        bundle,
        "--trusted-root",
        root,
        "--use-signed-timestamps",
        *identity,
        "artifact",
    )


def _by_python(shop: Workshop, bundle: str, root: str) -> Run:
    settings = {"bundle": bundle, "trustedRoot": root, "artifact": "artifact", "identity": IDENTITY, "issuer": ISSUER}
    python = peers.path("sigstore-python").with_name("python")
    return shop.run_path(python, str(PROGRAM), "verify", json.dumps(settings))


def _by_javascript(shop: Workshop, bundle: str, root: str) -> Run:
    settings = {"package": 4, "bundle": bundle, "trustedRoot": root, "artifact": "artifact"}
    return javascript(shop, "verify", **settings, timestamps=1, scts=1)


@pytest.mark.parametrize("reader", READERS)
def test_a_signature_by_identity_verifies(shop: Workshop, reader: str) -> None:
    verify(shop, reader).expect_success()


@pytest.mark.parametrize("reader", READERS)
def test_an_sct_of_another_log_does_not_count(shop: Workshop, reader: str) -> None:
    """The trusted root has another key under the CT log's id."""
    root = read(shop, "root.json")
    root["ctlogs"][0]["publicKey"]["rawBytes"] = root["tlogs"][0]["publicKey"]["rawBytes"]
    write(shop, "other-root.json", root)
    assert verify(shop, reader, root="other-root.json").exit_code != 0


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("member", ["hashes", "checkpoint"])
def test_an_entry_with_one_bit_changed_is_refused(shop: Workshop, reader: str, member: str) -> None:
    bundle = read(shop, "bundle.json")
    proof = bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    if member == "hashes":
        proof["hashes"][0] = flipped(proof["hashes"][0])
    else:
        text, dash, line = proof["checkpoint"]["envelope"].rpartition(" ")
        proof["checkpoint"]["envelope"] = f"{text}{dash}{flipped(line.strip())}\n"
    write(shop, "changed.json", bundle)
    assert verify(shop, reader, "changed.json").exit_code != 0


def flipped(encoded: str) -> str:
    raw = bytearray(base64.b64decode(encoded))
    raw[-1] ^= 1
    return base64.b64encode(raw).decode()
