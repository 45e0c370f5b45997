"""The cluster's own issuer gets our token; nobody else does."""

from pathlib import Path

import pytest

from ca_server.identity.cluster import CLUSTER_ISSUERS, ClusterFiles, Way
from cosignpy.errors import FileError


@pytest.fixture
def files(tmp_path: Path) -> ClusterFiles:
    (tmp_path / "ca.crt").write_bytes(b"authorities")
    (tmp_path / "token").write_text("the-token\n")
    return ClusterFiles(tmp_path / "ca.crt", tmp_path / "token")


@pytest.mark.parametrize("issuer", sorted(CLUSTER_ISSUERS))
def test_the_cluster_s_issuer_is_asked_with_its_files(files: ClusterFiles, issuer: str) -> None:
    way = files.select(issuer)
    assert way == Way(b"authorities", {"Authorization": "Bearer the-token"})
    assert "the-token" not in repr(way)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://oidc.eks.eu-west-1.amazonaws.com/id/0123",
        "https://kubernetes.default.svc/",
        "https://kubernetes.default.svc.example.com",
        "http://kubernetes.default.svc",
    ],
)
def test_others_are_not(files: ClusterFiles, issuer: str) -> None:
    assert files.select(issuer) == Way()


def test_the_token_is_read_each_time(files: ClusterFiles) -> None:
    files.token.write_text("renewed")
    assert files.select("https://kubernetes.default.svc").headers == {"Authorization": "Bearer renewed"}


def test_outside_of_a_cluster_there_are_no_files(tmp_path: Path) -> None:
    files = ClusterFiles(tmp_path / "ca.crt", tmp_path / "token")
    assert files.select("https://kubernetes.default.svc") == Way()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    files = ClusterFiles(tmp_path, tmp_path / "token")
    with pytest.raises(FileError) as caught:
        files.select("https://kubernetes.default.svc")
    assert caught.value.path == str(tmp_path)
