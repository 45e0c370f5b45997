"""docs/operations/log.md, step by step, failure by failure: the page says what happens, and what it says helps."""

import inspect
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from urllib.request import urlopen

import pytest

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.values import replace
from log_server.log import LogKind
from log_server.shard_files import load_shards
from log_server.shard_keys import make_key
from tests.support.built_log import SETTINGS, SIZE, build_directory
from tests.support.log_load import FACES, Client, Ledger, Load
from tests.support.runbook import PATIENCE_SECONDS, Operator, failures, free_port, steps

SHARD = "rekor-v2/0001"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data", tmp_path / "copy", free_port())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("built") / "data"
    build_directory(directory)
    return directory


def shown(operator: Operator) -> list[tuple[str, str, int]]:
    """Return log, state and size of each shard."""
    done = subprocess.run(
        [sys.executable, "-m", "log_server", "show", "--dir", operator.data, "--output", "json"],
        check=True,
        capture_output=True,
    )
    return [(shard["log"], shard["state"], shard["treeSize"]) for shard in json.loads(done.stdout)]


def test_a_log_is_begun_served_and_stopped(operator: Operator) -> None:
    operator.run("init")
    assert 'hostname: "log.example"' in (operator.data / "log.yaml").read_text()
    with operator.serving():
        assert "SERVING" in operator.run("healthy")
    assert operator.run("show").count("log.example") == 3
    assert operator.run("fsck").count("all of it verifies") == 3


def test_a_copy_that_is_made_under_load_has_everything_and_a_lost_log_goes_on_in_a_new_shard(
    operator: Operator,
) -> None:
    operator.run("init")
    settings = operator.data / "log.yaml"
    settings.write_text(settings.read_text().replace('"conflict"', '"original"'))
    ledgers = {face.kind: Ledger() for face in FACES}
    load = Load(operator.port, ledgers, clients=2)
    with operator.serving():
        load.start()
        wait_for_entries(ledgers, 30)
        operator.run("back-up")
    copied = deepcopy({kind: ledger.leaves for kind, ledger in ledgers.items()})
    with operator.serving():
        wait_for_entries(ledgers, 60)
        load.stop()
    restored = replace(operator, data=operator.data.with_name("restored"))
    assert restored.run("restore").count("all of it verifies") == 3
    for kind, leaves in copied.items():
        assert Ledger(leaves).check(restored.data, kind) >= len(leaves)
    assert restored.run("rotate").count("BEGIN PUBLIC KEY") == 2
    with restored.serving(), closing(Client(FACES[1], restored.port)) as client:
        assert client.submit(b"in the new shard").proof.index == 1


def test_keys_are_rotated_and_logs_end(operator: Operator) -> None:
    operator.run("init")
    with operator.serving(), closing(Client(FACES[0], operator.port)) as client:
        before = client.submit(b"before").proof.index
    operator.run("rotate")
    operator.run("freeze")
    assert sorted(shown(operator)) == [
        ("ct", "frozen", 0),
        ("rekor-v1", "active", 1),
        ("rekor-v1", "frozen", 2),
        ("rekor-v2", "active", 1),
        ("rekor-v2", "frozen", 1),
    ]
    first, second = load_shards(operator.data, LogKind.REKOR_V2)
    assert (first.name, second.name) == ("log.example", "log2.example")
    assert first.public_key != second.public_key
    with (
        operator.serving(),
        urlopen(f"http://127.0.0.1:{operator.port}/api/v1/log/entries?logIndex={before}") as answer,
    ):
        assert answer.status == 200


