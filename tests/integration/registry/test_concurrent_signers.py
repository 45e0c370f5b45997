"""Signers at work on one image at the same time: none of them loses another's entry."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from threading import Thread

import pytest

from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag, merge_referrer
from cosignpy.localregistry.faults import Faults
from cosignpy.net.clock import Clock
from cosignpy.registry.repository import RemoteRepository, RepositoryOptions
from tests.support.registries import RunningRegistry, run_embedded
from tests.support.repository_contract import push_image, push_referrer

SIGNERS = 8
LEGACY = Tag("legacy")


@pytest.fixture(scope="module")
def registry() -> Iterator[RunningRegistry]:
    with run_embedded(Faults(no_referrers_api=True, latency=0.005)) as running:
        yield running


def start_signer(registry: RunningRegistry, number: int) -> "subprocess.Popen[str]":
    command = [
        sys.executable,
        "-m",
        "tests.integration.registry.signer_process",
        registry.address,
        str(registry.locks),
        str(number),
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_processes_signing_one_image_lose_nothing(registry: RunningRegistry) -> None:
    """All are started first and told to begin at once; each adds a referrer and a legacy signature."""
    repository = registry.open_repository("team/processes")
    image = push_image(repository, b"layer", Tag("latest"))
    repository.push_blob(b"{}")
    signers = [start_signer(registry, number) for number in range(SIGNERS)]
    assert [signer.stdout.readline() for signer in signers if signer.stdout] == ["ready\n"] * SIGNERS
    for signer in signers:
        assert signer.stdin is not None
        signer.stdin.write("go\n")
        signer.stdin.flush()
    for signer in signers:
        signer.communicate(timeout=60)
    assert [signer.returncode for signer in signers] == [0] * SIGNERS
    assert len(repository.fetch_referrers(image.digest)) == SIGNERS
    assert len(repository.fetch_manifest(LEGACY).layers) == SIGNERS


def test_threads_sharing_a_repository_lose_nothing(registry: RunningRegistry) -> None:
    repository = registry.open_repository("team/threads")
    image = push_image(repository, b"layer", Tag("latest"))
    threads = [Thread(target=push_referrer, args=(repository, image, b"%d" % number)) for number in range(SIGNERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(repository.fetch_referrers(image.digest)) == SIGNERS


class NoLock:
    """Two signers on different machines."""

    def hold(self, *_: object) -> "nullcontext[None]":
        return nullcontext()


def unlocked(registry: RunningRegistry, clock: Clock) -> RemoteRepository:
    options = RepositoryOptions(tag_lock=NoLock, clock=clock)
    return RemoteRepository(registry.session, "team/machines", options)


def test_signer_elsewhere_who_overwrites_the_list_is_noticed(registry: RunningRegistry) -> None:
    """Without any lock, reading again is what saves the entry: the other one writes while we settle."""
    plain = registry.open_repository("team/machines")
    image = push_image(plain, b"layer", Tag("latest"))
    before = push_referrer(plain, image, b"before")
    tag = fallback_tag(image.digest)
    stale = plain.fetch_manifest(tag)
    theirs = push_image(plain, b"theirs")
    lists = [merge_referrer(stale, theirs.referrer_descriptor, image.digest)]

    def overwrite_once(_seconds: float) -> None:
        if lists:
            plain.put_manifest(lists.pop(), tag)

    ours = push_referrer(unlocked(registry, Clock(sleep=overwrite_once)), image, b"ours")
    listed = {entry.digest for entry in plain.fetch_referrers(image.digest)}
    assert listed == {before.digest, ours.digest, theirs.digest}
