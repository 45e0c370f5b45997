"""rekor-cli against our Rekor v1 log.

It is the real server's own client and checks what it is told: `loginfo` verifies the checkpoint, and by a consistency
proof that the log only grew since the last time; `upload` verifies the signed entry timestamp; `verify` verifies the
entry's body, inclusion proof, checkpoint and signed entry timestamp, each with the code of the real Rekor.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.log_workshop import IDENTITY, REKOR_V1, Signatory
from tests.interop.programs import Run, Workshop
from tests.support.log_process import LogProcess, serve_logs

STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "app", "digest": {"sha256": hashlib.sha256(b"app").hexdigest()}}],
    "predicateType": "https://example.com/predicate",
    "predicate": {},
}
PAYLOAD_TYPE = "application/vnd.in-toto+json"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogProcess]:
    with serve_logs(tmp_path / "data") as running:
        yield running


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def signatory(tmp_path: Path) -> Signatory:
    return Signatory(tmp_path, "signer")


def rekor(workshop: Workshop, log: LogProcess, command: str, *arguments: str) -> Run:
    """Run rekor-cli, which keeps the tree's state in its home, and so compares each answer with the last."""
    return workshop.run("rekor-cli", "--rekor_server", log.url, "--format", "json", command, *arguments)


def answer_of(run: Run) -> Any:
    return json.loads(run.expect_success().stdout)


def write_artifact(workshop: Workshop, signatory: Signatory, name: str) -> tuple[str, ...]:
    """Write an artifact and its signature; return the flags that name them."""
    artifact = workshop.folder / name
    artifact.write_bytes(name.encode())
    artifact.with_suffix(".sig").write_bytes(signatory.sign(name.encode()))
    return (
        *("--artifact", name, "--signature", artifact.with_suffix(".sig").name),
        *("--public-key", signatory.public_key.name, "--pki-format", "x509"),
    )


