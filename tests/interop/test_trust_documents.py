"""Trusted roots and signing configs between us, cosign v2 and v3, and sigstore-python.

Made from the same flags ours and cosign's say the same; cosign signs and verifies with ours; and what lint calls an
error or a warning is what these clients refuse.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.services.tuf.cache import SIGNING_CONFIG, SIGNING_CONFIG_REKOR_V2, TRUSTED_ROOT
from tests.interop import peers
from tests.interop.log_services import serve_timestamps
from tests.interop.log_workshop import REKOR_V1, REKOR_V2, START, write_key
from tests.interop.programs import Run, Tool, Workshop
from tests.support.certificates import START as BORN
from tests.support.certificates import Authority
from tests.support.log_process import LogProcess, serve_logs
from tests.support.raw_server import RawServer
from tests.support.trust_documents import (
    ISSUING_CHAIN,
    LOG_KEY,
    ROOT,
    SHARD_KEY,
    STAMPING_CHAIN,
    pem,
    signing_config,
    trusted_root,
)
from tests.support.trust_repository import TrustRepository

PROGRAM: Final = Path(__file__).with_name("python_client") / "trust_calls.py"
SINCE: Final = START.strftime("%Y-%m-%dT%H:%M:%SZ")
ISSUED: Final = BORN.strftime("%Y-%m-%dT%H:%M:%SZ")
OLD: Final = "2025-01-01T00:00:00Z"
SERVICE: Final = f"url=https://service.example,api-version=1,start-time={SINCE},operator=tests"
END: Final = "end-time=2099-06-01T00:00:00.5Z"
SPAN: Final = f"start-time=2025-01-01T01:00:00+01:00,{END}"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    with serve_logs(tmp_path_factory.mktemp("log") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop"))
    made.make_key("signer")
    for name, content in {
        "blob": b"content\n",
        "ca.pem": pem(*ISSUING_CHAIN),
        "root.pem": pem(ROOT.der),
        "stamper.pem": pem(*STAMPING_CHAIN),
        "torn.pem": pem(ISSUING_CHAIN[0], Authority.root("other").der),
        "lone.pem": pem(STAMPING_CHAIN[0]),
        "log.pub": LOG_KEY.encode_pem(),
        "shard.pub": SHARD_KEY.encode_pem(),
    }.items():
        (made.folder / name).write_bytes(content)
    return made


def create(shop: Workshop, tool: Tool, *words: str) -> Any:
    return json.loads(shop.run(tool, *words).expect_success().stdout)


def without_defaults(found: Any) -> Any:
    """Leave out what protobuf's JSON leaves out: members that are empty."""
    if isinstance(found, list):
        return [without_defaults(item) for item in found]
    if not isinstance(found, dict):
        return found
    members = {name: without_defaults(member) for name, member in found.items()}
    return {name: member for name, member in members.items() if member not in ("", [], {}, 0)}


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--fulcio=url=https://ca.example,certificate-chain=root.pem",),
        (f"--fulcio=url=https://ca.example,certificate-chain=ca.pem,{SPAN}",),
        (f"--fulcio=url=https://ca.example,certificate-chain=ca.pem,start-time={SINCE}",),
        ("--tsa=url=https://tsa.example/api/v1/timestamp,certificate-chain=stamper.pem",),
        (f"--rekor=url=https://log.example,public-key=log.pub,{SPAN}",),
        (f"--rekor=url=https://log.example,public-key=log.pub,start-time={SINCE},origin=log.example",),
        (f"--rekor=url=https://shard.example,public-key=shard.pub,start-time={SINCE},origin=shard.example",),
        (f"--rekor=url=https://shard.example,public-key=shard.pub,start-time={SINCE}",),
        (
            f"--ctfe=url=https://ct.example,public-key=log.pub,start-time={SINCE}",
            "--ctfe=url=https://old.example,public-key=shard.pub,start-time=2024-01-01T00:00:00Z",
        ),
        (
            f"--fulcio=url=https://ca.example,certificate-chain=ca.pem,start-time={SINCE}",
            "--fulcio=url=https://old.example,certificate-chain=root.pem,start-time=2025-01-01T00:00:00Z",
        ),
    ],
)
def test_the_same_flags_make_the_same_trusted_root(shop: Workshop, flags: tuple[str, ...]) -> None:
    ours, theirs = (create(shop, tool, "trusted-root", "create", *flags) for tool in (Tool.OURS, Tool.V3))
    assert without_defaults(ours) == without_defaults(theirs)


