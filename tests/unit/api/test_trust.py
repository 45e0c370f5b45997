"""Whom to believe, from the mirror that the environment names; nothing is printed about it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cosignpy import FileError, NoSuchTarget, fetch_signing_config, fetch_trusted_root
from cosignpy.core.encoding import encode_json
from tests.support import trust_documents
from tests.support.trust_repository import TrustRepository

ROOT = encode_json(trust_documents.trusted_root())
CONFIG = encode_json(trust_documents.signing_config())


def publish(folder: Path, monkeypatch: pytest.MonkeyPatch, **contents: bytes) -> None:
    """Write a mirror, and have the environment name it."""
    named = {"trusted_root.json": ROOT} | {f"{name}.v0.2.json": content for name, content in contents.items()}
    repository = TrustRepository(now=datetime.now(UTC), contents=named)
    repository.write(folder / "mirror")
    (folder / "root.json").write_bytes(repository.root)
    monkeypatch.setenv("TUF_ROOT", str(folder / "cache"))
    monkeypatch.setenv("TUF_MIRROR", (folder / "mirror").as_uri())
    monkeypatch.setenv("TUF_ROOT_JSON", str(folder / "root.json"))


def test_both_documents_are_fetched_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path, monkeypatch, signing_config=CONFIG)
    assert fetch_trusted_root().logs
    assert fetch_signing_config().logs
    (tmp_path / "mirror").rename(tmp_path / "away")
    assert fetch_trusted_root().logs
    assert capsys.readouterr() == ("", "")


def test_a_mirror_without_a_signing_config_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, monkeypatch)
    with pytest.raises(NoSuchTarget):
        fetch_signing_config()


def test_a_mirror_that_is_away_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, monkeypatch)
    (tmp_path / "mirror").rename(tmp_path / "away")
    with pytest.raises(FileError):
        fetch_trusted_root()
