"""SBOMs attached to images, and found again, against a registry with and without a referrers API."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.referrer import build_bundle_referrer
from tests.support.attached import MOMENT
from tests.support.attached import SPDX as ATTESTED
from tests.support.predicates import example

Capture = pytest.CaptureFixture[str]
CYCLONEDX = b'{"bomFormat":"CycloneDX", "specVersion":"1.6", "n": 1.10}\n'
SPDX = b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n"
FULL = (
    b'{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"app","dataLicense":"CC0-1.0","documentNamespace":'
    b'"https://example.com/app","creationInfo":{"created":"2026-01-01T00:00:00Z","creators":["Tool: none"]}}'
)


@pytest.fixture(autouse=True)
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    (home / "cdx.json").write_bytes(CYCLONEDX)
    (home / "app.spdx").write_bytes(SPDX)
    (home / "app.spdx.json").write_bytes(FULL)
    (home / "app.cdx.json").write_bytes(example("cyclonedx"))
    (home / "other").write_text("hello\n")
    return home


def attach(name: str, *argv: str, code: int = 0) -> None:
    assert run(["attach", "sbom", *argv, name]) == code


def test_what_is_attached_is_downloaded_to_the_last_octet(shelf: Any, capfdbinary: Any) -> None:
    name = f"{shelf.address}/team/app@{shelf.child.digest}"
    attach(name, "--sbom=cdx.json")
    capfdbinary.readouterr()
    assert run(["download", "sbom", name]) == 0
    printed = capfdbinary.readouterr()
    assert printed.out == CYCLONEDX
    assert b"Found SBOM of media type: application/vnd.cyclonedx+json" in printed.err


def test_it_may_go_into_a_file(shelf: Any, home: Path) -> None:
    name = f"{shelf.address}/team/app@{shelf.child.digest}"
    attach(name, "--sbom=cdx.json")
    assert run(["download", "sbom", "--output-file=found", name]) == 0
    assert (home / "found").read_bytes() == CYCLONEDX


def test_another_takes_its_place_with_a_warning(shelf: Any, capsys: Capture) -> None:
    name = f"{shelf.address}/team/app:1"
    attach(name, "--sbom=app.spdx")
    assert "is replaced: sha256:" in capsys.readouterr().err
    attach(name, "--sbom=app.spdx")
    assert "is replaced" not in capsys.readouterr().err
    assert run(["download", "sbom", name]) == 0
    assert capsys.readouterr().out == SPDX.decode()


def test_it_may_come_from_standard_input(shelf: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(SPDX)))
    attach(f"{shelf.address}/team/app:1", "--sbom=-")
    assert "to sign it: cosignpy attest --sbom-from -" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        ((), 2, "no SBOM to attach"),
        (("--sbom=none",), 3, "no such file"),
        (("--sbom=other",), 4, "malformed SBOM in other: line 1"),
        (("--sbom=cdx.json", "--type=spdx"), 2, "the SBOM is CycloneDX as JSON, and not spdx"),
        (("--sbom=cdx.json", "--input-format=xml"), 2, "the SBOM is CycloneDX as JSON, and not xml"),
        (("--sbom=cdx.json", "--type=nonsense"), 2, "nonsense"),
        (("--sbom=other", "--no-validate", "--type=syft", "--input-format=xml"), 2, "there is no syft as xml"),
    ],
)
def test_an_sbom_is_what_it_says(shelf: Any, capsys: Capture, argv: tuple[str, ...], code: int, said: str) -> None:
    attach(f"{shelf.address}/team/app@{shelf.child.digest}", *argv, code=code)
    assert said in capsys.readouterr().err
    assert run(["download", "sbom", f"{shelf.address}/team/app@{shelf.child.digest}"]) == 10


def test_an_sbom_has_a_limit(shelf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{shelf.address}/team/app@{shelf.child.digest}"
    monkeypatch.setenv("COSIGN_MAX_ATTACHMENT_SIZE", str(len(CYCLONEDX)))
    attach(name, "--sbom=cdx.json")
    monkeypatch.setenv("COSIGN_MAX_ATTACHMENT_SIZE", str(len(CYCLONEDX) - 1))
    attach(name, "--sbom=cdx.json", code=4)
    assert run(["download", "sbom", name]) == 4


def test_any_file_is_taken_where_nobody_is_to_look(shelf: Any, capsys: Capture) -> None:
    name = f"{shelf.address}/team/app@{shelf.child.digest}"
    attach(name, "--sbom=other", "--no-validate", "--input-format=json")
    assert "WARNING: --no-validate" in capsys.readouterr().err
    assert run(["download", "sbom", name]) == 0
    assert "text/spdx+json" in capsys.readouterr().err


def test_an_attested_one_is_found_where_none_is_attached(shelf: Any, capsys: Capture) -> None:
    name = f"{shelf.address}/team/app@{shelf.child.digest}"
    assert run(["generate-key-pair"]) == 0
    assert run(["attest", "--key=cosign.key", "--tlog-upload=false", "--sbom-from=app.spdx.json", name]) == 0
    capsys.readouterr()
    assert run(["download", "sbom", name]) == 0
    printed = capsys.readouterr()
    assert printed.out == FULL.decode()
    for said in ("is not verified here", f"verify-attestation --type spdx {name}", "Found SBOM of predicate type"):
        assert said in printed.err
    attach(name, "--sbom=cdx.json")
    capsys.readouterr()
    assert run(["download", "sbom", name]) == 0
    assert capsys.readouterr().out == CYCLONEDX.decode()


def test_what_is_not_printed_is_told(shelf: Any, capsys: Capture) -> None:
    name = f"{shelf.address}/team/app@{shelf.child.digest}"
    assert run(["generate-key-pair"]) == 0
    for file in ("app.spdx.json", "app.cdx.json"):
        assert run(["attest", "--key=cosign.key", "--tlog-upload=false", f"--sbom-from={file}", name]) == 0
    repository = shelf.repository()
    repository.push_blob(b"{}")
    repository.push_manifest(build_bundle_referrer(b"{}", shelf.child, ATTESTED, MOMENT))
    capsys.readouterr()
    assert run(["download", "sbom", name]) == 0
    printed = capsys.readouterr()
    assert printed.out == Path("app.cdx.json").read_text()
    assert f"({ATTESTED})" in printed.err
    for said in ("there is another: bundle sha256:", "WARNING: left out: bundle sha256:"):
        assert printed.err.count(said) == 1


def test_of_an_index_a_platform_s_is_found(shelf: Any, capsys: Capture) -> None:
    name = f"{shelf.address}/team/app"
    (Path("amd64")).write_text("one")
    (Path("arm64")).write_text("two")
    files = ("-f=amd64:linux/amd64", "-f=arm64:linux/arm64")
    assert run(["upload", "blob", *[part for file in files for part in file.split("=")], f"{name}:many"]) == 0
    index = shelf.repository().fetch_manifest("many")
    attach(f"{name}@{index.manifests[1].digest}", "--sbom=cdx.json")
    capsys.readouterr()
    assert run(["download", "sbom", "--platform=linux/arm64", f"{name}:many"]) == 0
    assert capsys.readouterr().out == CYCLONEDX.decode()
    for platform, code in (("linux/amd64", 10), ("linux/riscv64", 11), ("linux", 4)):
        assert run(["download", "sbom", f"--platform={platform}", f"{name}:many"]) == code
    assert "it has linux/amd64, linux/arm64" in capsys.readouterr().err
    assert run(["download", "sbom", "--platform=linux/amd64", f"{name}:1"]) == 2


def test_other_commands_know_it(shelf: Any, capsys: Capture) -> None:
    name = f"{shelf.address}/team/app@{shelf.child.digest}"
    attach(name, "--sbom=cdx.json")
    capsys.readouterr()
    tag = f"sha256-{shelf.child.digest.hex}.sbom"
    assert run(["triangulate", "--type=sbom", name]) == 0
    assert capsys.readouterr().out == f"{shelf.address}/team/app:{tag}\n"
    assert run(["tree", "-o", "json", name]) == 0
    shown = json.loads(capsys.readouterr().out)["attachments"]
    assert [item["reference"] for item in shown if item["type"] == "sbom"] == [f"{shelf.address}/team/app:{tag}"]
    assert run(["copy", "--only=sbom", name, f"{shelf.address}/team/copied"]) == 0
    assert run(["copy", name, f"{shelf.address}/team/copied:1"]) == 0
    assert run(["save", "--dir=saved", name]) == 0
    assert run(["load", "--dir=saved", f"{shelf.address}/team/loaded:1"]) == 0
    for place in ("copied", "loaded"):
        capsys.readouterr()
        assert run(["download", "sbom", f"{shelf.address}/team/{place}:1"]) == 0
        assert capsys.readouterr().out == CYCLONEDX.decode()
    assert run(["clean", "--type=sbom", "-f", name]) == 0
    assert run(["download", "sbom", name]) == 10
    assert run(["download", "sbom", f"{shelf.address}/team/app:none"]) == 11
