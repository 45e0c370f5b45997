"""`context`: what each command does to the configuration file, what it prints, and what it refuses."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.app import run
from cosignpy.cli.contexts import load_contexts
from cosignpy.core.encoding import encode_json
from cosignpy.core.trust.client_trust_config import CLIENT_TRUST_CONFIG, parse_client_trust_config
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from tests.support.trust_documents import signing_config, trusted_root
from tests.support.trust_repository import TrustRepository

Capture = pytest.CaptureFixture[str]
ISSUER: Final = "--oidc-issuer=https://issuer.example"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COSIGNPY_CONTEXT")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    documents = {"root.json": trusted_root(), "services.json": signing_config()}
    documents["both.json"] = {
        "mediaType": CLIENT_TRUST_CONFIG,
        "trustedRoot": trusted_root(),
        "signingConfig": signing_config(),
    }
    for name, document in documents.items():
        (tmp_path / name).write_bytes(encode_json(document))
    return tmp_path


def out(capture: Capture, *argv: str) -> str:
    assert run(argv) == 0
    return capture.readouterr().out


def refused(capture: Capture, *argv: str, code: int = 2) -> str:
    assert run(argv) == code
    return capture.readouterr().err


def test_a_context_is_made_shown_used_and_removed(capsys: Capture, folder: Path) -> None:
    assert (
        out(capsys, "context", "list") == "* default  no context: the public good instance, or what was initialized\n"
    )
    out(capsys, "context", "create", "staging", "--trust-config=both.json", ISSUER, "--description=for us")
    assert out(capsys, "context", "list").endswith("\n  staging  for us\n")
    out(capsys, "context", "use", "staging")
    assert out(capsys, "context", "list").splitlines()[1] == "* staging  for us"
    shown = f"description: for us\ntrust_config: {folder}/both.json\noidc_issuer: https://issuer.example\n"
    assert out(capsys, "context", "show") == shown
    assert "is the current one" in refused(capsys, "context", "delete", "staging")
    out(capsys, "context", "use", "default")
    assert out(capsys, "context", "show") == ""
    out(capsys, "context", "delete", "staging")
    assert load_contexts(folder / "home/cosignpy/config.yaml").contexts == {}
    assert (folder / "both.json").exists()


def test_programs_see_the_same(capsys: Capture, folder: Path) -> None:
    out(capsys, "context", "create", "x", "--registry-cacert=both.json", "--allow-http-registry")
    settings = {"registry_cacert": f"{folder}/both.json", "allow_http_registry": True}
    assert json.loads(out(capsys, "context", "show", "x", "-o", "json")) == settings
    assert json.loads(out(capsys, "context", "list", "-o", "json")) == {
        "current": "default",
        "contexts": {"x": settings},
    }


def test_a_context_that_says_nothing_is_said_to(capsys: Capture) -> None:
    """Programs get an empty object all the same, and a person is not left with an empty line."""
    out(capsys, "context", "create", "x")
    for argv, said in ((("x",), "The context x says nothing.\n"), ((), "No context is current.\n")):
        assert run(["context", "show", *argv, "-o", "json"]) == 0
        assert capsys.readouterr() == ("{}\n", said)
    out(capsys, "context", "set", "x", "--description=now")
    assert run(["context", "show", "x"]) == 0
    assert capsys.readouterr().err == ""


def test_what_was_done_is_said(capsys: Capture, folder: Path) -> None:
    out(capsys, "context", "create", "x", "--trust-config=both.json")
    assert run(["context", "set", "x", "--description=now"]) == 0
    assert capsys.readouterr().err == "The context x is changed.\n"
    assert run(["context", "export", "x", "--out", "trust.json"]) == 0
    assert capsys.readouterr() == ("", "Wrote client trust config to file trust.json\n")
    assert (folder / "trust.json").exists()


def test_switches_are_shown_as_the_file_has_them(capsys: Capture) -> None:
    out(capsys, "context", "create", "x", "--allow-http-registry", "--no-allow-insecure-registry")
    shown = "allow_http_registry: true\nallow_insecure_registry: false\n"
    assert out(capsys, "context", "show", "x") == shown


def test_what_counts_is_what_flag_and_variable_say(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        out(capsys, "context", "create", name, f"--oidc-client-id={name}")
    monkeypatch.setenv("COSIGNPY_CONTEXT", "one")
    assert out(capsys, "context", "show") == "oidc_client_id: one\n"
    assert out(capsys, "context", "show", "--context=two") == "oidc_client_id: two\n"
    assert "* two" in out(capsys, "context", "list", "--context=two")
    assert run(["context", "use", "two"]) == 0
    assert "WARNING: COSIGNPY_CONTEXT is one" in capsys.readouterr().err
    assert run(["context", "use", "one"]) == 0
    assert "WARNING" not in capsys.readouterr().err


def test_a_context_that_counts_and_is_not_there_is_said(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    out(capsys, "context", "create", "one")
    for name, said in (("one", False), ("default", False), ("gone", True)):
        monkeypatch.setenv("COSIGNPY_CONTEXT", name)
        assert run(["context", "list"]) == 0
        assert ("WARNING: gone is the context that counts" in capsys.readouterr().err) is said


def test_variables_of_flags_are_not_written_into_contexts(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_OIDC_ISSUER", "https://environment.example")
    monkeypatch.setenv("COSIGN_ALLOW_HTTP_REGISTRY", "true")
    out(capsys, "context", "create", "x")
    assert out(capsys, "context", "show", "x") == ""


def test_set_changes_what_it_is_given_and_leaves_the_rest(capsys: Capture) -> None:
    out(capsys, "context", "create", "x", ISSUER, "--oidc-client-id=me", "--allow-http-registry")
    out(capsys, "context", "set", "x", "--oidc-client-id=you", "--unset=--oidc-issuer", "--unset=allow_http_registry")
    assert out(capsys, "context", "show", "x") == "oidc_client_id: you\n"


@pytest.mark.parametrize(
    ("argv", "code", "part"),
    [
        (["create", "x", ISSUER], 2, "there is a context 'x' already"),
        (["create", "a/b"], 2, "is no name of a context"),
        (["create", "default"], 2, "having no context"),
        (["create", "y", "--oidc-issuer=issuer"], 2, "oidc_issuer: malformed URL"),
        (["create", "y", "--oidc-issuer="], 2, "oidc_issuer is empty"),
        (["create", "y", "--trust-config=both.json", "--trusted-root=root.json"], 2, "two ways"),
        (["create", "y", "--trust-config=absent.json"], 3, "absent.json: there is no such file, for --trust-config"),
        (
            ["create", "y", "--registry-cacert=absent.pem"],
            3,
            "absent.pem: there is no such file, for --registry-cacert",
        ),
        (["create", "y", "--trusted-root=."], 3, "it is a directory, for --trusted-root"),
        (["create", "y", "--trust-config=root.json"], 4, "client trust config"),
        (["create", "y", "--trusted-root=services.json"], 4, "trusted root"),
        (["create", "y", "--signing-config=root.json"], 4, "signing config"),
        (["set", "xx", ISSUER], 2, "did you mean x?"),
        (["set", "x", "--rekor-url=https://b", "--rekor-v2-url=https://c"], 2, "two ways"),
        (["set", "x", "--trusted-root=absent.json"], 3, "absent.json"),
        (["set", "x", "--unset=password"], 2, "'password' is no setting"),
        (["set", "x", "--unset=password"], 2, "hint: there are: description, trust-config,"),
        (["set", "x"], 2, "nothing to change"),
        (["use", "xx"], 2, "did you mean x?"),
        (["show", "xx"], 2, "did you mean x?"),
        (["show", "--context=xx"], 2, "did you mean x?"),
        (["delete", "xx"], 2, "did you mean x?"),
        (["export", "xx"], 2, "did you mean x?"),
    ],
)
def test_what_is_refused_leaves_the_file_as_it_was(
    capsys: Capture, folder: Path, argv: list[str], code: int, part: str
) -> None:
    out(capsys, "context", "create", "x", "--description=before")
    before = (folder / "home/cosignpy/config.yaml").read_bytes()
    assert part in refused(capsys, "context", *argv, code=code)
    assert (folder / "home/cosignpy/config.yaml").read_bytes() == before


class TestExport:
    def test_a_document_of_both_is_given_back(self, capsys: Capture, folder: Path) -> None:
        out(capsys, "context", "create", "x", "--trust-config=both.json")
        assert json.loads(out(capsys, "context", "export", "x")) == json.loads((folder / "both.json").read_bytes())
        assert out(capsys, "context", "export", "x", "--out=made.json") == ""
        out(capsys, "context", "create", "y", "--trust-config=made.json")
        assert out(capsys, "context", "export", "y") == out(capsys, "context", "export", "x")

    def test_two_documents_become_one(self, capsys: Capture, folder: Path) -> None:
        out(capsys, "context", "create", "x", "--trusted-root=root.json", "--signing-config=services.json")
        out(capsys, "context", "use", "x")
        assert json.loads(out(capsys, "context", "export")) == json.loads((folder / "both.json").read_bytes())

    def test_addresses_become_a_signing_config(self, capsys: Capture) -> None:
        flags = ("--fulcio-url=https://ca.example", "--rekor-v2-url=https://log.example")
        out(capsys, "context", "create", "x", "--trusted-root=both.json", *flags)
        found = parse_client_trust_config(out(capsys, "context", "export", "x").encode()).signing_config
        assert [each.url for each in found.certificate_authorities] == ["https://ca.example"]
        assert [(each.url, each.major_api_version) for each in found.logs] == [("https://log.example", 2)]
        assert found.identity_providers == ()

    def test_the_issuer_is_who_says_who_somebody_is(self, capsys: Capture) -> None:
        out(capsys, "context", "create", "x", "--trust-config=both.json", ISSUER)
        found = parse_client_trust_config(out(capsys, "context", "export", "x").encode()).signing_config
        assert [each.url for each in found.identity_providers] == ["https://issuer.example"]

    def test_what_a_mirror_has_is_fetched(self, capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        contents = {TRUSTED_ROOT: encode_json(trusted_root()), SIGNING_CONFIG: encode_json(signing_config())}
        TrustRepository(datetime.now(UTC), contents).write(folder / "mirror")
        monkeypatch.setenv("TUF_ROOT", str(folder / "cache"))
        mirror = (f"--tuf-mirror=file://{folder}/mirror", "--tuf-root=mirror/1.root.json")
        out(capsys, "context", "create", "x", *mirror)
        assert json.loads(out(capsys, "context", "export", "x")) == json.loads((folder / "both.json").read_bytes())

    def test_the_environment_does_not_get_into_it(
        self, capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out(capsys, "context", "create", "x", "--trust-config=both.json")
        monkeypatch.setenv("COSIGN_TRUSTED_ROOT", "absent.json")
        monkeypatch.setenv("TUF_MIRROR", f"file://{folder}/absent")
        assert json.loads(out(capsys, "context", "export", "x")) == json.loads((folder / "both.json").read_bytes())

    def test_a_document_that_is_gone_is_named_with_its_setting(self, capsys: Capture, folder: Path) -> None:
        out(capsys, "context", "create", "x", "--trust-config=both.json")
        (folder / "both.json").unlink()
        line = f"Error: {folder}/both.json: there is no such file; trust_config of the context x names it\n"
        assert refused(capsys, "context", "export", "x", code=3) == line


class TestInitialize:
    """The mirror of a context is that context's alone."""

    @pytest.fixture(autouse=True)
    def mirrors(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("ours", "other"):
            TrustRepository(datetime.now(UTC)).write(folder / name)
        monkeypatch.setenv("TUF_ROOT", str(folder / "cache"))

    def create(self, capsys: Capture, folder: Path) -> None:
        out(capsys, "context", "create", "x", f"--tuf-mirror=file://{folder}/ours", "--tuf-root=ours/1.root.json")

    def test_it_is_fetched_and_chosen_for_nobody_else(self, capsys: Capture, folder: Path) -> None:
        self.create(capsys, folder)
        assert run(["initialize", "--context=x"]) == 0
        assert f"file://{folder}/ours is trusted until" in capsys.readouterr().err
        assert not (folder / "cache/remote.json").exists()

    def test_another_is_chosen_with_a_warning(self, capsys: Capture, folder: Path) -> None:
        self.create(capsys, folder)
        other = (f"--mirror=file://{folder}/other", "--root=other/1.root.json")
        assert run(["initialize", "--context=x", *other]) == 0
        warning = (
            f"WARNING: the context x names another mirror, file://{folder}/ours, which counts as long as it does\n"
        )
        assert warning in capsys.readouterr().err
        assert json.loads((folder / "cache/remote.json").read_bytes()) == {"mirror": f"file://{folder}/other"}
        assert run(["initialize", *other]) == 0
        assert "WARNING" not in capsys.readouterr().err

    def test_the_root_of_the_context_is_not_that_of_another_mirror(self, capsys: Capture, folder: Path) -> None:
        self.create(capsys, folder)
        assert run(["initialize", "--context=x", f"--mirror=file://{folder}/other"]) != 0

    def test_a_root_that_is_gone_is_named_with_its_setting(self, capsys: Capture, folder: Path) -> None:
        self.create(capsys, folder)
        (folder / "ours/1.root.json").unlink()
        assert "tuf_root of the context x names it" in refused(capsys, "initialize", "--context=x", code=3)


def test_a_mistake_in_the_file_is_told_with_its_line(capsys: Capture, folder: Path) -> None:
    (folder / "home/cosignpy").mkdir(parents=True)
    (folder / "home/cosignpy/config.yaml").write_text("contexts:\n  x:\n    oidc_isuer: https://issuer.example\n")
    said = refused(capsys, "whoami")
    assert said.startswith(f"Error: {folder}/home/cosignpy/config.yaml:3: contexts.x.oidc_isuer: no such setting\n")
    assert "hint: did you mean oidc_issuer?" in said