def service(flag: str, version: int = 1, more: str = "") -> str:
    return f"--{flag}=url=https://{flag}.example,api-version={version},start-time={SINCE},operator=tests{more}"


@pytest.mark.parametrize(
    "flags",
    [
        (service("fulcio"), service("oidc-provider"), "--rekor-config=ANY", "--tsa-config=ANY"),
        (
            service("rekor", 1),
            service("rekor", 2, f",{SPAN.partition(',')[2]}"),
            "--rekor-config=any",
            "--tsa-config=ANY",
        ),
        (service("tsa"), "--tsa-config=EXACT:2", "--rekor-config=ALL"),
        ("--base-config=base.json", service("rekor", 2), "--rekor-config=ALL", "--no-default-oidc", "--tsa-config=ANY"),
    ],
)
def test_the_same_flags_make_the_same_signing_config(shop: Workshop, flags: tuple[str, ...]) -> None:
    base = (service("fulcio"), service("oidc-provider"), service("rekor"), "--rekor-config=ANY", "--out=base.json")
    shop.run(Tool.V3, "signing-config", "create", *base).expect_success()
    ours, theirs = (create(shop, tool, "signing-config", "create", *flags) for tool in (Tool.OURS, Tool.V3))
    assert without_defaults(ours) == without_defaults(theirs)


@pytest.fixture
def mirrored(tmp_path: Path) -> Iterator[Workshop]:
    """A home that was initialized from a mirror with the trusted root and both signing configs."""
    contents = {TRUSTED_ROOT: encode_json(trusted_root()), SIGNING_CONFIG: encode_json(signing_config())}
    only_v2 = signing_config() | {"rekorTlogUrls": signing_config()["rekorTlogUrls"][1:]}
    contents[SIGNING_CONFIG_REKOR_V2] = encode_json(only_v2)
    repository = TrustRepository(datetime.now(UTC), contents)
    made = Workshop(tmp_path)
    (tmp_path / "root.json").write_bytes(repository.root)
    (tmp_path / "root.pem").write_bytes(pem(ROOT.der))
    (tmp_path / "shard.pub").write_bytes(SHARD_KEY.encode_pem())
    with RawServer(repository.handle) as server:
        mirror = f"--mirror=http://{server.address}"
        made.run(Tool.V3, "initialize", mirror, "--root=root.json").expect_success()
        yield made


@pytest.mark.parametrize(
    "words",
    [
        ("trusted-root", "create"),
        ("trusted-root", "create", "--no-default-rekor", "--no-default-tsa"),
        ("trusted-root", "create", "--fulcio=url=https://new.example,certificate-chain=root.pem"),
        ("trusted-root", "create", f"--ctfe=url=https://new.example,public-key=shard.pub,start-time={OLD}"),
        ("signing-config", "create"),
        ("signing-config", "create", "--no-default-fulcio", "--no-default-oidc"),
        ("signing-config", "create", f"--rekor={SERVICE}", "--rekor-config=ALL"),
        ("signing-config", "create", f"--fulcio={SERVICE}", "--tsa-config=ALL"),
    ],
)
def test_a_mirrors_documents_are_begun_with_as_by_cosign(mirrored: Workshop, words: tuple[str, ...]) -> None:
    ours, theirs = (create(mirrored, tool, *words, "--with-default-services") for tool in (Tool.OURS, Tool.V3))
    assert in_order(without_defaults(ours)) == in_order(without_defaults(theirs))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--with-default-services",),
        ("--no-default-fulcio", "--no-default-oidc"),
        (f"--rekor={SERVICE}", "--rekor-config=ALL"),
    ],
)
def test_a_mirrors_config_for_rekor_v2_is_begun_with_as_by_cosign(mirrored: Workshop, words: tuple[str, ...]) -> None:
    flags = ("signing-config", "create", "--with-default-rekor-v2", *words)
    ours, theirs = (create(mirrored, tool, *flags) for tool in (Tool.OURS, Tool.V3))
    assert in_order(without_defaults(ours)) == in_order(without_defaults(theirs))


