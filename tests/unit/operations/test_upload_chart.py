"""Helm charts: what their archives say, and what Helm finds when it pulls them."""

import gzip
import json
from pathlib import Path

import pytest

from cosignpy.core.digest import Digest
from cosignpy.documents import MAX_FILE, DocumentError
from cosignpy.errors import ClaimMismatch, FileError, LimitExceeded, MalformedError
from cosignpy.operations import chart_archive as archives
from cosignpy.operations.upload_chart import (
    HELM_CHART,
    HELM_CONFIG,
    HELM_PROVENANCE,
    MAX_PROVENANCE,
    read_chart,
)
from tests.support.charts import CHART_YAML, FILES, chart_archive, provenance_of, write_chart


def write(folder: Path, content: bytes) -> Path:
    made = folder / "app.tgz"
    made.write_bytes(content)
    return made


def test_a_chart_is_what_helm_push_makes_of_it(tmp_path: Path) -> None:
    found = read_chart(write_chart(tmp_path))
    made = found.pack().manifest
    assert made.config is not None
    assert (made.config.media_type, [layer.media_type for layer in made.layers]) == (HELM_CONFIG, [HELM_CHART])
    assert made.annotations == {
        "example.com/deprecated": "true",
        "org.opencontainers.image.authors": "Somebody, Another (another@example.com)",
        "org.opencontainers.image.description": "A chart of nothing",
        "org.opencontainers.image.source": "https://example.com/source",
        "org.opencontainers.image.title": "app",
        "org.opencontainers.image.url": "https://example.com/app",
        "org.opencontainers.image.version": "1.2.3+build.4",
    }
    assert found.tag == "1.2.3_build.4"


def test_texts_stay_texts_in_the_config(tmp_path: Path) -> None:
    config = json.loads(read_chart(write_chart(tmp_path)).pack().config)
    assert (config["appVersion"], config["dependencies"][0]["enabled"]) == ("1.10", True)
    assert (config["dependencies"][0]["version"], config["maintainers"][0]) == ("1", {"name": "Somebody"})
    assert not {"nonsense", "deprecated"} & set(config)  # what Helm does not know, and what is false


def test_what_is_said_of_nothing_stays_out(tmp_path: Path) -> None:
    found = read_chart(
        write_chart(tmp_path, "name: app\nversion: 1.0.0\ndescription:\nsources: []\nmaintainers: [x]\n")
    )
    assert set(found.pack().manifest.annotations) == {
        "org.opencontainers.image.title",
        "org.opencontainers.image.version",
    }


def test_what_is_written_is_kept_also_where_helm_reads_a_number(tmp_path: Path) -> None:
    text = 'name: app\nversion: "1"\nappVersion: 1.10\nannotations: {deprecated: true, enabled: no, none: }\n'
    found = read_chart(write_chart(tmp_path, text)).metadata
    assert found["appVersion"] == "1.10"
    assert found["annotations"] == {"deprecated": "true", "enabled": "no", "none": None}


@pytest.mark.parametrize("version", ["1", "v1.2", "1.2.3-rc.1", "0.0.1+a-b"])
def test_a_version_is_a_semantic_one(tmp_path: Path, version: str) -> None:
    found = read_chart(write_chart(tmp_path, f"name: app\nversion: {version}\n"))
    assert (found.version, found.tag) == (version, version.replace("+", "_"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version: 1.0.0\n", 1),
        ("name: app\n", 1),
        ("name: app\nversion: latest\n", 2),
        ("name: app\nversion: 1.0.0 \\n\n", 2),
        ("name: app/x\nversion: 1.0.0\n", 1),
        ("name: [app]\nversion: 1.0.0\n", 1),
        ("name: ''\nversion: 1.0.0\n", 1),
        ("name: app\nname: app\nversion: 1.0.0\n", 2),
        ("name: app\nversion: !!str 1.0.0\n", 2),
        ("- name\n", 1),
        ("name: app\n\tversion: 1.0.0\n", 2),
        ("", 1),
    ],
)
def test_a_chart_file_with_one_thing_wrong_is_refused_with_the_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(DocumentError) as refused:
        read_chart(write_chart(tmp_path, text))
    assert f"Chart.yaml:{line}: " in str(refused.value)


def test_a_chart_file_has_a_limit(tmp_path: Path) -> None:
    room = MAX_FILE - len(CHART_YAML)
    assert read_chart(write_chart(tmp_path, CHART_YAML + "#" * room)).name == "app"
    with pytest.raises(DocumentError, match="too large"):
        read_chart(write_chart(tmp_path, CHART_YAML + "#" * (room + 1)))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "helm package"),
        (b"name: app\n", "helm package"),
        (gzip.compress(b"name: app\n"), "helm package"),
        (chart_archive()[:-40], "helm package"),
        (chart_archive({"app/values.yaml": ""}), "no files"),
        (chart_archive({"Chart.yaml": CHART_YAML}), "no files"),
        (chart_archive({"app/Chart.yaml": None}), "no files"),
        (chart_archive({"": "", "a/app/Chart.yaml": CHART_YAML}), "no files"),
        (chart_archive({**FILES, "web/Chart.yaml": CHART_YAML}), "2 files"),
    ],
    ids=["empty", "no gzip", "no tar", "cut off", "none", "no folder", "a folder", "too deep", "two"],
)
def test_what_is_no_chart_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        read_chart(write(tmp_path, content))


def test_a_chart_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = chart_archive({**FILES, "app/large": "x" * 100_000})
    monkeypatch.setattr(archives, "MAX_UNPACKED", 200_000)
    assert read_chart(write(tmp_path, content)).name == "app"
    monkeypatch.setattr(archives, "MAX_UNPACKED", 100_000)
    with pytest.raises(LimitExceeded):
        read_chart(write(tmp_path, content))


def test_a_chart_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", len(FILES))
    assert read_chart(write_chart(tmp_path)).name == "app"
    with pytest.raises(LimitExceeded):
        read_chart(write(tmp_path, chart_archive({**FILES, "app/more": ""})))


def test_a_chart_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        read_chart(tmp_path / "none.tgz")


def test_the_provenance_file_beside_it_goes_along(tmp_path: Path) -> None:
    file = write_chart(tmp_path)
    (tmp_path / "app.tgz.prov").write_text(provenance_of(str(Digest.of(file.read_bytes()))))
    layers = read_chart(file).pack().manifest.layers
    assert sorted(layer.media_type for layer in layers) == [HELM_CHART, HELM_PROVENANCE]
    assert sorted(layers, key=lambda layer: layer.digest) == list(layers)


def test_a_provenance_file_of_another_chart_is_refused(tmp_path: Path) -> None:
    file = write_chart(tmp_path)
    (tmp_path / "app.tgz.prov").write_text(provenance_of(str(Digest.of(b"another"))))
    with pytest.raises(ClaimMismatch):
        read_chart(file)


def test_a_provenance_file_that_is_none_is_refused(tmp_path: Path) -> None:
    file = write_chart(tmp_path)
    beside = tmp_path / "app.tgz.prov"
    beside.write_text(Digest.of(file.read_bytes()).hex)
    with pytest.raises(MalformedError, match="not signed by PGP"):
        read_chart(file)
    beside.write_bytes(b" " * (MAX_PROVENANCE + 1))
    with pytest.raises(LimitExceeded):
        read_chart(file)
