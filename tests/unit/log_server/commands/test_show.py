"""`show`: what there is in a data directory."""

from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.note.key_id import VerifierKey, encode_vkey, log_signature_type, parse_vkey
from log_server.witness.witness import begin_witness
from tests.support.log_commands import run, show


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    run("init", made)
    return made


def test_text_is_for_people(data: Path) -> None:
    said = run("show", data)
    assert (said.code, said.err) == (0, "")
    assert said.out.count("-----BEGIN PUBLIC KEY-----") == 3
    assert said.out.startswith("rekor-v1 0001  active, 1 entry\n  origin 127.0.0.1 - ")


def test_json_is_for_programs(data: Path) -> None:
    for shard in show(data):
        assert set(shard) == {
            "log", "shard", "state", "treeSize", "firstIndex", "origin", "treeId", "logId", "publicKey"
        }  # fmt: skip
        PublicKey.parse_pem(shard["publicKey"].encode(), what="shown")


def test_a_form_that_is_not_known_is_refused(data: Path) -> None:
    assert run("show", data, "--output", "xml").code == 2


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = run("show", tmp_path / "none")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"error: {tmp_path}/none: there is no such data directory\nhint: ")


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_directory_without_logs_is_named(tmp_path: Path, output: str) -> None:
    said = run("show", tmp_path, "--output", output)
    assert (said.code, said.out, said.err.startswith(f"error: there is no log in {tmp_path}\n")) == (2, "", True)


@pytest.mark.parametrize("verb", ["init", "serve", "show", "fsck"])
def test_a_file_is_no_directory(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "file"
    path.write_text("")
    said = run(verb, path)
    assert (said.code, said.out, said.err.startswith(f"error: {path}: this is not a directory\n")) == (1, "", True)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "JSON"),
        ('{"log":"rekor-v3","name":"x","treeId":"0000000000000001","publicKey":"","firstIndex":0}', "log"),
        ('{"log":"ct","name":"x","treeId":"0000000000000001","publicKey":"","firstIndex":0}', "shard.json"),
        ('{"log":"ct","name":"x","treeId":"xyz","publicKey":"","firstIndex":0}', "treeId"),
        ('{"log":"ct","name":"x","treeId":"0000000000000001","publicKey":"","firstIndex":0,"more":1}', "more"),
    ],
)
def test_a_description_that_is_not_as_it_should_be_is_named(tmp_path: Path, content: str, what: str) -> None:
    folder = tmp_path / "ct" / "0001"
    folder.mkdir(parents=True)
    (folder / "shard.json").write_text(content)
    said = run("show", tmp_path)
    assert (said.code, str(folder / "shard.json") in said.err, what in said.err) == (1, True, True), said.err


def test_a_witness_shows_the_key_that_others_name_in_their_policies(tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text("")
    (tmp_path / "log.yaml").write_text(f"witness:\n  logs: {known}\n  name: witness.example/w\n")
    begin_witness(tmp_path)
    said = run("show", tmp_path, "--witness")
    assert (said.code, said.err) == (0, "")
    assert parse_vkey(said.out.strip()).name == "witness.example/w"


def test_a_server_that_is_no_witness_says_so(data: Path) -> None:
    said = run("show", data, "--witness")
    assert (said.code, said.out) == (2, "")
    assert "witness.logs" in said.err


def test_a_witness_shows_the_key_by_which_policies_name_it(tmp_path: Path) -> None:
    begin_witness(tmp_path)
    log = PrivateKey.generate(ED25519).public_key
    (tmp_path / "logs").write_text(encode_vkey(VerifierKey("log.example", log_signature_type(log), log)) + "\n")
    (tmp_path / "log.yaml").write_text("hostname: w.example\nwitness: {logs: logs}\n")
    said = run("show", tmp_path, "--witness")
    assert (said.code, parse_vkey(said.out.rstrip()).name) == (0, "w.example/witness")