def test_two_beginnings_are_refused_as_by_cosign(mirrored: Workshop) -> None:
    (mirrored.folder / "base.json").write_bytes(encode_json(signing_config()))
    flags = ("signing-config", "create", "--with-default-rekor-v2", "--base-config=base.json")
    assert [mirrored.run(tool, *flags).exit_code == 0 for tool in (Tool.OURS, Tool.V3)] == [False, False]


def in_order(found: Any) -> Any:
    """Sort the lists of a document: cosign has no order for what began at one time."""
    return {name: sorted(each, key=str) if isinstance(each, list) else each for name, each in found.items()}


@pytest.mark.parametrize(
    "words",
    [
        ("trusted-root", "create", "--fulcio=url=https://ca.example,certificate-chain=torn.pem"),
        ("trusted-root", "create", "--tsa=url=https://tsa.example,certificate-chain=lone.pem"),
        (
            "trusted-root",
            "create",
            f"--rekor=url=https://log.example,public-key=log.pub,start-time={SINCE},end-time={OLD}",
        ),
        ("trusted-root", "create", f"--rekor=url=https://log.example,public-key=log.pub,start-time={SINCE},key=1"),
        ("trusted-root", "create", f"--rekor=url=a,url=https://log.example,public-key=log.pub,start-time={SINCE}"),
        ("signing-config", "create", "--rekor-config=EXACT:0", "--rekor=" + SERVICE),
        ("signing-config", "create", "--fulcio=" + SERVICE.replace("version=1", "version=0")),
        ("signing-config", "create", f"--fulcio={SERVICE},key=1"),
    ],
)
def test_what_cosign_makes_and_nobody_can_use_is_refused(shop: Workshop, words: tuple[str, ...]) -> None:
    shop.run(Tool.V3, *words).expect_success()
    assert shop.run(Tool.OURS, *words).exit_code == USAGE


def test_of_two_logs_with_one_id_cosign_keeps_the_last(shop: Workshop) -> None:
    flags = [f"--rekor=url=https://{name}.example,public-key=log.pub,start-time={SINCE}" for name in ("one", "other")]
    ours, theirs = (create(shop, tool, "trusted-root", "create", *flags)["tlogs"] for tool in (Tool.OURS, Tool.V3))
    assert [log["baseUrl"] for log in ours] == ["https://one.example", "https://other.example"]
    assert [log["baseUrl"] for log in theirs] == ["https://other.example"]


def test_cosigns_documents_are_read(shop: Workshop) -> None:
    flags = (f"--rekor=url=https://log.example,public-key=log.pub,start-time={SINCE}", "--out=theirs.json")
    shop.run(Tool.V3, "trusted-root", "create", *flags).expect_success()
    found = create(shop, Tool.OURS, "trusted-root", "inspect", "theirs.json", "--output=json")
    assert found["logs"][0]["fingerprint"] == LOG_KEY.fingerprint
    linted = create(shop, Tool.OURS, "trusted-root", "lint", "theirs.json", "--output=json")["problems"]
    assert {(each["severity"], each["place"]) for each in linted} == {
        ("warning", "ctlogs"),
        ("warning", "certificateAuthorities"),
    }
    config = (service("tsa"), "--tsa-config=EXACT:1", "--out=theirs-config.json")
    shop.run(Tool.V3, "signing-config", "create", *config).expect_success()
    shown = create(shop, Tool.OURS, "signing-config", "inspect", "theirs-config.json", "--output=json")
    assert shown["timestampAuthorities"]["services"][0]["suitable"]


