"""`freeze` and `rotate`: the end of a shard, and the next."""

import json
import time
from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.values import replace
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS
from log_server.shard_files import load_shards
from log_server.storage.lock import lock_directory
from log_server.tlog.publish import CheckpointPublisher
from tests.support.log_commands import run, show


@pytest.fixture
def data(tmp_path: Path) -> Path:
    run("init", tmp_path, "--hostname", "log.example")
    return tmp_path


def shards_of(data: Path, log: str) -> list[dict[str, object]]:
    return [shard for shard in show(data) if shard["log"] == log]


def test_a_frozen_log_has_the_size_it_had(data: Path) -> None:
    said = run("freeze", data, "--log", "rekor-v2")
    assert (said.code, said.out) == (0, "rekor-v2 0001 is frozen at 1 entry\n")
    (shard,) = shards_of(data, "rekor-v2")
    assert (shard["state"], shard["treeSize"]) == ("frozen", 1)


def test_a_log_is_frozen_once(data: Path) -> None:
    run("freeze", data, "--log", "ct")
    said = run("freeze", data, "--log", "ct")
    assert (said.code, "frozen already, with a tree of size 0" in said.err) == (2, True)


def test_there_must_be_a_log(tmp_path: Path) -> None:
    said = run("freeze", tmp_path, "--log", "ct")
    assert (said.code, "there is no ct log" in said.err) == (2, True)


def test_rotation_begins_a_shard_with_a_key_and_an_origin_of_its_own(data: Path) -> None:
    said = run("rotate", data, "--log", "rekor-v2", "--hostname", "next.example")
    old, new = shards_of(data, "rekor-v2")
    assert said.code == 0
    assert said.out.startswith("rekor-v2 0001 is frozen at 1 entry\nrekor-v2 0002 takes entries now\n")
    assert str(new["publicKey"]).rstrip() in said.out
    assert (old["state"], new["state"], new["origin"], new["treeSize"]) == ("frozen", "active", "next.example", 1)
    assert old["publicKey"] != new["publicKey"]


def test_rekor_v1_counts_on_over_its_shards_under_one_name(data: Path) -> None:
    assert run("rotate", data, "--log", "rekor-v1").code == 0
    old, new = shards_of(data, "rekor-v1")
    assert (old["firstIndex"], new["firstIndex"]) == (0, 1)
    assert old["treeId"] != new["treeId"]


@pytest.mark.parametrize("log", ["rekor-v2", "ct"])
def test_logs_that_are_known_by_their_name_need_a_new_one(data: Path, log: str) -> None:
    said = run("rotate", data, "--log", log)
    assert (said.code, "hint: " in said.err, "--hostname" in said.err) == (2, True, True)
    assert [shard["state"] for shard in shards_of(data, log)] == ["active"], "nothing has happened"


def test_a_shard_that_was_frozen_before_is_followed_by_the_next(data: Path) -> None:
    run("freeze", data, "--log", "rekor-v1")
    assert run("rotate", data, "--log", "rekor-v1").code == 0
    assert [shard["state"] for shard in shards_of(data, "rekor-v1")] == ["frozen", "active"]


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data directory whose keys are such as settings may name."""
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    run("init", tmp_path, "--hostname", "log.example")
    return tmp_path


def test_a_key_that_settings_name_is_changed_between_freezing_and_rotating(encrypted: Path) -> None:
    data = encrypted
    old, new = data / "ct" / "0001" / "key.pem", data / "rekor-v1" / "0001" / "key.pem"
    settings = data / "log.yaml"

    def use(key: Path) -> None:
        settings.write_text(f"ct: {{key: {json.dumps(str(key))}}}\n")

    use(old)
    said = run("rotate", data, "--log", "ct", "--hostname", "next.example")
    assert (said.code, "a key of its own" in said.err) == (2, True)
    assert run("freeze", data, "--log", "ct").code == 0
    again = run("rotate", data, "--log", "ct", "--hostname", "next.example")
    assert (again.code, "is the key of an earlier shard" in again.err) == (2, True)
    use(new)
    assert run("rotate", data, "--log", "ct", "--hostname", "next.example").code == 0
    assert len(shards_of(data, "ct")) == 2


def test_the_key_of_another_log_freezes_nothing(encrypted: Path) -> None:
    data = encrypted
    (data / "log.yaml").write_text(f"ct: {{key: {json.dumps(str(data / 'rekor-v1' / '0001' / 'key.pem'))}}}\n")
    said = run("freeze", data, "--log", "ct")
    assert (said.code, "the key of another log" in said.err) == (1, True)
    assert [shard["state"] for shard in shards_of(data, "ct")] == ["active"]


@pytest.mark.parametrize("verb", ["freeze", "rotate", "fsck"])
def test_a_log_that_is_being_served_is_left_alone(data: Path, verb: str) -> None:
    options = [] if verb == "fsck" else ["--log", "rekor-v1"]
    with lock_directory(data):
        said = run(verb, data, *options)
    assert (said.code, "writes to" in said.err, "hint: stop it first" in said.err) == (2, True, True)


def test_shards_that_leave_a_gap_are_refused(data: Path) -> None:
    run("rotate", data, "--log", "rekor-v1")
    path = data / "rekor-v1" / "0002" / "shard.json"
    described = json.loads(path.read_text())
    path.write_text(json.dumps({**described, "firstIndex": 7}))
    said = run("show", data)
    assert (said.code, "does not continue 0001" in said.err) == (1, True)


def test_a_log_that_is_damaged_is_not_frozen(data: Path) -> None:
    (bundle,) = (data / "rekor-v1" / "0001" / "log").glob("tile/entries/000.p/*")
    bundle.write_bytes(b"")
    for file in (data / "rekor-v1" / "0001" / "journal").iterdir():
        file.unlink()
    said = run("freeze", data, "--log", "rekor-v1")
    assert (said.code, "does not verify" in said.err, "docs/operations/log.md" in said.err) == (3, True, True), said.err


def test_a_shard_whose_entries_are_of_tomorrow_ends_today(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock was wrong when they were logged; the next shard begins with the right time."""
    tomorrow = time.time_ns() + 86_400 * 10**9
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time_ns", lambda: tomorrow)
        assert run("rotate", data, "--log", "rekor-v1").code == 0
    assert run("rotate", data, "--log", "rekor-v1").code == 0
    times = [
        shard.open_reader(PROTOCOLS[shard.kind].form).annotation(0).timestamp_ms
        for shard in load_shards(data, LogKind.REKOR_V1)
    ]
    assert times[2] < times[1] == tomorrow // 10**6


def test_a_log_whose_checkpoint_another_key_signed_is_not_gone_on_with(data: Path) -> None:
    """The size and the root are those of this log: nothing but the signature tells."""
    (shard,) = load_shards(data, LogKind.REKOR_V2)
    protocol, objects = PROTOCOLS[shard.kind], shard.open_objects()
    tree = shard.open_reader(protocol.form).tree()
    other = PrivateKey.generate(ED25519)
    sign = protocol.sign(protocol.identify(replace(shard, public_key=other.public_key)), other)
    CheckpointPublisher(objects, "log.example", sign, None).publish(tree.size, tree.root, 0)
    said = run("freeze", data, "--log", "rekor-v2")
    assert (said.code, "checkpoint" in said.err) == (3, True)
    assert load_shards(data, LogKind.REKOR_V2) == [shard]
