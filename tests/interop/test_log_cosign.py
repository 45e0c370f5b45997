"""cosign against our Rekor logs, signing and verifying with keys.

cosign v2 logs to Rekor v1 and verifies the signed entry timestamp offline and, asking the log, the inclusion proof
and the checkpoint. cosign v3 verifies with sigstore-go: of Rekor v1 the body, the signed entry timestamp, proof and
checkpoint in the bundle; of Rekor v2 the body, proof and checkpoint, with the time from a timestamp authority.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.images import push_image
from tests.interop.log_services import serve_timestamps
from tests.interop.log_workshop import REKOR_V1, REKOR_V2, START, write_key
from tests.interop.programs import Run, Tool, Workshop
from tests.support.log_process import LogProcess, serve_logs
from tests.support.registries import run_program

NOWHERE = "http://127.0.0.1:1"
SINCE = START.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    with serve_logs(tmp_path_factory.mktemp("log") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, log: LogProcess) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop"))
    made.make_key("signer")
    made.make_key("other")
    (made.folder / "blob").write_text("content\n")
    for name in (REKOR_V1, REKOR_V2):
        write_key(log.shards(name)[0], made.folder)
    return made.with_environment(SIGSTORE_REKOR_PUBLIC_KEY="rekor-v1-0001.pub")


@pytest.fixture(scope="module")
def timestamps(shop: Workshop) -> Iterator[str]:
    with serve_timestamps(shop.folder) as url:
        yield url


@pytest.fixture(scope="module")
def configured(shop: Workshop, log: LogProcess, timestamps: str) -> Workshop:
    """Write signing configs and a trusted root by cosign's own commands."""
    for version in (1, 2):
        services = (f"--rekor=url={log.url},api-version={version},start-time={SINCE},operator=tests",)
        stamped = (f"--tsa=url={timestamps},api-version=1,start-time={SINCE},operator=tests", "--tsa-config=ANY")
        more = ("--rekor-config=ANY", *stamped, "--out", f"signing-{version}.json")
        shop.run(Tool.V3, "signing-config", "create", *services, *more).expect_success()
        key = f"rekor-v{version}-0001.pub"
        # An Ed25519 key has its id together with the origin; the id of an ECDSA key, as of Rekor v1, is its own.
        origin = f",origin={log.shards(REKOR_V2)[0].origin}" if version == 2 else ""
        shop.run(
            *(Tool.V3, "trusted-root", "create", f"--rekor=url={log.url},public-key={key},start-time={SINCE}{origin}"),
            *(f"--tsa=url={timestamps},certificate-chain=tsa.pem,start-time={SINCE}", "--out", f"root-{version}.json"),
        ).expect_success()
    return shop


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("ggcr-referrers") as running:
        yield running.address


@pytest.fixture(scope="module")
def deterministic(shop: Workshop) -> str:
    """Make an RSA key: the same content signed twice is the same entry, as it is for a retry."""
    shop.make_key("deterministic", "RSA-2048")
    return "deterministic"


def sizes(log: LogProcess) -> tuple[int, int]:
    (v1,), (v2,) = log.shards(REKOR_V1), log.shards(REKOR_V2)
    return v1.size, v2.size


def read_bundle(shop: Workshop, name: str) -> Any:
    return json.loads((shop.folder / name).read_text())


# --- cosign v2 and Rekor v1 ---------------------------------------------------------------------


def sign_blob_v2(shop: Workshop, log: LogProcess, name: str, key: str = "signer") -> Run:
    files = ("--bundle", f"{name}.json", "--output-signature", f"{name}.sig")
    return shop.run(Tool.V2, "sign-blob", "--key", f"{key}.key", "--rekor-url", log.url, *files, "blob")


def verify_blob_v2(shop: Workshop, *flags: str, key: str = "signer.pub") -> Run:
    return shop.run(Tool.V2, "verify-blob", "--key", key, *flags, "blob")