@pytest.fixture(scope="module")
def signed(shop: Workshop, log: LogProcess) -> Iterator[Workshop]:
    """Sign a blob by cosign with our signing config, for Rekor v1 and v2; write the trusted root to `ours.json`."""
    for name in (REKOR_V1, REKOR_V2):
        write_key(log.shards(name)[0], shop.folder)
    origin = log.shards(REKOR_V2)[0].origin
    with serve_timestamps(shop.folder) as timestamps:
        shop.run(
            *(Tool.OURS, "trusted-root", "create", "--out=ours.json"),
            f"--rekor=url={log.url},public-key=rekor-v1-0001.pub,start-time={SINCE}",
            f"--rekor=url={log.url},public-key=rekor-v2-0001.pub,start-time={SINCE},origin={origin}",
            f"--tsa=url={timestamps},certificate-chain=tsa.pem,start-time={SINCE}",
            "--fulcio=url=https://ca.example,certificate-chain=root.pem",
            f"--ctfe=url=https://ct.example,public-key=log.pub,start-time={SINCE}",
        ).expect_success()
        for version in (1, 2):
            shop.run(
                *(Tool.OURS, "signing-config", "create", f"--out=signing-{version}.json"),
                f"--rekor=url={log.url},api-version={version},start-time={SINCE},operator=tests",
                f"--tsa=url={timestamps},api-version=1,start-time={SINCE},operator=tests",
                *("--rekor-config=ANY", "--tsa-config=ANY"),
            ).expect_success()
            bundle = ("--bundle", f"blob-{version}.json", f"--signing-config=signing-{version}.json")
            shop.run(Tool.V3, "sign-blob", "--key=signer.key", *bundle, "blob").expect_success()
        yield shop


def verify(shop: Workshop, tool: Tool, version: int, root: str = "ours.json") -> Run:
    flags = ("--key=signer.pub", f"--bundle=blob-{version}.json", f"--trusted-root={root}", "--use-signed-timestamps")
    form = ("--new-bundle-format",) if tool is Tool.V2 else ()
    return shop.run(tool, "verify-blob", *flags, *form, "blob")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("tool", [Tool.V2, Tool.V3])
def test_cosign_signs_and_verifies_with_our_documents(signed: Workshop, tool: Tool, version: int) -> None:
    verify(signed, tool, version).expect_success()


def python(shop: Workshop, command: str, file: str) -> Run:
    return shop.run_path(peers.path("sigstore-python").with_name("python"), str(PROGRAM), command, file)


def test_sigstore_python_reads_our_documents(signed: Workshop) -> None:
    python(signed, "root", "ours.json").expect_success()
    flags = (service("fulcio"), service("rekor", 2), "--rekor-config=ANY", "--out=services.json")
    signed.run(Tool.OURS, "signing-config", "create", *flags).expect_success()
    found = json.loads(python(signed, "config", "services.json").expect_success().stdout)
    assert found == ["https://rekor.example", "https://fulcio.example"]
    signed.run(Tool.V3, "signing-config", "create", *flags).expect_success()
    assert python(signed, "config", "services.json").exit_code != 0, "cosign's has an empty rule for timestamps"


@pytest.mark.parametrize(
    "flags",
    [
        ("--signing-config=exported-services.json",),
        ("--fulcio-url=https://fulcio.example", "--rekor-v2-url=https://rekor.example"),
    ],
)
def test_sigstore_python_reads_what_a_context_is_exported_to(shop: Workshop, flags: tuple[str, ...]) -> None:
    root = (
        f"--rekor=url=https://log.example,public-key=log.pub,start-time={SINCE}",
        f"--ctfe=url=https://ct.example,public-key=shard.pub,start-time={SINCE}",
        "--fulcio=url=https://ca.example,certificate-chain=root.pem",
        "--tsa=url=https://tsa.example/api/v1/timestamp,certificate-chain=stamper.pem",
    )
    services = (service("fulcio"), service("rekor", 2), "--rekor-config=ANY", "--out=exported-services.json")
    shop.run(Tool.OURS, "trusted-root", "create", *root, "--out=exported-root.json").expect_success()
    shop.run(Tool.OURS, "signing-config", "create", *services).expect_success()
    name, issuer = f"context-{len(flags)}", "--oidc-issuer=https://issuer.example"
    made = ("--trusted-root=exported-root.json", issuer, *flags)
    shop.run(Tool.OURS, "context", "create", name, *made).expect_success()
    shop.run(Tool.OURS, "context", "export", name, "--out=exported.json").expect_success()
    found = json.loads(python(shop, "both", "exported.json").expect_success().stdout)
    assert found == ["https://rekor.example", "https://fulcio.example", "https://issuer.example"]


