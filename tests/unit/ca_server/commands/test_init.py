"""`init`: the ceremony."""

from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from ca_server.config import Settings
from cosignpy.keystore.server_key import load_key_file
from cosignpy.serving.settings import load_settings
from tests.support.ca_commands import run, show


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    monkeypatch.delenv("COSIGN_ROOT_PASSWORD", raising=False)


def test_init_makes_an_authority_and_says_what_to_back_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = run("init", "--dir", data)
    assert said.code == 0
    assert said.out.splitlines() == [
        f"root  {data}/authority/root",
        f"issuing  {data}/authority/issuing/0001",
        f"timestamping  {data}/authority/timestamping/0001",
        f"settings  {data}/ca.yaml",
    ]
    assert f"Back up {data}/authority" in said.err
    assert f"move {data}/authority/root/key.pem" in said.err
    assert load_settings(data / "ca.yaml", Settings) == Settings()


def test_names_kinds_and_lifetimes_can_be_chosen(tmp_path: Path) -> None:
    options = ("--organization", "Example", "--name", "prod", "--algorithm", "p-384")
    run("init", "--dir", tmp_path, *options, "--root-lifetime", "20d", "--lifetime", "240h")
    shown = show(tmp_path)
    assert shown["root"]["chain"][0]["subject"] == "CN=prod root,O=Example"
    (root,) = [load_pem_x509_certificate(one["pem"].encode()) for one in shown["root"]["chain"]]
    issuing = load_pem_x509_certificate(shown["issuing"][0]["chain"][0]["pem"].encode())
    assert (root.not_valid_after_utc - root.not_valid_before_utc).days == 20
    assert (issuing.not_valid_after_utc - issuing.not_valid_before_utc).days == 10
    assert issuing.public_key().curve.name == "secp384r1"


def test_the_root_may_have_a_password_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_ROOT_PASSWORD", "other")
    run("init", "--dir", tmp_path)
    authority = tmp_path / "authority"
    assert load_key_file(str(authority / "root" / "key.pem"), lambda: b"other")
    assert load_key_file(str(authority / "issuing" / "0001" / "key.pem"), lambda: b"secret")


def test_init_never_overwrites(tmp_path: Path) -> None:
    run("init", "--dir", tmp_path)
    before = show(tmp_path)
    said = run("init", "--dir", tmp_path)
    assert (said.code, said.out) == (2, "")
    assert str(tmp_path / "authority") in said.error
    assert show(tmp_path) == before


@pytest.mark.parametrize(
    "options",
    [
        ("--algorithm", "P-224"),
        ("--algorithm", "ML-DSA-65"),
        ("--lifetime", "3 years"),
        ("--lifetime", "999999999999999d"),
        ("--root-lifetime", "3000000d"),
        ("--root-lifetime", "100d"),
        ("--organization", ""),
        ("--name", "n" * 64),
    ],
    ids=lambda options: " ".join(options)[:40],
)
def test_what_cannot_be_made_is_a_usage_error_and_leaves_nothing(options: tuple[str, str], tmp_path: Path) -> None:
    said = run("init", "--dir", tmp_path / "data", *options)
    assert (said.code, said.out, bool(said.error)) == (2, "", True)
    assert list(tmp_path.iterdir()) == []


def test_without_a_password_or_a_terminal_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSIGN_PASSWORD")
    said = run("init", "--dir", tmp_path / "data")
    assert (said.code, "COSIGN_PASSWORD" in said.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_password_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COSIGN_ROOT_PASSWORD", "COSIGN_PASSWORD"):
        monkeypatch.setenv(name, "")
        assert run("init", "--dir", tmp_path / "data").code == 2
    assert list(tmp_path.iterdir()) == []
