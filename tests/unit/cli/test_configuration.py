"""Flags beat the environment, that beats the context, and that beats the default: for each setting, and in each way."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import build_command
from cosignpy.cli.command_table import COMMANDS, Command
from cosignpy.cli.configuration import (
    check_file,
    configuration_file,
    current_context,
    environment,
    settings,
    settle,
)
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.precedence import SETTINGS, Layer
from cosignpy.errors import FileError, UsageError

WITHOUT_FLAGS: Final = {"tuf_mirror", "tuf_root", "repository"}
FILES: Final = {
    *("trusted_root", "signing_config", "tuf_root", "oidc_client_secret_file"),
    *("registry_cacert", "registry_client_cert", "registry_client_key"),
}
SWITCHES: Final = {name for name, setting in SETTINGS.items() if isinstance(setting.default, bool)}
URLS: Final = {"fulcio_url", "rekor_url", "rekor_v2_url", "timestamp_server_url", "oidc_issuer", "tuf_mirror"}

WINNERS: Final = (Layer.FLAG, Layer.ENVIRONMENT, Layer.CONTEXT, Layer.DEFAULT)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("COSIGNPY_CONTEXT")
    monkeypatch.setenv("COSIGNPY_CONFIG", str(tmp_path / "config.yaml"))
    (tmp_path / "config.yaml").write_text("")
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    CURRENT.context, CURRENT.given, CURRENT.settings = "", {}, None


def write_context(folder: Path, *lines: str) -> None:
    body = "".join(f"    {line}\n" for line in lines) if lines else "    description: nothing\n"
    (folder / "config.yaml").write_text(f"current: here\ncontexts:\n  here:\n{body}")


def parse(name: str, *argv: str) -> dict[str, Any]:
    """Return the flags of a command as its function would get them."""
    entry = COMMANDS[name]
    assert isinstance(entry, Command)
    context = build_command(name, entry).make_context(name, list(argv))
    settle(context)
    return dict(context.params)


def said_by(layer: Layer, name: str, winner: Layer) -> str:
    """Return what a layer says: something of its own, and of switches the winner alone the one thing."""
    if name in SWITCHES:
        return "true" if layer is winner else "false"
    word = layer.name.lower()
    if name == "oidc_redirect_url":
        return f"http://localhost:0/{word}"
    return f"https://{word}.example" if name in URLS else f"{word}.file" if name in FILES else word


def expected(folder: Path, name: str, winner: Layer) -> object:
    if winner is Layer.DEFAULT:
        return {"oidc_issuer": "https://oauth2.sigstore.dev/auth", "oidc_client_id": "sigstore"}.get(name)
    text = said_by(winner, name, winner)
    if name in SWITCHES:
        return True
    if name == "timestamp_server_url":
        return (text,)
    return str(folder / text) if name in FILES and winner is Layer.CONTEXT else text


def say(folder: Path, name: str, winner: Layer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the winner speak, and everybody who is heard after it."""
    if winner >= Layer.CONTEXT:
        extra = ["tuf_mirror: https://tuf.example"] if name == "tuf_root" else []
        write_context(folder, f"{name}: {said_by(Layer.CONTEXT, name, winner)}", *extra)
    if winner >= Layer.ENVIRONMENT:
        monkeypatch.setenv(SETTINGS[name].variable, said_by(Layer.ENVIRONMENT, name, winner))
    flag = f"--{name.replace('_', '-')}={said_by(Layer.FLAG, name, winner)}"
    return [flag] if winner is Layer.FLAG else []


