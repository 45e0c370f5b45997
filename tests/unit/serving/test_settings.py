from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Optional

import pytest

from cosignpy.documents import MAX_DEPTH, MAX_FILE
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.serving.quantities import Duration, Range, Size
from cosignpy.serving.rate_limit import Network
from cosignpy.serving.settings import DocumentError, load_settings, parse_settings
from cosignpy.serving.settings_text import show_settings
from cosignpy.values import field, value


class Level(StrEnum):
    INFO = "info"
    ERROR = "error"


@value
class Tls:
    certificate: Path
    key: Path
    client_ca: Path | None = None


@value
class Limits:
    """Two settings that must agree."""

    low: int = 1
    high: int = 9

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise UsageError("low is above high", "swap them")
        if self.high > 1000:
            raise MalformedError("limits", "too high")


@value
class Settings:
    name: Annotated[str, "what the log is called"] = "log"
    port: Annotated[int, Range(0, 65535), "0 takes any free port"] = 3000
    public: bool = True
    share: Annotated[float, Range(0, 1)] = 0.25
    wait: Annotated[Duration, Range(0.001, 60)] = Duration(10)
    body: Annotated[Size, Range(1, 2**30)] = Size(2**22)
    level: Level = Level.INFO
    kind: Literal["posix", "memory"] = "posix"
    trusted: tuple[Network, ...] = ()
    directory: Path | None = None
    tls: Optional[Tls] = None  # noqa: UP045 - both spellings are read
    logs: tuple[Tls, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


FULL = b"""\
# everything at once
name: "a: b"
port: 8080
public: false
share: 0.5
wait: 500ms
body: 64KiB
level: error
kind: memory
trusted: [10.0.0.0/8, "::1"]
directory: data
tls:
  certificate: tls/server.pem
  key: /etc/server.key
logs:
  - certificate: a
    key: b
  - {certificate: c, key: d, client_ca: null}
weights:
  one: 1
  "two": -2
limits:
"""

FILE = "/etc/log/log.yaml"
HERE = Path("/etc/log")


def refused(text: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_settings(text, Settings, FILE)
    return caught.value


def test_every_kind_of_setting_is_read() -> None:
    assert parse_settings(FULL, Settings, FILE) == Settings(
        name="a: b",
        port=8080,
        public=False,
        share=0.5,
        wait=Duration(0.5),
        body=Size(65536),
        level=Level.ERROR,
        kind="memory",
        trusted=(Network.parse("10.0.0.0/8"), Network.parse("::1")),
        directory=HERE / "data",
        tls=Tls(HERE / "tls/server.pem", Path("/etc/server.key")),
        logs=(Tls(HERE / "a", HERE / "b"), Tls(HERE / "c", HERE / "d")),
        weights={"one": 1, "two": -2},
    )


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"---\n", b"null"])
def test_an_empty_file_is_all_defaults(text: bytes) -> None:
    assert parse_settings(text, Settings) == Settings()


