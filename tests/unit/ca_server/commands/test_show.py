"""`show`: certificates, what each is to clients, and where the keys are."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from ca_server.authority.ceremony import NewPasswords, begin_data
from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.profile import Role
from ca_server.authority.rotation import retire
from ca_server.commands.arguments import utc_now
from tests.support.authorities import DAY, PLAN, rotated
from tests.support.ca_commands import run, show


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("built") / "data"
    begin_data(data, PLAN, NewPasswords(b"", b"secret"), utc_now())
    return data


@pytest.fixture
def data(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "data")
    return tmp_path / "data"


def authority(data: Path) -> AuthorityDirectory:
    return AuthorityDirectory(data / "authority")


def test_everything_is_told_to_programs(data: Path) -> None:
    shown = show(data)
    directory = authority(data)
    assert set(shown) == {"root", "issuing", "timestamping"}
    assert shown["root"]["key"] == f"{directory.root_key} (NOT ENCRYPTED)"
    (issuing,) = shown["issuing"]
    chain = directory.folders(Role.ISSUING)[0].read_chain()
    assert (issuing["number"], issuing["state"]) == ("0001", "active")
    assert issuing["key"] == f"{directory.path}/issuing/0001/key.pem (encrypted)"
    assert [one["fingerprint"] for one in issuing["chain"]] == [f"sha256:{sha256(one).hexdigest()}" for one in chain]
    assert issuing["chain"][1] == shown["root"]["chain"][0]


def test_each_state_is_told(data: Path) -> None:
    directory = authority(data)
    now = utc_now()
    rotated(directory, now)
    rotated(directory, now)
    rotated(directory, now + DAY)
    with directory.begin(Role.ISSUING) as folder:
        folder.save_reference("env://CA_KEY")
    retire(directory, Role.ISSUING, "0001", now)
    shown = show(data)["issuing"]
    assert [one["state"] for one in shown] == ["retired", "superseded", "active", "coming", "requested"]
    assert [one["key"] for one in shown][-1] == "env://CA_KEY"


def test_a_key_that_is_kept_elsewhere_is_not_here(data: Path) -> None:
    authority(data).root_key.unlink()
    assert show(data)["root"]["key"] == "not here"


def test_people_are_told_the_same(data: Path) -> None:
    said = run("show", "--dir", data)
    assert (said.code, said.err) == (0, "")
    shown = show(data)
    assert [line for line in said.out.splitlines() if not line.startswith(" ")] == [
        "root",
        "issuing 0001  active",
        "timestamping 0001  active",
    ]
    for role in Role:
        for one in shown[role][0]["chain"]:
            for told in (one["subject"], one["fingerprint"], f"{one['notBefore']} to {one['notAfter']}"):
                assert told in said.out


def test_where_nothing_is_that_is_said(tmp_path: Path, data: Path) -> None:
    said = run("show", "--dir", tmp_path / "nowhere")
    assert (said.code, said.out) == (1, "")
    assert said.error.startswith(str(tmp_path / "nowhere" / "authority"))
    shutil.rmtree(data / "authority" / "root")
    assert run("show", "--dir", data).code == 1


def test_settings_say_where_it_is(tmp_path: Path, data: Path) -> None:
    config = tmp_path / "other.yaml"
    config.write_text(f"authority:\n  directory: {data}/authority\n")
    said = run("show", "--dir", tmp_path / "nowhere", "--config", config)
    assert (said.code, said.out) == (0, run("show", "--dir", data).out)
    config.write_text("authority:\n  directry: x\n")
    assert run("show", "--dir", data, "--config", config).code == 2
    assert run("show", "--dir", data, "--config", tmp_path / "none.yaml").code == 1


def test_a_broken_chain_is_named(data: Path) -> None:
    (data / "authority" / "issuing" / "0001" / "chain.pem").write_text("nothing")
    said = run("show", "--dir", data)
    assert (said.code, "issuing/0001/chain.pem" in said.error) == (1, True)
