"""sigstore's JavaScript packages against our Rekor logs.

@sigstore/sign 4.1.1 and 5.1.0 log through their witness for Rekor v1 and v2; @sigstore/verify 4.1.3 and, where it can,
3.1.1 verify the body, the signed entry timestamp, the inclusion proof and the checkpoint in the bundle.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.log_services import serve_timestamps
from tests.interop.log_workshop import (
    REKOR_V1,
    REKOR_V2,
    Signatory,
    describe_authority,
    javascript,
    write_trusted_root,
)
from tests.interop.programs import Run, Workshop
from tests.support.log_process import LogProcess, serve_logs

PAYLOAD_TYPE = "application/vnd.in-toto+json"
NAMES = {1: REKOR_V1, 2: REKOR_V2}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    with serve_logs(tmp_path_factory.mktemp("log") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def timestamps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("timestamps")
    with serve_timestamps(folder) as url:
        yield url.removesuffix("/api/v1/timestamp"), (folder / "tsa.pem").read_bytes()


@pytest.fixture
def shop(tmp_path: Path, log: LogProcess, timestamps: tuple[str, bytes]) -> Workshop:
    url, chain = timestamps
    write_trusted_root(tmp_path, log, timestamps=[describe_authority(chain, url)])
    (tmp_path / "artifact").write_text(f'{{"folder": "{tmp_path.name}"}}')
    return Workshop(tmp_path)


@pytest.fixture
def signatory(tmp_path: Path) -> Signatory:
    return Signatory(tmp_path, "signer")


@pytest.fixture
def sign(shop: Workshop, log: LogProcess, timestamps: tuple[str, bytes], signatory: Signatory) -> "Signer":
    return Signer(shop, log.url, timestamps[0], signatory)


class Signer:
    """Signs the artifact of a test with the packages, by certificate, into a log of ours."""

    def __init__(self, shop: Workshop, url: str, timestamps: str, signatory: Signatory) -> None:
        self.shop = shop
        self.settings = {
            "url": url,
            "tsa": timestamps,
            "key": signatory.key,
            "certificate": signatory.certificate,
            "artifact": "artifact",
        }

    def run(self, **settings: object) -> Run:
        return javascript(self.shop, "sign", **{**self.settings, **settings})

    def __call__(self, **settings: object) -> Any:
        bundle = json.loads(self.run(**settings).expect_success().stdout)
        (self.shop.folder / "bundle.json").write_text(json.dumps(bundle))
        return bundle["verificationMaterial"]["tlogEntries"][0]


def verify(shop: Workshop, package: int, **settings: object) -> Run:
    """Verify the bundle with the signatory's key: the packages then judge key, log and time, not certificates."""
    known = {"package": package, "trustedRoot": "root.json", "bundle": "bundle.json", "timestamps": 1, "scts": 0}
    return javascript(shop, "verify", **{**known, "publicKey": "signer.pub", **settings})


def with_key(shop: Workshop) -> None:
    """Name the key in the bundle in place of its certificate, which no authority of the trusted root issued."""
    path = shop.folder / "bundle.json"
    bundle = json.loads(path.read_text())
    material = bundle["verificationMaterial"]
    material.pop("certificate", None)
    material.pop("x509CertificateChain", None)
    material["publicKey"] = {"hint": "key"}
    path.write_text(json.dumps(bundle))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("package", [4, 5])
@pytest.mark.parametrize("reader", [3, 4])
def test_a_signed_blob_is_logged_and_verified(
    sign: Signer, log: LogProcess, package: int, version: int, reader: int
) -> None:
    (before,) = log.shards(NAMES[version])
    entry = sign(package=package, version=version)
    assert int(entry.get("logIndex")) == before.size
    with_key(sign.shop)
    verify(sign.shop, reader, artifact="artifact").expect_success()
    (sign.shop.folder / "artifact").write_text("other")
    assert verify(sign.shop, reader, artifact="artifact").exit_code == 1


@pytest.mark.parametrize("kind", ["dsse", "intoto"])
@pytest.mark.parametrize("package", [4, 5])
@pytest.mark.parametrize("reader", [3, 4])
def test_an_attestation_is_logged_in_rekor_v1_and_verified(sign: Signer, package: int, kind: str, reader: int) -> None:
    entry = sign(package=package, version=1, entryType=kind, type=PAYLOAD_TYPE)
    assert entry["kindVersion"] == {"kind": kind, "version": {"dsse": "0.0.1", "intoto": "0.0.2"}[kind]}
    with_key(sign.shop)
    verify(sign.shop, reader).expect_success()


@pytest.mark.parametrize("package", [4, 5])
def test_an_attestation_is_logged_in_rekor_v2_though_the_real_server_refuses_the_request(
    sign: Signer, package: int
) -> None:
    """The packages send `dsseRequestV002`. Version 3 of the verifier does not know what is logged of it."""
    entry = sign(package=package, version=2, type=PAYLOAD_TYPE)
    assert entry["kindVersion"] == {"kind": "hashedrekord", "version": "0.0.2"}
    with_key(sign.shop)
    verify(sign.shop, 4).expect_success()
    assert "digest mismatch" in verify(sign.shop, 3).stderr


@pytest.mark.parametrize("member", ["logId", "inclusionPromise", "hashes"])
def test_an_entry_that_differs_by_one_thing_is_refused(sign: Signer, member: str) -> None:
    sign(package=5, version=1)
    with_key(sign.shop)
    verify(sign.shop, 4, artifact="artifact").expect_success()
    path = sign.shop.folder / "bundle.json"
    bundle = json.loads(path.read_text())
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    holder, name = {
        "logId": (entry["logId"], "keyId"),
        "inclusionPromise": (entry["inclusionPromise"], "signedEntryTimestamp"),
        "hashes": (entry["inclusionProof"]["hashes"], 0),
    }[member]
    raw = bytearray(b64decode(holder[name]))
    raw[-1] ^= 1
    holder[name] = b64encode(raw).decode()
    path.write_text(json.dumps(bundle))
    assert verify(sign.shop, 4, artifact="artifact").exit_code == 1


def test_a_conflict_is_solved_by_fetching_the_entry(sign: Signer) -> None:
    """Rekor v1 says where the entry is: version 5 goes there, version 4 if its caller asked for that.

    The same signature twice is what happens when an answer was lost: a retry.
    """
    first = sign(package=4, version=1, remembered="signature")
    refused = sign.run(package=4, version=1, remembered="signature")
    assert refused.exit_code == 1
    assert "(409)" in refused.stderr
    asked = sign(package=4, version=1, remembered="signature", fetchOnConflict=True)
    unasked = sign(package=5, version=1, remembered="signature")
    for again in (asked, unasked):
        assert (again["logIndex"], again["canonicalizedBody"]) == (first["logIndex"], first["canonicalizedBody"])
    with_key(sign.shop)
    verify(sign.shop, 4, artifact="artifact").expect_success()


def test_a_conflict_in_rekor_v2_is_an_error_unless_the_operator_wants_the_original(
    sign: Signer, tmp_path: Path
) -> None:
    sign(package=5, version=2, remembered="signature")
    assert "(409)" in sign.run(package=5, version=2, remembered="signature").stderr
    with serve_logs(tmp_path / "private", "rekor_v2:\n  duplicates: original\n") as log:
        first, again = (sign(package=5, version=2, remembered="signature", url=log.url) for _ in range(2))
    assert (again["logIndex"], again["canonicalizedBody"]) == (first["logIndex"], first["canonicalizedBody"])