def member(path: str, content: Any) -> Callable[[Any], None]:
    def change(found: Any) -> None:
        *above, last = path.split(".")
        for step in above:
            found = found[int(step) if isinstance(found, list) else step]
        if content is None:
            del found[last]
        else:
            found[last] = content

    return change


ADDED_LOG: Final = "tlogs.2"
ADDED_AUTHORITY: Final = "certificateAuthorities.1"
USAGE: Final = 2
MALFORMED: Final = 4


@pytest.mark.parametrize(
    ("change", "cosign", "sigstore", "severity"),
    [
        (member(f"{ADDED_LOG}.operator", "me"), True, True, ""),
        (member(f"{ADDED_LOG}.checkpointKeyId", {"keyId": "YQ=="}), True, True, ""),
        (member(f"{ADDED_AUTHORITY}.operator", "me"), True, True, ""),
        (member(f"{ADDED_AUTHORITY}.subject.commonName", ""), True, True, ""),
        (member(f"{ADDED_AUTHORITY}.uri", None), True, True, ""),
        (member(f"{ADDED_AUTHORITY}.subject.commonName", None), True, False, "warning"),
        (member(f"{ADDED_LOG}.baseUrl", None), True, False, "warning"),
        (member("ctlogs", None), True, False, "warning"),
        (member(f"{ADDED_LOG}.publicKey.keyDetails", "PKIX_ED25519_PH"), False, True, "error"),
        (member(f"{ADDED_LOG}.publicKey.keyDetails", "A_KIND_TO_COME"), False, False, "error"),
        (member(f"{ADDED_LOG}.hashAlgorithm", "SHA2_512"), False, True, "error"),
        (member(f"{ADDED_LOG}.publicKey.validFor", None), False, True, "error"),
        (member(f"{ADDED_LOG}.publicKey.validFor.start", None), False, False, "error"),
        (member("mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json"), False, False, "error"),
        (member("mediaType", "application/vnd.dev.sigstore.trustedroot.v0.1+json"), False, False, "error"),
        (member(f"{ADDED_LOG}.publicKey.rawBytes", "YQ=="), False, True, "malformed"),
        (member(f"{ADDED_LOG}.unknown", "me"), False, False, "malformed"),
        (member(f"{ADDED_LOG}.logId", None), False, False, "malformed"),
        (member(f"{ADDED_AUTHORITY}.certChain.certificates", []), False, False, "malformed"),
    ],
)
def test_lint_tells_what_the_clients_refuse(
    signed: Workshop, change: Callable[[Any], None], cosign: bool, sigstore: bool, severity: str
) -> None:
    """One log and one authority are added that verifying needs nothing of, and differ from good ones by one member."""
    document = json.loads((signed.folder / "ours.json").read_text())
    example = trusted_root()
    document["tlogs"].append(example["tlogs"][1])
    document["certificateAuthorities"].append(example["certificateAuthorities"][0])
    change(document)
    (signed.folder / "changed.json").write_text(json.dumps(document))
    assert [verify(signed, tool, 2, "changed.json").exit_code == 0 for tool in (Tool.V2, Tool.V3)] == [cosign] * 2
    assert (python(signed, "root", "changed.json").exit_code == 0) is sigstore
    linted = signed.run(Tool.OURS, "trusted-root", "lint", "changed.json", "--at", ISSUED, "--output=json")
    if severity == "malformed":
        assert linted.exit_code == MALFORMED
    else:
        assert severity in ({each["severity"] for each in json.loads(linted.stdout)["problems"]} or {""})