@pytest.mark.parametrize("winner", WINNERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("name", sorted(SETTINGS.keys() - WITHOUT_FLAGS))
def test_the_first_of_flag_environment_context_and_default_counts(
    folder: Path, name: str, winner: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = say(folder, name, winner, monkeypatch)
    found = parse("sign", *argv, "image")
    assert (found[name] or None) == expected(folder, name, winner)
    source = {
        Layer.FLAG: f"--{name.replace('_', '-')}",
        Layer.ENVIRONMENT: f"COSIGN_{name.upper()}",
        Layer.CONTEXT: f"context here: {name}",
        Layer.DEFAULT: "default",
    }[winner]
    one = settings()[name]
    assert (one.layer, one.described) == (winner, source)
    assert winner is Layer.DEFAULT or one.content == found[name]


@pytest.mark.parametrize("name", sorted(SWITCHES))
def test_what_is_switched_off_is_heard_as_well(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = f"--{name.replace('_', '-')}"
    write_context(folder, f"{name}: true")
    assert parse("sign", "image")[name] is True
    forget()
    assert [parse("sign", f"{flag}=false", "image")[name], settings()[name].layer] == [False, Layer.FLAG]
    forget()
    monkeypatch.setenv(f"COSIGN_{name.upper()}", "false")
    assert [parse("sign", "image")[name], settings()[name].layer] == [False, Layer.ENVIRONMENT]
    forget()
    assert parse("sign", flag, "image")[name] is True


@pytest.mark.parametrize("winner", WINNERS[1:], ids=lambda layer: layer.name)
@pytest.mark.parametrize("name", sorted(WITHOUT_FLAGS))
def test_what_has_no_flag_is_in_the_environment(
    folder: Path, name: str, winner: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(folder, name, winner, monkeypatch)
    variable = SETTINGS[name].variable
    assert environment().get(variable) == expected(folder, name, winner)
    assert environment()["COSIGNPY_CONFIG"] == str(folder / "config.yaml")
    source = {Layer.ENVIRONMENT: variable, Layer.CONTEXT: f"context here: {name}", Layer.DEFAULT: "default"}[winner]
    assert settings()[name].described == source


def test_a_setting_that_the_command_has_no_flag_for_is_still_found_in_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COSIGN_OIDC_ISSUER", "https://issuer.example")
    parse("verify", "image")
    found = settings()["oidc_issuer"]
    assert (found.content, found.source) == ("https://issuer.example", "COSIGN_OIDC_ISSUER")


def test_an_empty_variable_says_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_context(folder, "oidc_issuer: https://context.example", "tuf_mirror: https://tuf.example")
    monkeypatch.setenv("COSIGN_OIDC_ISSUER", "")
    monkeypatch.setenv("TUF_MIRROR", "")
    assert parse("sign", "image")["oidc_issuer"] == "https://context.example"
    assert environment()["TUF_MIRROR"] == "https://tuf.example"


def test_an_empty_flag_says_that_the_context_is_not_to_be_heard(folder: Path) -> None:
    write_context(folder, "trusted_root: root.json")
    assert parse("verify", "--trusted-root=", "image")["trusted_root"] == ""


class TestOtherWaysToSayIt:
    """Who is heard about a thing is heard about the other ways to say it."""

    SIGNING_CONFIG: Final = ("signing_config: services.json",)
    ADDRESSES: Final = ("fulcio_url: https://ca.example", "rekor_url: https://log.example")

    @pytest.mark.parametrize(
        "flag",
        [
            "--fulcio-url=https://x",
            "--rekor-url=https://x",
            "--rekor-v2-url=https://x",
            "--timestamp-server-url=https://x",
        ],
    )
    def test_an_address_beats_the_signing_config_of_a_lower_layer(self, folder: Path, flag: str) -> None:
        write_context(folder, *self.SIGNING_CONFIG)
        assert parse("sign", flag, "image")["signing_config"] == ""

    def test_a_signing_config_beats_the_addresses_of_lower_layers(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_context(folder, *self.ADDRESSES)
        monkeypatch.setenv("COSIGN_TIMESTAMP_SERVER_URL", "https://tsa.example")
        found = parse("sign", "--signing-config=mine.json", "image")
        assert [found[name] or "" for name in ("fulcio_url", "rekor_url", "timestamp_server_url")] == [""] * 3

    def test_who_says_nothing_about_a_thing_beats_no_other_way_to_say_it(self, folder: Path) -> None:
        write_context(folder, *self.ADDRESSES)
        assert parse("sign", "--signing-config=", "image")["fulcio_url"] == "https://ca.example"

    def test_one_layer_may_say_what_contradicts_itself_and_is_told_so_later(self) -> None:
        found = parse("sign", "--signing-config=mine.json", "--fulcio-url=https://ca.example", "image")
        assert (found["signing_config"], found["fulcio_url"]) == ("mine.json", "https://ca.example")

    def test_addresses_of_other_services_stay(self, folder: Path) -> None:
        write_context(folder, *self.ADDRESSES)
        found = parse("sign", "--timestamp-server-url=https://tsa.example", "image")
        assert (found["fulcio_url"], found["rekor_url"]) == ("https://ca.example", "https://log.example")

    @pytest.mark.parametrize(("flag", "beaten"), [("rekor-v2-url", "rekor_url"), ("rekor-url", "rekor_v2_url")])
    def test_of_two_logs_the_one_of_the_higher_layer_counts(self, folder: Path, flag: str, beaten: str) -> None:
        write_context(folder, f"{beaten}: https://log.example")
        assert parse("sign", f"--{flag}=https://other.example", "image")[beaten] == ""

    @pytest.mark.parametrize(
        "line",
        [
            *("trusted_root: root.json", "signing_config: services.json", "trust_config: both.json"),
            *("fulcio_url: https://x", "rekor_url: https://x", "rekor_v2_url: https://x"),
            "timestamp_server_url: https://x",
        ],
    )
    def test_a_mirror_in_the_environment_beats_the_documents_of_the_context(
        self, folder: Path, line: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_context(folder, line)
        monkeypatch.setenv("TUF_MIRROR", "https://tuf.example")
        parse("sign", "image")
        assert {name for name, found in settings().items() if found.layer is Layer.CONTEXT} == set()

    def test_the_root_of_one_mirror_is_not_that_of_another(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_context(folder, "tuf_mirror: https://tuf.example", "tuf_root: root.json")
        assert environment()["TUF_ROOT_JSON"] == str(folder / "root.json")
        forget()
        monkeypatch.setenv("TUF_MIRROR", "https://other.example")
        assert "TUF_ROOT_JSON" not in environment()

    def test_a_mirror_of_the_context_stands_beside_its_documents(self, folder: Path) -> None:
        write_context(folder, "tuf_mirror: https://tuf.example", "trusted_root: root.json")
        assert parse("sign", "image")["trusted_root"] == str(folder / "root.json")

    def test_to_refuse_signing_configs_is_to_refuse_the_contexts(self, folder: Path) -> None:
        write_context(folder, *self.SIGNING_CONFIG)
        assert parse("sign", "--use-signing-config=false", "image")["signing_config"] == ""
        forget()
        assert parse("sign", "--use-signing-config", "image")["signing_config"] == str(folder / "services.json")

    def test_one_document_is_both_of_them(self, folder: Path) -> None:
        write_context(folder, "trust_config: both.json")
        found = parse("sign", "--trusted-root=root.json", "image")
        assert (found["trusted_root"], found["signing_config"]) == ("root.json", str(folder / "both.json"))
        assert settings()["signing_config"].described == "context here: trust_config"


@pytest.mark.parametrize(
    ("command", "flag"), [("signing-config create", "oidc_provider"), ("context create", "oidc_issuer")]
)
def test_a_flag_of_the_same_name_that_means_something_else_is_left_alone(folder: Path, command: str, flag: str) -> None:
    write_context(folder, "oidc_provider: google", "oidc_issuer: https://context.example")
    group, _, name = command.partition(" ")
    entry = COMMANDS[group].commands[name]  # type: ignore[union-attr]
    context = build_command(name, entry).make_context(name, ["new"] if group == "context" else [])
    settle(context)
    assert not context.params[flag]


class TestWhichContext:
    def test_the_flag_beats_the_variable_and_that_the_file(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        contexts = "".join(f"  {name}: {{oidc_client_id: {name}}}\n" for name in ("flag", "variable", "current"))
        (folder / "config.yaml").write_text(f"current: current\ncontexts:\n{contexts}")
        assert parse("sign", "image")["oidc_client_id"] == "current"
        forget()
        monkeypatch.setenv("COSIGNPY_CONTEXT", "variable")
        assert parse("sign", "image")["oidc_client_id"] == "variable"
        forget()
        assert parse("sign", "image", "--context=flag")["oidc_client_id"] == "flag"
        forget()
        assert parse("sign", "image", "--context=default")["oidc_client_id"] == "sigstore"

    def test_without_a_current_one_there_is_none(self, folder: Path) -> None:
        (folder / "config.yaml").write_text("contexts:\n  here: {oidc_client_id: here}\n")
        assert current_context() is None

    def test_an_unknown_name_is_an_error_that_knows_the_nearest(self, folder: Path) -> None:
        (folder / "config.yaml").write_text("contexts:\n  staging: {}\n  production: {}\n")
        with pytest.raises(UsageError, match="'stagin'") as caught:
            parse("sign", "image", "--context=stagin")
        assert caught.value.hint == "did you mean staging?"

    def test_a_current_one_that_is_gone_is_an_error(self, folder: Path) -> None:
        (folder / "config.yaml").write_text("current: gone\n")
        with pytest.raises(UsageError, match="'gone'"):
            current_context()

    def test_a_name_without_a_file_is_an_error(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("COSIGNPY_CONFIG")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "empty"))
        CURRENT.context = "here"
        with pytest.raises(UsageError) as caught:
            current_context()
        assert caught.value.hint == "make it: cosignpy context create here"
        CURRENT.context = ""
        assert current_context() is None

    def test_a_file_that_the_variable_names_has_to_be_there(self, folder: Path) -> None:
        (folder / "config.yaml").unlink()
        with pytest.raises(FileError) as caught:
            current_context()
        assert (caught.value.path, "COSIGNPY_CONFIG" in caught.value.why) == (str(folder / "config.yaml"), True)

    def test_none_is_wanted_whatever_the_file_is_like(self, folder: Path) -> None:
        (folder / "config.yaml").write_text("nonsense")
        CURRENT.context = "default"
        assert current_context() is None

    def test_commands_without_settings_read_no_file(self, folder: Path) -> None:
        (folder / "config.yaml").write_text("nonsense")
        assert parse("version") is not None


@pytest.mark.parametrize("there", [False, True])
def test_yaml_is_imported_where_there_is_a_file_alone(folder: Path, there: bool) -> None:
    program = """
import sys
from cosignpy.cli.app import run
code = run(["verify", "--key", "absent.pub", "registry.example/app"])
print(code, *sorted({"yaml", "cosignpy.cli.contexts", "cosignpy.serving.settings"} & set(sys.modules)))
"""
    environment = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(folder)}
    if there:
        (folder / "cosignpy").mkdir()
        (folder / "config.yaml").rename(folder / "cosignpy" / "config.yaml")
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    imported = ["cosignpy.cli.contexts", "cosignpy.serving.settings", "yaml"] if there else []
    assert done.stdout.split() == ["3", *imported]


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"COSIGNPY_CONFIG": "a.yaml", "XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "a.yaml"),
        ({"COSIGNPY_CONFIG": "", "XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/cosignpy/config.yaml"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/h"}, "/h/.config/cosignpy/config.yaml"),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_where_the_file_is(variables: dict[str, str], place: str | None) -> None:
    assert configuration_file(variables) == (None if place is None else Path(place))


class TestFilesThatAreNotThere:
    def test_the_error_names_context_and_setting(self, folder: Path) -> None:
        write_context(folder, "trusted_root: root.json")
        path = parse("verify", "image")["trusted_root"]
        with pytest.raises(FileError) as caught:
            check_file("trusted_root", path)
        assert str(caught.value) == f"{path}: there is no such file; trusted_root of the context here names it"
        Path(path).write_text("")
        check_file("trusted_root", path)

    def test_what_somebody_else_names_is_for_the_reader_to_refuse(self, folder: Path) -> None:
        write_context(folder, "trusted_root: root.json")
        parse("verify", "--trusted-root=mine.json", "image")
        check_file("trusted_root", "mine.json")
        check_file("registry_cacert", None)
        forget()
        check_file("trusted_root", "mine.json")