def test_cosign_v2_signs_a_blob_and_verifies_its_promise_without_the_log(shop: Workshop, log: LogProcess) -> None:
    sign_blob_v2(shop, log, "offline").expect_success()
    verify_blob_v2(shop, "--offline", "--rekor-url", NOWHERE, "--bundle", "offline.json").expect_success()


def test_cosign_v2_finds_an_entry_in_the_log_and_verifies_its_proof(shop: Workshop, log: LogProcess) -> None:
    sign_blob_v2(shop, log, "online").expect_success()
    verify_blob_v2(shop, "--rekor-url", log.url, "--signature", "online.sig").expect_success()


def test_cosign_v2_refuses_a_promise_of_another_log(shop: Workshop, log: LogProcess) -> None:
    sign_blob_v2(shop, log, "foreign").expect_success()
    foreign = shop.with_environment(SIGSTORE_REKOR_PUBLIC_KEY="rekor-v2-0001.pub")
    refused = verify_blob_v2(foreign, "--offline", "--rekor-url", NOWHERE, "--bundle", "foreign.json")
    assert refused.exit_code != 0


def test_cosign_v2_does_not_find_what_was_not_logged(shop: Workshop, log: LogProcess) -> None:
    flags = ("--key", "signer.key", "--tlog-upload=false", "--output-signature", "unlogged.sig")
    shop.run(Tool.V2, "sign-blob", *flags, "blob").expect_success()
    assert verify_blob_v2(shop, "--rekor-url", log.url, "--signature", "unlogged.sig").exit_code != 0


def test_cosign_v2_fetches_the_entry_that_is_there(shop: Workshop, log: LogProcess, deterministic: str) -> None:
    sign_blob_v2(shop, log, "first", deterministic).expect_success()
    before = sizes(log)
    sign_blob_v2(shop, log, "again", deterministic).expect_success()
    assert sizes(log) == before
    assert (
        read_bundle(shop, "first.json")["rekorBundle"]["Payload"]
        == (read_bundle(shop, "again.json")["rekorBundle"]["Payload"])
    )
    offline = ("--offline", "--rekor-url", NOWHERE, "--bundle", "again.json")
    verify_blob_v2(shop, *offline, key=f"{deterministic}.pub").expect_success()


@pytest.mark.parametrize("reader", [Tool.V2, Tool.V3])
def test_cosign_v2_signs_an_image(shop: Workshop, log: LogProcess, registry: str, reader: Tool) -> None:
    image = push_image(shop, f"{registry}/signed", f"by-v2-for-{reader}")
    before = sizes(log)
    shop.run(Tool.V2, "sign", "--key", "signer.key", "--rekor-url", log.url, image).expect_success()
    assert sizes(log) == (before[0] + 1, before[1])
    shop.run(reader, "verify", "--key", "signer.pub", "--rekor-url", log.url, image).expect_success()
    offline = ("--offline", "--rekor-url", NOWHERE)
    shop.run(reader, "verify", "--key", "signer.pub", *offline, image).expect_success()
    assert shop.run(reader, "verify", "--key", "other.pub", *offline, image).exit_code != 0


def test_cosign_v2_attests_an_image(shop: Workshop, log: LogProcess, registry: str) -> None:
    image = push_image(shop, f"{registry}/attested", "by-v2")
    (shop.folder / "predicate.json").write_text("{}")
    attest = ("--key", "signer.key", "--rekor-url", log.url, "--predicate", "predicate.json", "--type", "custom")
    shop.run(Tool.V2, "attest", *attest, image).expect_success()
    verify = ("--key", "signer.pub", "--rekor-url", log.url, "--type", "custom")
    shop.run(Tool.V2, "verify-attestation", *verify, image).expect_success()


# --- cosign v3 and both versions of Rekor -------------------------------------------------------


def sign_blob_v3(shop: Workshop, version: int, name: str, key: str = "signer") -> Run:
    flags = ("--signing-config", f"signing-{version}.json", "--trusted-root", f"root-{version}.json")
    return shop.run(Tool.V3, "sign-blob", "--key", f"{key}.key", *flags, "--bundle", name, "blob")


