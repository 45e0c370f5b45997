"""Finding the log entry of a signature that came without one."""

from dataclasses import dataclass, field
from typing import Final

import pytest

from cosignpy.core.bundle.model import BUNDLE_V01, Bundle, MessageSignature
from cosignpy.core.keys.algorithms import ECDSA_P256, ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.policy.bundle import SignedByKey
from cosignpy.core.policy.transparency import SkipLogUnsafe
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import SignedContent, SignedDigest, SignedEnvelope, VerifierForm
from cosignpy.core.verify.artifact import Artifact
from cosignpy.errors import KeyUnusable, SignatureMismatch, TransparencyRequired
from cosignpy.operations.find_entry import find_entry
from cosignpy.operations.verify_bundle import VerifyBundle, verify_bundle
from cosignpy.values import replace
from tests.support.signing_services import Root
from tests.support.virtual_sigstore import (
    ARTIFACT,
    BY_ALICE,
    BY_KEY,
    FILE,
    LEAF_KEY,
    STATEMENT,
    USER_KEY,
    Signing,
    key_bundle,
    v1_bundle,
)

STRANGER: Final = PrivateKey.generate(ECDSA_P256).public_key
OTHER: Final = USER_KEY.sign(b"another artifact")


@dataclass
class Log:
    """A log with one entry, or none, that keeps what it was asked for."""

    entry: LogEntry | None
    asked: list[SignedContent] = field(default_factory=list)

    def search(self, content: SignedContent) -> LogEntry | None:
        self.asked.append(content)
        return self.entry


class File:
    """The artifact."""

    def read_digests(self, algorithms: frozenset[str]) -> dict[str, bytes]:
        return {name: FILE.digests[name] for name in algorithms}

    def read_content(self) -> bytes:
        return ARTIFACT


def bare(bundle: Bundle) -> Bundle:
    return replace(bundle, media_type=BUNDLE_V01, log_entries=())


def test_signature_with_a_certificate() -> None:
    log = Log(v1_bundle().log_entries[0])
    verified = verify_bundle(VerifyBundle(bare(v1_bundle()), BY_ALICE, log), File(), Root())
    assert [entry.log_index for entry in verified.entries] == [v1_bundle().log_entries[0].log_index]
    (asked,) = log.asked
    assert isinstance(asked, SignedDigest)
    assert (asked.digest, asked.verifier.form) == (FILE.digests["sha256"], VerifierForm.CERTIFICATE)


def test_signature_with_one_of_several_keys() -> None:
    log = Log(key_bundle().log_entries[0])
    policy = replace(BY_KEY, signer=SignedByKey((STRANGER, USER_KEY.public_key)))
    assert verify_bundle(VerifyBundle(bare(key_bundle()), policy, log), File(), Root()).entries
    assert [content.verifier.der for content in log.asked] == [USER_KEY.public_key.spki]


def test_envelope() -> None:
    made = Signing(statement=STATEMENT).bundle()
    log = Log(made.log_entries[0])
    assert find_entry(bare(made), FILE, (LEAF_KEY.public_key,), log).log_entries == made.log_entries
    assert isinstance(log.asked[0], SignedEnvelope)


def test_log_that_has_none() -> None:
    with pytest.raises(TransparencyRequired):
        verify_bundle(VerifyBundle(bare(v1_bundle()), BY_ALICE, Log(None)), File(), Root())


@pytest.mark.parametrize("entry", [None, v1_bundle().log_entries[0]])
def test_nobody_is_asked_for_what_is_there_or_waived(entry: LogEntry | None) -> None:
    log = Log(entry)
    waived = replace(BY_KEY, transparency=SkipLogUnsafe("test"))
    verify_bundle(VerifyBundle(v1_bundle(), BY_ALICE, log), File(), Root())
    verify_bundle(VerifyBundle(bare(key_bundle()), waived, log), File(), Root())
    assert log.asked == []


def test_key_that_no_log_can_verify_by_a_digest() -> None:
    key = PrivateKey.generate(ED25519)
    made = Signing(leaf=None, signer=key).bundle()
    with pytest.raises(KeyUnusable):
        find_entry(bare(made), Artifact.of(ARTIFACT), (key.public_key,), Log(None))


@pytest.mark.parametrize("bundle", [v1_bundle(), key_bundle()], ids=["certificate", "key"])
def test_nobody_is_asked_about_a_signature_of_something_else(bundle: Bundle) -> None:
    """The log would say that it does not fit, and the user would look for what is wrong with the log."""
    log, other = Log(bundle.log_entries[0]), replace(bare(bundle), content=MessageSignature("", b"", OTHER))
    policy = BY_KEY if bundle is key_bundle() else BY_ALICE
    with pytest.raises(SignatureMismatch, match="not made by"):
        verify_bundle(VerifyBundle(other, policy, log), File(), Root())
    assert log.asked == []


def test_nobody_is_asked_about_a_signature_without_a_certificate_that_is_wanted() -> None:
    log = Log(key_bundle().log_entries[0])
    with pytest.raises(SignatureMismatch):
        verify_bundle(VerifyBundle(bare(key_bundle()), BY_ALICE, log), File(), Root())
    assert log.asked == []
