"""`rotate`, `request`, `sign`, `install`, `retire`: what they print, and what they refuse."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from ca_server.authority.ceremony import NewPasswords, begin_data
from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.files import FilePorts
from ca_server.authority.opening import open_issuing, open_timestamping
from ca_server.commands.arguments import utc_now
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.encrypted_pem import seal_pkcs8
from cosignpy.core.keys.private import PrivateKey
from tests.support.authorities import PLAN
from tests.support.ca_commands import run, show


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("built") / "data"
    begin_data(data, PLAN, NewPasswords(b"secret", b"secret"), utc_now())
    return data


@pytest.fixture
def data(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    monkeypatch.delenv("COSIGN_ROOT_PASSWORD", raising=False)
    shutil.copytree(built, tmp_path / "data")
    return tmp_path / "data"


def states(data: Path, role: str = "issuing") -> list[str]:
    return [one["state"] for one in show(data)[role]]


def served(data: Path) -> None:
    """Find that a server would begin with this directory."""
    directory = AuthorityDirectory(data / "authority")
    open_issuing(directory, FilePorts())
    open_timestamping(directory, FilePorts())


@pytest.mark.parametrize("role", ["issuing", "timestamping"])
def test_rotate_says_when_the_new_one_signs_and_what_clients_need(role: str, data: Path) -> None:
    said = run("rotate", "--dir", data, "--role", role, "--algorithm", "Ed25519", "--lifetime", "10d")
    assert (said.code, said.out.startswith(f"{role} 0002 signs from 20")) == (0, True)
    assert f"{data}/authority/{role}/0002/chain.pem" in said.err
    assert states(data, role) == ["superseded", "active"]
    served(data)


def test_rotate_for_later_leaves_the_old_one_in_force(data: Path) -> None:
    said = run("rotate", "--dir", data, "--starts-in", "2d")
    assert f"{utc_now() + timedelta(days=2):%Y-%m-%d}" in said.out
    assert states(data) == ["active", "coming"]
    served(data)


def test_the_key_of_the_root_may_be_named(data: Path, tmp_path: Path) -> None:
    (data / "authority" / "root" / "key.pem").rename(tmp_path / "stick.pem")
    said = run("rotate", "--dir", data)
    assert (said.code, said.error) == (1, f"{data}/authority/root/key.pem: the key is not there")
    assert run("rotate", "--dir", data, "--root-key", tmp_path / "stick.pem").code == 0


def test_a_wrong_password_of_the_root_is_told_and_nothing_is_made(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_ROOT_PASSWORD", "wrong")
    said = run("rotate", "--dir", data)
    assert (said.code, said.out, "wrong password" in said.error) == (1, "", True)
    assert states(data) == ["active"]


@pytest.mark.parametrize(
    "options",
    [("--lifetime", "3651d"), ("--lifetime", "9999999d"), ("--starts-in", "soon"), ("--algorithm", "DSA")],
    ids=" ".join,
)
def test_what_cannot_be_made_is_a_usage_error(options: tuple[str, str], data: Path) -> None:
    said = run("rotate", "--dir", data, *options)
    assert (said.code, said.out, bool(said.error)) == (2, "", True)
    assert states(data) == ["active"]


@pytest.mark.parametrize("role", ["issuing", "timestamping"])
def test_with_the_root_elsewhere_it_takes_three_steps(role: str, data: Path, tmp_path: Path) -> None:
    offline = tmp_path / "offline"
    offline.mkdir()
    (data / "authority" / "root" / "key.pem").rename(offline / "key.pem")
    (offline / "certificate.pem").write_bytes((data / "authority" / "root" / "certificate.pem").read_bytes())
    requested = run("request", "--dir", data, "--role", role)
    assert requested.out == f"{data}/authority/{role}/0002/request.pem\n"
    assert states(data, role) == ["active", "requested"]
    served(data)
    signed = run("sign", "--root", offline, "--request", requested.out.strip(), "--role", role, "--lifetime", "9d")
    assert (signed.code, signed.err, signed.out.count("BEGIN CERTIFICATE")) == (0, "", 2)
    (tmp_path / "chain.pem").write_text(signed.out)
    said = run("install", "--dir", data, "--chain", tmp_path / "chain.pem", "--role", role)
    assert (said.code, said.out.startswith(f"{role} 0002 signs from 20")) == (0, True)
    assert states(data, role) == ["superseded", "active"]
    served(data)


def test_a_key_elsewhere_is_requested_by_its_reference(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = PrivateKey.generate(ECDSA_P256).encode_pkcs8()
    monkeypatch.setenv("CA_KEY", seal_pkcs8(key, b"secret", salt=bytes(32), nonce=bytes(24)).encode().decode())
    assert run("request", "--dir", data, "--key", "env://CA_KEY").code == 0
    assert show(data)["issuing"][1]["key"] == "env://CA_KEY"
    assert run("request", "--dir", data, "--key", "nowhere://key").code == 2


def test_what_nobody_asked_for_is_not_installed(data: Path) -> None:
    said = run("install", "--dir", data, "--chain", data / "authority" / "issuing" / "0001" / "chain.pem")
    assert (said.code, said.out, "no request" in said.error) == (2, "", True)


def test_files_that_are_not_there_are_named(data: Path, tmp_path: Path) -> None:
    for verb, options in (
        ("install", ("--dir", data, "--chain", tmp_path / "none")),
        ("sign", ("--root", data / "authority" / "root", "--request", tmp_path / "none")),
        ("sign", ("--root", tmp_path / "none", "--request", data / "ca.yaml")),
    ):
        said = run(verb, *options)
        assert (said.code, said.error.startswith(str(tmp_path / "none"))) == (1, True)
    said = run("sign", "--root", data / "authority" / "root", "--request", data / "ca.yaml")
    assert (said.code, "malformed" in said.error) == (1, True)


def test_retire_says_what_signs_from_now_on(data: Path) -> None:
    said = run("retire", "--dir", data, "--number", "0001")
    assert (said.code, said.out, "without 0001" in said.error) == (2, "", True)
    run("rotate", "--dir", data)
    said = run("retire", "--dir", data, "--number", "0002")
    assert said.out.splitlines() == ["issuing 0002 is retired", "issuing 0001 signs now"]
    run("rotate", "--dir", data)
    said = run("retire", "--dir", data, "--number", "0001")
    assert said.out.splitlines() == ["issuing 0001 is retired"]
    assert states(data) == ["retired", "retired", "active"]