@pytest.mark.parametrize("word", ["no", "off", "1_0", "12:30", "2001-01-01", "1.0", "=", "<<"])
def test_a_word_is_what_the_setting_takes_it_for(word: str) -> None:
    assert parse_settings(f"name: {word}".encode(), Settings).name == word


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        (b"prot: 1", 1, "prot"),
        (b"name: a\n\nport: 1\nport: 2", 4, "port"),
        (b"port: 65536", 1, "port"),
        (b"port: -1", 1, "port"),
        (b"port: 0x10", 1, "port"),
        (b"port: 1_000", 1, "port"),
        (b"port: 010", 1, "port"),
        (b"port: '80'", 1, "port"),
        (b"port: 8.0", 1, "port"),
        (b"port: true", 1, "port"),
        (b"port:", 1, "port"),
        (b"port: [80]", 1, "port"),
        (b"port: {a: 80}", 1, "port"),
        (b"share: 1.5", 1, "share"),
        (b"share: .nan", 1, "share"),
        (b"share: .5", 1, "share"),
        (b"share: '0.5'", 1, "share"),
        (b"public: yes", 1, "public"),
        (b"public: True", 1, "public"),
        (b"public: 'true'", 1, "public"),
        (b"wait: 10", 1, "wait"),
        (b"wait: 61s", 1, "wait"),
        (b"wait: 0s", 1, "wait"),
        (b"body: 4MB", 1, "body"),
        (b"body: 2GiB", 1, "body"),
        (b"level: INFO", 1, "level"),
        (b"kind: s3", 1, "kind"),
        (b"name: null", 1, "name"),
        (b"trusted: 10.0.0.0/8", 1, "trusted"),
        (b"trusted:\n- 10.0.0.0/8\n- 10.0.0.1/8", 3, "trusted[1]"),
        (b"directory: ''", 1, "directory"),
        (b'directory: "a\\0b"', 1, "directory"),
        (b"\ntls:\n  certificate: a\n", 2, "tls.key"),
        (b"tls:\n  certificate: a\n  key: b\n  kye: c", 4, "tls.kye"),
        (b"tls: a.pem", 1, "tls"),
        (b"logs:\n- certificate: a\n  key: b\n- key: b", 4, "logs[1].certificate"),
        (b"weights:\n  one: x", 2, "weights.one"),
        (b"weights: 5", 1, "weights"),
        (b"limits:\n  low: 10", 1, "limits"),
        (b"limits:\n  high: 1001", 1, "limits"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(text: bytes, line: int, key: str) -> None:
    error = refused(text)
    assert (error.file, error.line, error.key) == (FILE, line, key)
    assert str(error).startswith(f"{FILE}:{line}: {key}: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"- port", 1),
        (b"port", 1),
        (b"port: 1\n  name: a", 2),
        (b"name: 'open", 1),
        (b"\tport: 1", 1),
        (b"name: a\nport: &here 1", 2),
        (b"name: *there", 1),
        (b"name: !!str 1", 1),
        (b"name: !secret x", 1),
        (b"!!map {name: a}", 1),
        (b"name: a\n---\nname: b", 2),
        (b"name: a\nname2: \xff", 2),
        (b"name: a\nport: \x01", 2),
        (b'port: 1\nname: "\\U00110000"', 2),
        (b'port: 1\nname: "\\ud800"', 2),
        (b'port: 1\n"\\udfff": 1', 2),
        (b"%YAML 9.9\n---\nname: a", 1),
        (b"name: a\n[1, 2]: 3", 2),
        (b"? {a: b}\n: c", 1),
        (b"name: " + b"[" * (MAX_DEPTH + 1), 1),
        (b"#" * (MAX_FILE + 1), 1),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text: bytes, line: int) -> None:
    error = refused(text)
    assert (error.file, error.line) == (FILE, line)


def test_nesting_is_refused_by_its_depth_alone() -> None:
    deepest = b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1)
    assert refused(b"name: " + deepest).key == "name"
    assert refused(b"name: [" + deepest + b"]").key == ""


def test_the_largest_file_is_read() -> None:
    assert parse_settings(b"#" * MAX_FILE, Settings) == Settings()


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (b"prot: 1", "did you mean port?"),
        (b"limits:\n  xyz: 1", "allowed: low, high"),
        (b"port: 65536", "allowed: 0 to 65535"),
        (b"wait: 61s", "allowed: 1ms to 1m"),
        (b"body: 2GiB", "allowed: 1B to 1GiB"),
        (b"level: x", "allowed: info, error"),
        (b"kind: x", "allowed: posix, memory"),
        (b"public: 1", "allowed: true, false"),
        (b"limits:\n  low: 10", "swap them"),
    ],
)
def test_the_error_says_what_is_allowed(text: bytes, allowed: str) -> None:
    assert refused(text).hint == allowed


def test_settings_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "log.yaml"
    file.write_bytes(b"directory: data")
    assert load_settings(file, Settings).directory == tmp_path / "data"
    with pytest.raises(FileError):
        load_settings(tmp_path / "none.yaml", Settings)


def test_a_file_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "log.yaml"
    file.write_bytes(b"#" * (MAX_FILE + 1))
    with pytest.raises(DocumentError):
        load_settings(file, Settings)


@pytest.mark.parametrize("settings", [Settings(), parse_settings(FULL, Settings, FILE)])
def test_what_is_shown_reads_back_as_the_same(settings: Settings) -> None:
    assert parse_settings(show_settings(settings).encode(), Settings, FILE) == settings


@pytest.mark.parametrize("name", ["", "null", "a\nb", 'say "x" \\ #', "ünï 🎉", "x" * 300, " a ", "\x7f\x85"])
def test_every_text_survives(name: str) -> None:
    settings = Settings(name=name, weights={name: 1})
    assert parse_settings(show_settings(settings).encode(), Settings, FILE) == settings


def test_settings_are_shown_with_their_documentation() -> None:
    shown = show_settings(Settings()).splitlines()
    assert shown[shown.index("port: 3000") - 1] == "# 0 takes any free port; 0 to 65535"
    assert shown[shown.index("level: info") - 1] == "# info, error"
    assert shown[shown.index('kind: "posix"') - 1] == "# posix, memory"
    assert "wait: 10s" in shown
    assert "tls: null" in shown
