import io
import stat
from pathlib import Path

import pytest

from cosignpy.cli.app import run
from cosignpy.core.keys.algorithms import SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from tests.support.keys import key_vectors

VECTOR = key_vectors()["P-256"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    monkeypatch.delenv("COSIGN_YES", raising=False)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    return tmp_path


def opened(path: Path, password: bytes = b"secret") -> PrivateKey:
    return PrivateKey.parse(path.read_bytes(), password)


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize("flag", ["P-256", "p-521", "ed25519", "RSA-2048", "ecdsa-sha2-384-nistp384"])
def test_a_generated_pair_belongs_together(folder: Path, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate-key-pair", "--algorithm", flag]) == 0
    key = opened(folder / "cosign.key")
    assert PublicKey.parse_pem((folder / "cosign.pub").read_bytes()) == key.public_key
    assert flag.lower() in {key.algorithm.key.lower(), key.algorithm.flag}
    assert stat.S_IMODE((folder / "cosign.key").stat().st_mode) == 0o600
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "Private key written to cosign.key\nPublic key written to cosign.pub\n"


def test_the_default_is_what_every_verifier_knows(folder: Path) -> None:
    assert run(["generate-key-pair"]) == 0
    assert opened(folder / "cosign.key").algorithm == SIGNING["P-256"]


def test_an_experimental_algorithm_is_warned_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate-key-pair", "--algorithm", "ML-DSA-65", "--output-key-prefix", "pq"]) == 0
    assert opened(folder / "pq.key").algorithm.experimental
    assert "WARNING" in capsys.readouterr().err


def test_an_unknown_algorithm_writes_nothing(folder: Path) -> None:
    assert run(["generate-key-pair", "--algorithm", "P-224"]) == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("existing", ["cosign.key", "cosign.pub"])
def test_an_existing_file_is_kept_where_nobody_can_be_asked(
    folder: Path, existing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / existing).write_bytes(b"old")
    monkeypatch.setenv("COSIGN_YES", "true")
    assert run(["generate-key-pair"]) == 3
    assert [path.name for path in folder.iterdir()] == [existing]
    assert (folder / existing).read_bytes() == b"old"


def test_yes_overwrites(folder: Path) -> None:
    (folder / "cosign.key").write_bytes(b"old")
    assert run(["generate-key-pair", "--yes"]) == 0
    assert opened(folder / "cosign.key")


def test_no_password_writes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSIGN_PASSWORD")
    assert run(["generate-key-pair"]) == 2
    assert list(folder.iterdir()) == []


def test_a_foreign_key_is_imported(folder: Path) -> None:
    source = written(folder / "theirs.pem", VECTOR.plain)
    assert run(["import-key-pair", "--key", source]) == 0
    assert opened(folder / "import-cosign.key") == VECTOR.private_key()
    assert (folder / "import-cosign.pub").read_bytes() == VECTOR.public


def test_a_key_that_others_can_read_is_not_imported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(folder / "theirs.pem", VECTOR.plain)
    Path(source).chmod(0o644)
    assert run(["import-key-pair", "-k", source]) == 3
    assert [path.name for path in folder.iterdir()] == ["theirs.pem"]
    assert "chmod 600" in capsys.readouterr().err


def test_a_broken_key_is_not_imported(folder: Path) -> None:
    source = written(folder / "theirs.pem", VECTOR.plain[:-40])
    assert run(["import-key-pair", "-k", source, "-o", "mine"]) == 4
    assert [path.name for path in folder.iterdir()] == ["theirs.pem"]


def test_the_public_key_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["generate-key-pair"])
    capsys.readouterr()
    assert run(["public-key", "--key", "cosign.key"]) == 0
    assert capsys.readouterr().out == (folder / "cosign.pub").read_text()


def test_the_public_key_is_written_to_a_file_that_is_not_there_yet(folder: Path) -> None:
    run(["generate-key-pair"])
    assert run(["public-key", "--key", "cosign.key", "--outfile", "again.pub"]) == 0
    assert (folder / "again.pub").read_bytes() == (folder / "cosign.pub").read_bytes()
    assert run(["public-key", "--key", "cosign.key", "--outfile", "again.pub"]) == 3
    assert run(["public-key", "--key", "cosign.key", "--outfile", "again.pub", "-y"]) == 0


def test_a_wrong_password_has_its_exit_code_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["generate-key-pair"])
    capsys.readouterr()
    monkeypatch.setenv("COSIGN_PASSWORD", "Secret")
    assert run(["public-key", "--key", "cosign.key"]) == 6
    output = capsys.readouterr()
    assert output.out == ""
    assert "Secret" not in output.err
    assert output.err.count("Error:") == 1