def wait_for_entries(ledgers: Mapping[LogKind, Ledger], count: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while any(len(ledger.leaves) < count for ledger in ledgers.values()):
        assert time.monotonic() < until
        time.sleep(0.01)


def lose_key(operator: Operator) -> None:
    (operator.data / SHARD / "key.pem").unlink()


def exchange_key(operator: Operator) -> None:
    make_key(operator.data / SHARD, ED25519)


def expose_key(operator: Operator) -> None:
    (operator.data / SHARD / "key.pem").chmod(0o644)


def misspell_setting(operator: Operator) -> None:
    (operator.data / "log.yaml").write_text(f"{SETTINGS}prot: 3000\n")


def change(name: str, how: Callable[[bytes], bytes]) -> Callable[[Operator], None]:
    def act(operator: Operator) -> None:
        path = operator.data / SHARD / name
        path.write_bytes(how(path.read_bytes()))

    return act


def flip(raw: bytes) -> bytes:
    """Change one bit, far enough behind the beginning to be in the content of whatever it is."""
    changed = bytearray(raw)
    changed[200] ^= 1
    return bytes(changed)


def remove(name: str) -> Callable[[Operator], None]:
    return lambda operator: (operator.data / SHARD / name).unlink()


def remove_index(operator: Operator) -> None:
    shutil.rmtree(operator.data / SHARD / "index")


def garble_index(operator: Operator) -> None:
    for path in (operator.data / SHARD / "index").iterdir():
        path.write_bytes(b"no database" * 1000)


def garble_journal(operator: Operator) -> None:
    (path,) = (operator.data / SHARD / "journal").iterdir()
    path.write_bytes(b"no journal" * 100)


def lose_newest_journal_file(operator: Operator) -> None:
    (path,) = (operator.data / SHARD / "journal").iterdir()
    path.unlink()


def sign_with_another_key(operator: Operator) -> None:
    other = operator.data.with_name("other")
    build_directory(other)
    shutil.copy(other / SHARD / "log" / "checkpoint", operator.data / SHARD / "log" / "checkpoint")


ENTRIES = f"{SHARD}/log/tile/entries/001"
ANNOTATIONS = f"{SHARD}/log/annotations/001"
CASES: Mapping[str, tuple[str, Callable[[Operator], None], str, str]] = {
    "a setting that does not exist": ("Settings are wrong", misspell_setting, "", ""),
    "no key": ("The key is missing", lose_key, "mend-key", ""),
    "no description": ("The description of a shard is missing", remove("shard.json"), "mend-description", ""),
    "another key": ("The key is that of another log", exchange_key, "mend-key", ""),
    "a key for all": ("Others can read the key", expose_key, "mend-mode", ""),
    "no index": ("The index is damaged", remove_index, "mend-index", ""),
    "an index of garbage": ("The index is damaged", garble_index, "mend-index", ""),
    "a tile with a changed bit": ("Tiles are damaged", change("log/tile/0/000", flip), "mend-tiles", ""),
    "a cut tile": ("Tiles are damaged", change("log/tile/0/001", lambda raw: raw[:-32]), "mend-tiles", ""),
    "no tile": ("Tiles are damaged", remove("log/tile/0/001"), "mend-tiles", ""),
    "entries with a changed bit": (
        "Entries are damaged",
        change("log/tile/entries/001", flip),
        "mend-entries",
        ENTRIES,
    ),
    "no entries": ("Entries are damaged", remove("log/tile/entries/001"), "mend-entries", ENTRIES),
    "cut annotations": (
        "Entries are damaged",
        change("log/annotations/001", lambda raw: raw[:-1]),
        "mend-entries",
        ANNOTATIONS,
    ),
    "a journal of garbage": ("The journal is damaged", garble_journal, "mend-journal", ""),
    "a checkpoint of garbage": (
        "The checkpoint is damaged",
        change("log/checkpoint", lambda raw: raw[:20]),
        "mend-checkpoint",
        "",
    ),
    "another log's checkpoint": ("The checkpoint is damaged", sign_with_another_key, "mend-checkpoint", ""),
    "no journal": ("The checkpoint is damaged", lose_newest_journal_file, "mend-journal", ""),
}


@pytest.mark.parametrize(("heading", "damage", "step", "file"), CASES.values(), ids=CASES)
def test_a_server_that_cannot_start_says_what_the_page_says_and_starts_when_that_is_done(
    operator: Operator, built: Path, heading: str, damage: Callable[[Operator], None], step: str, file: str
) -> None:
    shutil.copytree(built, operator.data)
    shutil.copytree(built, operator.copies)
    damage(operator)
    done = operator.attempt("serve")
    failure = failures()[heading]
    assert done.returncode == failure.exit_code, done.stderr
    first, *rest = done.stderr.splitlines()
    assert failure.fits(first), first
    assert len(rest) <= 1
    assert all(line.startswith("hint: ") for line in rest)
    if not step:
        return
    operator.run(step, F=file)
    with operator.serving(), closing(Client(FACES[1], operator.port)) as client:
        assert client.submit(b"it goes on").proof.index == SIZE


def test_a_second_server_is_refused_and_names_the_first(operator: Operator, built: Path) -> None:
    shutil.copytree(built, operator.data)
    with operator.serving():
        done = operator.attempt("serve")
        pid = (operator.data / "writer.lock").read_text().strip()
    failure = failures()["Another server is running"]
    assert done.returncode == failure.exit_code
    assert failure.fits(done.stderr)
    assert f"process {pid} " in done.stderr


def test_a_port_that_is_taken_is_named(operator: Operator, built: Path) -> None:
    shutil.copytree(built, operator.data)
    with socket.create_server(("127.0.0.1", operator.port)):
        done = operator.attempt("serve")
    failure = failures()["The port is taken"]
    assert done.returncode == failure.exit_code
    assert failure.fits(done.stderr)
    assert str(operator.port) in done.stderr


def test_a_new_journal_does_not_cover_up_that_entries_are_missing(operator: Operator, built: Path) -> None:
    shutil.copytree(built, operator.data)
    garble_journal(operator)
    change("log/tile/entries/000", flip)(operator)
    done = operator.attempt("mend-journal")
    assert (done.returncode, "tile/entries/000" in done.stderr) == (3, True)
    assert len(list((operator.data / SHARD / "journal").iterdir())) == 1


def test_every_step_of_the_page_is_executed_by_a_test() -> None:
    code = Path(__file__).read_text() + inspect.getsource(Operator)
    assert [step for step in steps() if f'"{step}"' not in code] == []
