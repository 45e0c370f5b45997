"""`policy-tester`: its flags with one dash or two, what it says where there is nothing to decide, and its texts."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cosignpy.cli.app import run
from cosignpy.cli.commands.policy_tester import USAGE
from cosignpy.core.encoding import encode_b64
from cosignpy.version import VERSION
from tests.support.image_policies import BY_KEY, FAIL, PASS, document
from tests.support.policy_resources import trust_root

Capture = pytest.CaptureFixture[str]
IMAGE: Final = "registry.invalid/app:1"
POD: Final = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "r"}, "spec": {}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def write(name: str, *documents: dict[str, Any]) -> str:
    Path(name).write_text("\n---\n".join(yaml.safe_dump(each) for each in documents))
    return name


def ask(*flags: str, capsys: Capture) -> tuple[int, Any, str]:
    """Return the exit code, what was said in JSON, and what was said beside it."""
    code = run(["policy-tester", *flags])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err


def test_the_verdict_is_the_exit_code(capsys: Capture) -> None:
    policy = write("policy.yaml", document(PASS))
    for dash in ("-", "--"):
        assert ask(f"{dash}policy", policy, f"{dash}image={IMAGE}", capsys=capsys) == (0, None, "")
    policy = write("policy.yaml", document(FAIL))
    errors = {"errors": ["disallowed by static policy: not here: "]}
    assert ask("-policy", policy, "-image", IMAGE, capsys=capsys) == (1, errors, "")


def test_no_variable_stands_for_a_flag(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_POLICY", write("policy.yaml", document(PASS)))
    monkeypatch.setenv("COSIGN_IMAGE", IMAGE)
    assert ask(capsys=capsys) == (1, None, f"{USAGE}\n")


@pytest.mark.parametrize(
    "flags", [(), ("-policy", "x"), ("-image", "x"), ("-policy", "x", "-image", "x", "-log-level", "loud")]
)
def test_what_is_missing_is_shown(flags: tuple[str, ...], capsys: Capture) -> None:
    assert ask(*flags, capsys=capsys) == (1, None, f"{USAGE}\n")


def test_version(capsys: Capture) -> None:
    assert run(["policy-tester", "-version"]) == 0
    assert capsys.readouterr().out == f"{VERSION}\n"


def test_unknown_flags_are_used_wrongly(capsys: Capture) -> None:
    assert ask("-colour", "blue", capsys=capsys)[0] == 2


def test_what_cannot_be_read(capsys: Capture) -> None:
    code, found, said = ask("-policy", "absent.yaml", "-image", IMAGE, capsys=capsys)
    assert (code, found) == (1, None)
    assert said == "CIP is invalid: absent.yaml: no such file or directory: policies[0].path\n"
    policy = write("policy.yaml", document(PASS))
    for flag in ("-resource", "-trustroot"):
        code, found, said = ask("-policy", policy, "-image", IMAGE, flag, "absent.yaml", capsys=capsys)
        assert (code, found, said) == (1, None, "absent.yaml: no such file or directory\n")


def test_what_is_not_what_it_should_be(capsys: Capture) -> None:
    policy = write("policy.yaml", document(PASS, mode="Warn"))
    assert ask("-policy", policy, "-image", IMAGE, capsys=capsys) == (
        1,
        None,
        "CIP is invalid: invalid value: invalid value: Warn: spec.mode\nunsupported mode: policies[0].path\n",
    )
    policy = write("policy.yaml", document(PASS))
    assert ask("-policy", policy, "-image", "a b", capsys=capsys)[2] == "could not parse reference: a b\n"
    resource = write("resource.yaml", {"kind": "Pod", "metadata": {}})
    assert ask("-policy", policy, "-image", IMAGE, "-resource", resource, capsys=capsys)[2] == (
        "kubernetes resource is missing spec key\n"
    )
    root = write("root.yaml", {"spec": {}})
    assert ask("-policy", policy, "-image", IMAGE, "-trustroot", root, capsys=capsys)[2] == (
        "provided trust root configuration is not supported\n"
    )
    packed = trust_root(repository={"root": encode_b64(b"{}"), "mirrorFS": encode_b64(b"x")})
    code, found, said = ask("-policy", policy, "-image", IMAGE, "-trustroot", write("r", packed), capsys=capsys)
    assert (code, found, said.count("\n")) == (1, None, 1)


def test_no_policy_is_about_it(capsys: Capture) -> None:
    policy = write("policy.yaml", document(PASS, images=[{"glob": "other/**"}]))
    errors = {"errors": [f"{IMAGE} is uncovered by policy"]}
    assert ask("-policy", policy, "-image", IMAGE, capsys=capsys) == (1, errors, "")
    policy = write("policy.yaml", document(PASS, match=[{"version": "v1", "resource": "pods"}]))
    assert ask("-policy", policy, "-image", IMAGE, capsys=capsys) == (1, errors, "")
    pod = write("resource.yaml", POD)
    assert ask("-policy", policy, "-image", IMAGE, "-resource", pod, capsys=capsys) == (0, None, "")


def test_labels_that_are_none(capsys: Capture) -> None:
    match = {"version": "v1", "resource": "pods", "selector": {"matchLabels": {"a b": "c"}}}
    policy, pod = write("policy.yaml", document(PASS, match=[match])), write("resource.yaml", POD)
    errors = {"errors": ["policy with wrong match label selector"]}
    assert ask("-policy", policy, "-image", IMAGE, "-resource", pod, capsys=capsys) == (1, errors, "")


def test_secrets_of_a_cluster_are_not_here(capsys: Capture) -> None:
    policy = write("policy.yaml", document({**BY_KEY, "source": [{"signaturePullSecrets": [{"name": "s"}]}]}))
    code, found, said = ask("-policy", policy, "-image", IMAGE, capsys=capsys)
    assert (code, found) == (2, None)
    assert said.startswith("panic: signaturePullSecrets (s)")


def test_warnings_are_told_beside_an_error_only(capsys: Capture) -> None:
    soft = document(FAIL, name="soft", mode="warn")
    policy = write("policy.yaml", soft)
    assert ask("-policy", policy, "-image", IMAGE, capsys=capsys) == (0, None, "")
    policy = write("policy.yaml", soft, document({"static": {"action": "fail", "message": "<no>"}}))
    text = "disallowed by static policy: not here: "
    found = {"errors": ["disallowed by static policy: <no>: "], "warnings": [text]}
    assert ask("-policy", policy, "-image", IMAGE, capsys=capsys) == (1, found, "")
    run(["policy-tester", "-policy", policy, "-image", IMAGE])
    assert "\\u003cno\\u003e" in capsys.readouterr().out


def test_a_place_that_cannot_be_is_asked_only_for_signatures(capsys: Capture) -> None:
    policy = write("policy.yaml", document(PASS))
    name = "https://registry.example/app:v1"
    assert ask("-policy", policy, "-image", name, capsys=capsys) == (0, None, "")
    policy = write("policy.yaml", document(BY_KEY))
    code, found, said = ask("-policy", policy, "-image", name, capsys=capsys)
    assert (code, len(found["errors"]), said) == (1, 1, "")
    assert found["errors"][0].startswith(f"signature key validation failed for authority authority-0 for {name}: ")


def test_requests_are_told_on_demand(capsys: Capture) -> None:
    policy = write("policy.yaml", document(PASS))
    assert ask("-policy", policy, "-image", IMAGE, "-log-level", "debug", capsys=capsys)[:2] == (0, None)
