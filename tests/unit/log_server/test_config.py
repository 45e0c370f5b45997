"""The settings file: defaults, what it says, and how it is wrong."""

from pathlib import Path

import pytest

from cosignpy.serving.settings import DocumentError, load_settings, parse_settings
from cosignpy.serving.settings_text import show_settings
from log_server.config import Settings
from log_server.log import LogKind


def read(text: str) -> Settings:
    return parse_settings(text.encode(), Settings, "log.yaml")


def test_without_a_word_all_logs_are_served() -> None:
    assert read("{}").served == (LogKind.REKOR_V1, LogKind.REKOR_V2, LogKind.CT)


def test_what_is_shown_is_read_back() -> None:
    settings = read(
        "hostname: log.example\nmetrics: 9090\nlimits:\n  writes:\n    per_second: 2.5\n    burst: 10\n"
        "  trusted_proxies: [10.0.0.0/8]\ntls:\n  certificate: a.pem\n  key: b.pem\n"
    )
    assert parse_settings(show_settings(settings).encode(), Settings) == settings


def test_a_log_can_be_left_out() -> None:
    assert read("rekor_v1:\n  serve: false\nct:\n  serve: false\n").served == (LogKind.REKOR_V2,)


def test_each_log_has_a_key_reference_of_its_own() -> None:
    settings = read("rekor_v1:\n  key: one.pem\nct:\n  key: two.pem\n")
    assert [settings.key_of(kind) for kind in LogKind] == ["one.pem", "", "two.pem"]


def test_names_follow_from_the_host() -> None:
    assert (read("host: 0.0.0.0\n").name, read("hostname: log.example\n").name) == ("0.0.0.0", "log.example")  # a name
    assert read("hostname: log.example\n").witness_name == "log.example/witness"
    assert read("witness:\n  name: other\n").witness_name == "other"


def test_files_are_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "log.yaml").write_text("ct:\n  roots: roots.pem\n")
    assert load_settings(tmp_path / "log.yaml", Settings).ct.roots == tmp_path / "roots.pem"


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("port: 3000\nprot: 1\n", 2, "prot"),
        ("port: 99999\n", 1, "port"),
        ("limits:\n  body: 4 MB\n", 2, "limits.body"),
        ("limits:\n  trusted_proxies:\n    - 10.0.0.1/8\n", 3, "limits.trusted_proxies"),
        ("rekor_v2:\n  duplicates: maybe\n", 2, "rekor_v2.duplicates"),
        ("rekor_v2:\n  attestation: 1KiB\n", 2, "rekor_v2.attestation"),
        ("rekor_v1:\n  witnesses: policy\n", 2, "rekor_v1.witnesses"),
        ("tls:\n  key: a.pem\n", 1, "tls"),
        ("workers: two\n", 1, "workers"),
        ("host: [\n", 2, ""),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_key(text: str, line: int, key: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(text)
    error = caught.value
    assert (error.file, error.line) == ("log.yaml", line)
    assert error.key.startswith(key)