def verify_blob_v3(shop: Workshop, version: int, name: str, key: str = "signer.pub") -> Run:
    flags = ("--trusted-root", f"root-{version}.json", "--bundle", name)
    return shop.run(Tool.V3, "verify-blob", "--key", key, *flags, "blob")


@pytest.mark.parametrize("version", [1, 2])
def test_cosign_v3_signs_a_blob(configured: Workshop, log: LogProcess, version: int) -> None:
    before = sizes(log)[version - 1]
    sign_blob_v3(configured, version, f"v3-{version}.json").expect_success()
    assert sizes(log)[version - 1] == before + 1
    verify_blob_v3(configured, version, f"v3-{version}.json").expect_success()
    assert verify_blob_v3(configured, version, f"v3-{version}.json", "other.pub").exit_code != 0


@pytest.mark.parametrize("version", [1, 2])
def test_cosign_v3_takes_a_duplicate_for_an_error(configured: Workshop, deterministic: str, version: int) -> None:
    (configured.folder / "blob").write_text(f"duplicate in version {version}\n")
    sign_blob_v3(configured, version, "duplicate.json", deterministic).expect_success()
    again = sign_blob_v3(configured, version, "duplicate.json", deterministic)
    assert again.exit_code != 0
    assert "already exists" in again.stderr


def test_cosign_v3_refuses_an_entry_of_a_log_that_is_not_trusted(configured: Workshop) -> None:
    """Both logs of one host have the same name, and their keys differ."""
    sign_blob_v3(configured, 2, "untrusted.json").expect_success()
    assert verify_blob_v3(configured, 1, "untrusted.json").exit_code != 0


def test_cosign_v3_refuses_a_proof_with_one_bit_changed(configured: Workshop) -> None:
    sign_blob_v3(configured, 2, "proof.json").expect_success()
    bundle = read_bundle(configured, "proof.json")
    proof = bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    changed = bytearray(base64.b64decode(proof["hashes"][0]))
    changed[0] ^= 1
    proof["hashes"][0] = base64.b64encode(changed).decode()
    (configured.folder / "proof.json").write_text(json.dumps(bundle))
    assert verify_blob_v3(configured, 2, "proof.json").exit_code != 0


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("sign", "verify"), [("sign", "verify"), ("attest", "verify-attestation")])
def test_cosign_v3_signs_an_image(configured: Workshop, registry: str, version: int, sign: str, verify: str) -> None:
    image = push_image(configured, f"{registry}/{sign}", f"by-v3-in-v{version}")
    (configured.folder / "predicate.json").write_text("{}")
    attested = ("--predicate", "predicate.json", "--type", "custom") if sign == "attest" else ()
    flags = ("--signing-config", f"signing-{version}.json", "--trusted-root", f"root-{version}.json", *attested)
    configured.run(Tool.V3, sign, "--key", "signer.key", *flags, image).expect_success()
    flags = ("--trusted-root", f"root-{version}.json", *attested[2:])
    configured.run(Tool.V3, verify, "--key", "signer.pub", *flags, image).expect_success()
    assert configured.run(Tool.V3, verify, "--key", "other.pub", *flags, image).exit_code != 0


def test_cosign_v2_sends_an_attestation_to_rekor_v2_as_the_real_server_no_longer_takes_it(
    configured: Workshop, log: LogProcess, registry: str
) -> None:
    """It still sends `dsseRequestV002`; what is logged is a hashedrekord over what was signed, which v3 verifies."""
    image = push_image(configured, f"{registry}/attested", "by-v2-in-v2")
    (configured.folder / "predicate.json").write_text("{}")
    attest = ("--new-bundle-format", "--signing-config", "signing-2.json", "--trusted-root", "root-2.json")
    kind = ("--predicate", "predicate.json", "--type", "custom")
    before = sizes(log)[1]
    configured.run(Tool.V2, "attest", "--key", "signer.key", *attest, *kind, image).expect_success()
    assert sizes(log)[1] == before + 1
    verify = ("--key", "signer.pub", "--trusted-root", "root-2.json", *kind[2:])
    configured.run(Tool.V3, "verify-attestation", *verify, image).expect_success()