def hashed(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Turn flags for a rekord into those for a hashedrekord."""
    digest = hashlib.sha256(flags[1].encode()).hexdigest()
    return ("--type", "hashedrekord", "--artifact-hash", digest, *flags[2:])


def write_envelope(workshop: Workshop, signatory: Signatory) -> tuple[str, ...]:
    payload = json.dumps(STATEMENT).encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"sig": base64.b64encode(signatory.sign(pae)).decode()}],
    }
    (workshop.folder / "envelope.json").write_text(json.dumps(envelope))
    return "--artifact", "envelope.json", "--public-key", signatory.public_key.name, "--pki-format", "x509"


def index_of(upload: Run) -> int:
    return int(answer_of(upload)["Index"])


def test_a_fresh_log_has_an_entry_that_verifies(workshop: Workshop, log: LogProcess) -> None:
    info = answer_of(rekor(workshop, log, "loginfo"))
    assert info["ActiveTreeSize"] == 1
    answer_of(rekor(workshop, log, "verify", "--log-index", "0"))


def test_entries_are_uploaded_found_read_and_verified(
    workshop: Workshop, log: LogProcess, signatory: Signatory
) -> None:
    flags = write_artifact(workshop, signatory, "artifact")
    answer_of(rekor(workshop, log, "loginfo"))
    assert index_of(rekor(workshop, log, "upload", *flags)) == 1
    assert index_of(rekor(workshop, log, "upload", *hashed(flags))) == 2
    by_key = ("--public-key", signatory.public_key.name, "--pki-format", "x509")
    for query in (("--artifact", "artifact"), by_key, ("--sha", hashlib.sha256(b"artifact").hexdigest())):
        assert len(answer_of(rekor(workshop, log, "search", *query))["UUIDs"]) == 2
    answer_of(rekor(workshop, log, "verify", *flags))
    answer_of(rekor(workshop, log, "verify", *hashed(flags)))
    found = answer_of(rekor(workshop, log, "get", "--log-index", "2"))
    assert found["Body"]["HashedRekordObj"]["data"]["hash"]["value"] == hashlib.sha256(b"artifact").hexdigest()
    assert answer_of(rekor(workshop, log, "get", "--uuid", found["UUID"])) == found
    assert answer_of(rekor(workshop, log, "loginfo"))["ActiveTreeSize"] == 3


@pytest.mark.parametrize("kind", ["dsse", "intoto", "intoto:0.0.1"])
def test_attestations_are_uploaded_and_verified(
    workshop: Workshop, log: LogProcess, signatory: Signatory, kind: str
) -> None:
    flags = ("--type", kind, *write_envelope(workshop, signatory))
    uploaded = answer_of(rekor(workshop, log, "upload", *flags))
    answer_of(rekor(workshop, log, "verify", "--log-index", str(uploaded["Index"])))
    subject = STATEMENT["subject"][0]["digest"]["sha256"]  # type: ignore[index]
    assert len(answer_of(rekor(workshop, log, "search", "--sha", subject))["UUIDs"]) == 1
    found = answer_of(rekor(workshop, log, "get", "--log-index", str(uploaded["Index"])))
    stored = base64.b64decode(found["Attestation"]) if kind == "dsse" else found["Attestation"].encode()
    assert stored == (b"" if kind == "dsse" else json.dumps(STATEMENT).encode())


def test_a_certificate_is_found_by_its_address(workshop: Workshop, log: LogProcess, signatory: Signatory) -> None:
    flags = write_artifact(workshop, signatory, "artifact")
    certified = tuple(signatory.certificate.name if flag == signatory.public_key.name else flag for flag in flags)
    assert index_of(rekor(workshop, log, "upload", *hashed(certified))) == 1
    assert len(answer_of(rekor(workshop, log, "search", "--email", IDENTITY))["UUIDs"]) == 1
    answer_of(rekor(workshop, log, "verify", *hashed(certified)))


def test_the_same_entry_again_is_the_one_that_is_there(
    workshop: Workshop, log: LogProcess, signatory: Signatory
) -> None:
    flags = hashed(write_artifact(workshop, signatory, "artifact"))
    first = answer_of(rekor(workshop, log, "upload", *flags))
    again = rekor(workshop, log, "upload", *flags).expect_success()
    assert first["Location"] in again.stdout
    assert json.loads(log.fetch("/api/v1/log"))["treeSize"] == 2


def test_a_signature_of_other_content_is_refused(workshop: Workshop, log: LogProcess, signatory: Signatory) -> None:
    flags = write_artifact(workshop, signatory, "artifact")
    (workshop.folder / "artifact.sig").write_bytes(signatory.sign(b"other"))
    refused = rekor(workshop, log, "upload", *flags)
    assert refused.exit_code != 0
    assert json.loads(log.fetch("/api/v1/log"))["treeSize"] == 1


def test_what_was_never_logged_is_not_found(workshop: Workshop, log: LogProcess, signatory: Signatory) -> None:
    flags = write_artifact(workshop, signatory, "artifact")
    assert rekor(workshop, log, "verify", *flags).exit_code != 0
    assert rekor(workshop, log, "get", "--log-index", "1").exit_code != 0


def test_consistency_of_any_two_sizes_is_proved(workshop: Workshop, log: LogProcess, signatory: Signatory) -> None:
    for number in range(6):
        index_of(rekor(workshop, log, "upload", *hashed(write_artifact(workshop, signatory, f"artifact-{number}"))))
    for first, last in ((1, 7), (3, 7), (4, 6)):
        shown = rekor(workshop, log, "logproof", "--first-size", str(first), "--last-size", str(last))
        assert answer_of(shown)["Hashes"]
        # Between its two calls the tree grows, and loginfo verifies that it did nothing else.
        answer_of(rekor(workshop, log, "loginfo"))


def test_a_frozen_shard_is_read_and_verified_for_ever(
    workshop: Workshop, log: LogProcess, signatory: Signatory
) -> None:
    """After a rotation indices go on counting over both shards, each with its own key and origin."""
    old = hashed(write_artifact(workshop, signatory, "old"))
    new = hashed(write_artifact(workshop, signatory, "new"))
    assert index_of(rekor(workshop, log, "upload", *old)) == 1
    log.stop()
    log.run("rotate", "--log", REKOR_V1)
    log.start()
    frozen, active = log.shards(REKOR_V1)
    assert (frozen.state, frozen.size, active.first_index) == ("frozen", 2, 2)
    index = index_of(rekor(workshop, log, "upload", *new))
    assert index == active.first_index + active.size
    info = answer_of(rekor(workshop, log, "loginfo"))
    assert info["ActiveTreeSize"] == active.size + 1
    assert info["TotalTreeSize"] == frozen.size + active.size + 1
    for flags, position in ((old, 1), (new, index)):
        answer_of(rekor(workshop, log, "verify", *flags))
        answer_of(rekor(workshop, log, "verify", "--log-index", str(position)))
        found = answer_of(rekor(workshop, log, "get", "--log-index", str(position)))
        assert found["LogIndex"] == position
    key = ("--public-key", signatory.public_key.name, "--pki-format", "x509")
    assert len(answer_of(rekor(workshop, log, "search", *key))["UUIDs"]) == 2


def test_a_frozen_log_is_read_and_takes_nothing_more(workshop: Workshop, log: LogProcess, signatory: Signatory) -> None:
    old, late = (hashed(write_artifact(workshop, signatory, name)) for name in ("old", "late"))
    answer_of(rekor(workshop, log, "upload", *old))
    log.stop()
    log.run("freeze", "--log", REKOR_V1)
    log.start()
    answer_of(rekor(workshop, log, "verify", *old))
    answer_of(rekor(workshop, log, "loginfo"))
    refused = rekor(workshop, log, "upload", *late)
    assert refused.exit_code != 0
    assert "405" in refused.stderr
