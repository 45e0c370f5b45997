"""`trusted-root` and `signing-config`: documents from files and flags, and what is said of them."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.encoding import encode_json
from cosignpy.core.trust.client_trust_config import CLIENT_TRUST_CONFIG
from cosignpy.core.trust.signing_config import Selection, Selector, parse_signing_config
from cosignpy.core.trust.trusted_root import parse_trusted_root
from cosignpy.services.tuf.cache import SIGNING_CONFIG, SIGNING_CONFIG_REKOR_V2, TRUSTED_ROOT
from tests.support.certificates import Authority
from tests.support.trust_documents import (
    BEGIN,
    INTERMEDIATE,
    ISSUING_CHAIN,
    LOG_KEY,
    SHARD_KEY,
    STAMPING_CHAIN,
    pem,
    signing_config,
    trusted_root,
)
from tests.support.trust_repository import TrustRepository

Capture = pytest.CaptureFixture[str]
AT: Final = "2026-01-01T00:05:00Z"
FULCIO: Final = "--fulcio=url=https://ca.example,certificate-chain=ca.pem"
REKOR: Final = f"--rekor=url=https://log.example,public-key=log.pub,start-time={BEGIN}"
SHARD: Final = (
    "--rekor=url=https://shard.example,public-key=shard.pub,start-time=2024-01-01T00:00:00Z,origin=shard.example"
)
CTFE: Final = f"--ctfe=url=https://ct.example,public-key=log.pub,start-time={BEGIN},end-time=2025-02-01T00:00:00Z"
TSA: Final = "--tsa=url=https://tsa.example/api/v1/timestamp,certificate-chain=tsa.pem"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "ca.pem": pem(*ISSUING_CHAIN),
        "tsa.pem": pem(*STAMPING_CHAIN),
        "log.pub": LOG_KEY.encode_pem(),
        "shard.pub": SHARD_KEY.encode_pem(),
        "tsa.key": pem(STAMPING_CHAIN[0]),
        "root.json": encode_json(trusted_root()),
        "config.json": encode_json(signing_config()),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def service(flag: str, name: str, version: int = 1, operator: str = "example") -> str:
    return f"--{flag}=url=https://{name}.example,api-version={version},start-time={BEGIN},operator={operator}"


def out(capture: Capture, *argv: str) -> str:
    assert run(argv) == 0
    return capture.readouterr().out


class TestCreateTrustedRoot:
    def test_all_kinds_are_in_it_the_oldest_first(self, capsys: Capture) -> None:
        found = parse_trusted_root(out(capsys, "trusted-root", "create", FULCIO, REKOR, SHARD, CTFE, TSA).encode())
        example = parse_trusted_root(encode_json(trusted_root()))
        assert [log.base_url for log in found.logs] == ["https://shard.example", "https://log.example"]
        assert {log.log_id for log in found.logs} == {log.log_id for log in example.logs}
        assert found.certificate_authorities == example.certificate_authorities
        assert found.timestamp_authorities == example.timestamp_authorities
        assert found.ct_logs[0].validity.end is not None

    def test_out_names_a_file(self, capsys: Capture, folder: Path) -> None:
        assert out(capsys, "trusted-root", "create", REKOR, "--out", "made.json") == ""
        assert len(parse_trusted_root((folder / "made.json").read_bytes()).logs) == 1

    def test_every_line_of_the_variable_is_a_service(self, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COSIGN_REKOR", "\n".join(each.removeprefix("--rekor=") for each in (REKOR, SHARD)))
        assert len(parse_trusted_root(out(capsys, "trusted-root", "create").encode()).logs) == 2

    @pytest.mark.parametrize(
        ("flag", "code"),
        [
            (REKOR.replace("start-time", "begin"), 2),
            (REKOR.replace("log.pub", "tsa.key"), 5),
            (REKOR.replace("log.pub", "absent.pub"), 3),
            (REKOR.replace(BEGIN, "yesterday"), 2),
            (FULCIO.replace("ca.pem", "log.pub"), 4),
            (FULCIO.replace("ca.pem", "torn.pem"), 2),
            (TSA.replace("tsa.pem", "lone.pem"), 2),
        ],
    )
    def test_what_would_not_verify_is_not_made(self, folder: Path, flag: str, code: int) -> None:
        (folder / "torn.pem").write_bytes(pem(INTERMEDIATE.der, Authority.root("other").der))
        (folder / "lone.pem").write_bytes(pem(STAMPING_CHAIN[0]))
        assert run(["trusted-root", "create", flag, "--out", "made.json"]) == code
        assert not (folder / "made.json").exists()

    def test_what_may_be_a_mistake_is_warned_of(self, capsys: Capture) -> None:
        assert run(["trusted-root", "create", REKOR.replace("log.pub", "shard.pub")]) == 0
        assert "WARNING: tlogs[0].logId: " in capsys.readouterr().err


class TestDefaultServices:
    """A mirror's documents are what a new one begins with."""

    @pytest.fixture(autouse=True)
    def mirror(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        second = signing_config() | {"rekorTlogUrls": signing_config()["rekorTlogUrls"][1:]}
        contents = {
            TRUSTED_ROOT: encode_json(trusted_root()),
            SIGNING_CONFIG: encode_json(signing_config()),
            SIGNING_CONFIG_REKOR_V2: encode_json(second),
        }
        repository = TrustRepository(datetime.now(UTC), contents)
        for name, content in repository.files.items():
            path = folder / "mirror" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        monkeypatch.setenv("TUF_ROOT", str(folder / "cache"))
        monkeypatch.setenv("TUF_MIRROR", f"file://{folder}/mirror")
        monkeypatch.setenv("TUF_ROOT_JSON", str(folder / "mirror" / "1.root.json"))

    def test_services_are_added_to_the_mirrors(self, capsys: Capture) -> None:
        new = SHARD.replace("shard.example", "new.example")
        made = out(capsys, "trusted-root", "create", "--with-default-services", new)
        found = parse_trusted_root(made.encode())
        urls = ["https://new.example", "https://log.example", "https://shard.example"]
        assert [log.base_url for log in found.logs] == urls
        assert found.certificate_authorities == parse_trusted_root(encode_json(trusted_root())).certificate_authorities
        flags = (service("rekor", "new"), "--rekor-config=ALL")
        config = parse_signing_config(
            out(capsys, "signing-config", "create", "--with-default-services", *flags).encode()
        )
        assert [each.url for each in config.logs] == [
            "https://log.example",
            "https://shard.example",
            "https://new.example",
        ]
        assert (config.log_selection, len(config.timestamp_authorities)) == (Selection(Selector.ALL), 1)

    def test_the_mirrors_can_be_left_out(self, capsys: Capture) -> None:
        for command, kinds in (
            ("trusted-root", ("fulcio", "ctfe", "rekor", "tsa")),
            ("signing-config", ("fulcio", "oidc", "rekor", "tsa")),
        ):
            flags = [f"--no-default-{kind}" for kind in kinds]
            bare = out(capsys, command, "create")
            assert out(capsys, command, "create", "--with-default-services", *flags) == bare

    @pytest.mark.parametrize("beside", [(), ("--with-default-services",)])
    def test_the_mirrors_config_for_rekor_v2_is_another_beginning(
        self, capsys: Capture, beside: tuple[str, ...]
    ) -> None:
        flags = (service("rekor", "new", 2), "--rekor-config=ALL", *beside)
        made = out(capsys, "signing-config", "create", "--with-default-rekor-v2", *flags)
        urls = [each.url for each in parse_signing_config(made.encode()).logs]
        assert urls == ["https://shard.example", "https://new.example"]

    @pytest.mark.parametrize("flag", ["--with-default-services", "--with-default-rekor-v2"])
    def test_there_is_one_beginning(self, flag: str) -> None:
        assert run(["signing-config", "create", flag, "--base-config=config.json"]) == 2


class TestInspectTrustedRoot:
    def test_people_see_names_states_and_fingerprints(self, capsys: Capture) -> None:
        text = out(capsys, "trusted-root", "inspect", "root.json", "--at", AT)
        for line in (
            "Transparency logs: 2",
            "  https://shard.example",
            "    valid, from 2025-01-01T00:00:00Z",
            f"    fingerprint  {LOG_KEY.fingerprint}",
            "    certificate  CN=intermediate",
            "                 valid, from 2026-01-01T00:00:00Z to 2026-01-01T00:10:00Z",
            "    root",
        ):
            assert f"{line}\n" in text

    @pytest.mark.parametrize(
        ("at", "state"), [("2025-12-31T00:00:00Z", "not yet valid"), ("2027-01-01T00:00:00Z", "expired")]
    )
    def test_states_are_those_of_the_moment(self, capsys: Capture, at: str, state: str) -> None:
        found = json.loads(out(capsys, "trusted-root", "inspect", "root.json", "--at", at, "-o", "json"))
        assert {each["state"] for each in found["certificateAuthorities"][0]["certificates"]} == {state}

    def test_programs_see_the_same(self, capsys: Capture) -> None:
        found = json.loads(out(capsys, "trusted-root", "inspect", "root.json", "--at", AT, "-o", "json"))
        assert (found["at"], found["logs"][0]["fingerprint"]) == (AT, LOG_KEY.fingerprint)
        assert (found["logs"][0]["usable"], found["logs"][0]["checkpointKeyId"]) == (True, None)
        assert found["timestampAuthorities"][0]["uri"] == "https://tsa.example/api/v1/timestamp"

    def test_what_is_odd_is_said_and_escaped(self, capsys: Capture, folder: Path) -> None:
        document = trusted_root()
        log, authority = document["tlogs"][0], document["certificateAuthorities"][0]
        log |= {"baseUrl": "", "operator": "me\x1b[2J", "checkpointKeyId": {"keyId": "YQ=="}}
        log["publicKey"] |= {"keyDetails": "\x1b", "validFor": {}}
        authority |= {"validFor": {"end": "2025-01-01T00:00:00Z"}}
        (folder / "odd.json").write_bytes(encode_json(document))
        text = out(capsys, "trusted-root", "inspect", "odd.json", "--at", AT)
        for part in (
            "  (no address)\n    without a start, from nobody knows when\n    me\\u001b[2J\n",
            "\\u001b, of a kind that is not known",
            "expired, from nobody knows when to 2025-01-01T00:00:00Z\n",
        ):
            assert part in text
        found = json.loads(out(capsys, "trusted-root", "inspect", "odd.json", "-o", "json"))
        assert found["logs"][0]["checkpointKeyId"] == "YQ=="

    def test_now_is_the_moment_where_none_is_given(self, capsys: Capture) -> None:
        found = json.loads(out(capsys, "trusted-root", "inspect", "root.json", "-o", "json"))
        assert re.fullmatch(r"20\d\d-.*Z", found["at"])

    @pytest.mark.parametrize(("argv", "code"), [(["absent"], 3), (["ca.pem"], 4), (["root.json", "--at", "now"], 2)])
    def test_what_cannot_be_shown_is_an_error(self, argv: list[str], code: int) -> None:
        assert run(["trusted-root", "inspect", *argv]) == code


def test_of_both_in_one_document_each_part_is_shown(capsys: Capture, folder: Path) -> None:
    parts = {"trustedRoot": trusted_root(), "signingConfig": signing_config()}
    (folder / "both.json").write_bytes(encode_json({"mediaType": CLIENT_TRUST_CONFIG, **parts}))
    for command, alone in (("trusted-root", "root.json"), ("signing-config", "config.json")):
        shown = [out(capsys, command, "inspect", name, "--at", AT) for name in (alone, "both.json")]
        assert shown[0] == shown[1]


class TestLintTrustedRoot:
    def test_a_good_one_passes(self, capsys: Capture) -> None:
        assert out(capsys, "trusted-root", "lint", "root.json", "--at", AT) == "no problems found\n"

    def test_warnings_are_shown_and_pass(self, capsys: Capture, folder: Path) -> None:
        document = trusted_root()
        del document["ctlogs"]
        (folder / "less.json").write_bytes(encode_json(document))
        assert out(capsys, "trusted-root", "lint", "less.json", "--at", AT).startswith("warning: ctlogs: ")

    def test_errors_come_first_and_fail(self, capsys: Capture, folder: Path) -> None:
        document: dict[str, Any] = trusted_root()
        del document["ctlogs"]
        document["tlogs"][0]["publicKey"]["validFor"] = {}
        (folder / "bad.json").write_bytes(encode_json(document))
        assert run(["trusted-root", "lint", "bad.json", "--at", AT]) == 1
        first, second = capsys.readouterr().out.splitlines()
        assert (first.partition(":")[0], second.partition(":")[0]) == ("error", "warning")
        assert run(["trusted-root", "lint", "bad.json", "--at", AT, "--output", "json"]) == 1
        found = json.loads(capsys.readouterr().out)["problems"]
        assert {(each["severity"], each["place"]) for each in found} == {
            ("error", "tlogs[0].publicKey.validFor.start"),
            ("warning", "ctlogs"),
        }

    def test_what_cannot_be_read_is_malformed(self) -> None:
        assert run(["trusted-root", "lint", "ca.pem"]) == 4


class TestCreateSigningConfig:
    def test_all_kinds_are_in_it(self, capsys: Capture) -> None:
        flags = (
            service("fulcio", "ca"),
            service("oidc-provider", "idp"),
            service("rekor", "log"),
            service("rekor", "shard", 2),
            "--rekor-config=any",
            service("tsa", "tsa").replace("tsa.example", "tsa.example/api/v1/timestamp"),
            "--tsa-config=EXACT:1",
        )
        assert json.loads(out(capsys, "signing-config", "create", *flags)) == signing_config()

    def test_of_a_kind_without_services_any_is_asked(self, capsys: Capture) -> None:
        found = parse_signing_config(out(capsys, "signing-config", "create").encode())
        assert (found.log_selection, found.timestamp_selection) == (Selection(Selector.ANY), Selection(Selector.ANY))

    def test_flags_replace_services_of_the_base(self, capsys: Capture, folder: Path) -> None:
        flags = (service("rekor", "new", 2), "--rekor-config=ALL", "--base-config=config.json", "--out=made.json")
        assert out(capsys, "signing-config", "create", *flags) == ""
        found = parse_signing_config((folder / "made.json").read_bytes())
        base = parse_signing_config(encode_json(signing_config()))
        assert [each.url for each in found.logs] == ["https://new.example"]
        assert (found.log_selection, found.timestamp_selection) == (Selection(Selector.ALL), base.timestamp_selection)
        assert found.certificate_authorities == base.certificate_authorities

    def test_services_of_the_base_can_be_left_out(self, capsys: Capture) -> None:
        flags = [f"--no-default-{kind}" for kind in ("fulcio", "oidc", "rekor", "tsa")]
        with_base = out(capsys, "signing-config", "create", "--base-config=config.json", *flags)
        assert with_base == out(capsys, "signing-config", "create")

    @pytest.mark.parametrize(
        "flags",
        [
            [service("rekor", "log")],
            [service("tsa", "tsa")],
            [service("rekor", "log"), "--base-config=config.json"],
            ["--rekor-config=SOME"],
            ["--rekor-config=EXACT"],
            ["--rekor-config=EXACT:0"],
            ["--tsa-config=ANY:1"],
            [service("fulcio", "ca", 0)],
            [service("fulcio", "ca", 2**32)],
            [service("fulcio", "ca").replace("=1", "=x")],
            [service("fulcio", "ca", operator="")],
            [service("fulcio", "ca").replace(BEGIN, "")],
        ],
    )
    def test_what_nobody_could_follow_is_not_made(self, flags: list[str]) -> None:
        assert run(["signing-config", "create", *flags]) == 2


class TestInspectSigningConfig:
    def test_people_see_who_may_be_asked(self, capsys: Capture) -> None:
        text = out(capsys, "signing-config", "inspect", "config.json", "--at", AT)
        for part in (
            "Transparency logs: 2, asked: ANY\n",
            "  https://log.example\n    valid, version 1, not asked\n    example\n",
            "  https://shard.example\n    valid, version 2, may be asked\n",
            "Timestamp authorities: 1, asked: EXACT 1\n",
        ):
            assert part in text

    def test_programs_see_the_same(self, capsys: Capture) -> None:
        found = json.loads(out(capsys, "signing-config", "inspect", "config.json", "--at", AT, "-o", "json"))
        assert found["at"] == AT
        assert [(each["url"], each["suitable"]) for each in found["logs"]["services"]] == [
            ("https://log.example", False),
            ("https://shard.example", True),
        ]

    def test_now_is_the_moment_where_none_is_given_and_nobody_may_be_asked_before_their_time(
        self, capsys: Capture, folder: Path
    ) -> None:
        document = signing_config()
        document["caUrls"][0] |= {"validFor": {"start": "9000-01-01T00:00:00Z"}, "operator": ""}
        (folder / "early.json").write_bytes(encode_json(document))
        text = out(capsys, "signing-config", "inspect", "early.json")
        assert "  https://ca.example\n    not yet valid, version 1, not asked\nIdentity" in text
