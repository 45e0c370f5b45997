"""Thousands of bundles with one thing changed, judged by our verifier and by sigstore-python's."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.trust.trusted_root import parse_trusted_root
from cosignpy.core.verify.artifact import Artifact
from cosignpy.core.verify.bundle import Trust, verify_bundle
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.errors import CosignError
from cosignpy.values import replace
from tests.interop import peers
from tests.interop.bundle_changes import Change, change
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.programs import Tool

PROGRAM: Final = Path(__file__).with_name("python_client") / "verdicts.py"
SEED: Final = 20260101
TRUST: Final = ("--trusted-root", "root.json")


ENTRY: Final = r"verificationMaterial\.tlogEntries\.0\."
STAMPS: Final = r"verificationMaterial\.timestampVerificationData"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one verifier refuses what the other accepts: who refuses, where the change is, and what is said of it.

    Bits are changed by chance, and not every run has one of each kind.
    """

    refuses: str
    change: str
    reason: str
    why: str
    by_chance: bool = False

    def fits(self, who: str, changed: Change, reason: str) -> bool:
        return (
            who == self.refuses
            and re.search(self.change, str(changed)) is not None
            and re.search(self.reason, reason) is not None
        )


EXPLANATIONS: Final = (
    Explanation(
        "ours",
        rf"v1.*(newline|number str) {ENTRY}|newline ",
        r"^MalformedError: .*(not base64|decimal digits)",
        "JSON of protobuf has base64 without white space and numbers in one form: two spellings of one bundle would be "
        "two bundles to whoever compares them.",
    ),
    Explanation(
        "ours",
        rf"number str {ENTRY}",
        r"^MalformedError: .*decimal digits",
        "A number with a zero before it, or below zero, is none that a log gives.",
    ),
    Explanation(
        "ours",
        rf"v1.* {STAMPS}",
        r"^(ClaimMismatch: the signed imprint|SignatureMismatch|TimestampError|MalformedError)",
        "The log has vouched for a time, and a timestamp besides is wrong: they leave it aside. A bundle that carries "
        "something false was tampered with, or made by a broken program, and either is worth an alarm.",
    ),
    Explanation(
        "ours",
        rf"v2.*: (bit|last character) {STAMPS}",
        "^(MalformedError: malformed|TimestampError:) timestamp token",
        "What the token says outside of what is signed (the type of its content, its version, its algorithms) is not "
        "what RFC 5652 allows beside what is signed; they do not look at all of it.",
        by_chance=True,
    ),
    Explanation(
        "ours",
        rf"v2.* {ENTRY}logIndex",
        "^TransparencyError: the index of the log entry",
        "An index beside the proof that is not the proof's names another entry to whoever looks it up.",
    ),
    Explanation(
        "ours",
        rf"{ENTRY}logId\.keyId",
        "^TransparencyError: the number of trusted logs",
        "They look for the log's key by the checkpoint alone; here the entry has to name the log that signed it.",
    ),
    Explanation(
        "ours",
        rf"{ENTRY}inclusionProof\.checkpoint\.envelope",
        "^SignatureMismatch: .*the note is not signed by",
        "Whoever signed a note is named on the line of the signature, and that has to be the log of the origin.",
    ),
    Explanation(
        "ours",
        rf"v1 (timestamped|statement): (null|removed) {ENTRY}integratedTime",
        "^SignatureMismatch",
        "The log's promise is over the time. Without one they do not look at the promise; a false one is refused here.",
    ),
    Explanation(
        "theirs",
        rf"bit {STAMPS}",
        "Invalid Timestamp Response|not enough sources of verified time",
        "The bit is in what the authority did not sign, the certificate that comes along above all: only those of the "
        "trusted root count here, and what is shown is the same.",
    ),
    Explanation(
        "theirs",
        rf"null {STAMPS}",
        "^InvalidBundle",
        "In JSON of protobuf, null is a member that was left out.",
    ),
)
"""All the kinds of bundles about which the two are not of one mind."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("devidp", tmp_path_factory.mktemp("stack")) as running:
        yield running


def signed_bundles(stack: Stack) -> Mapping[str, Any]:
    """Sign the file in every way that sigstore-python verifies; twice by Rekor v2, to exchange like with like."""
    config = ("--signing-config", "signing.json")
    v1 = ("--fulcio-url", stack.site.ca.url, "--rekor-url", stack.site.log.url)
    stamped = ("--timestamp-server-url", f"{stack.site.ca.url}/api/v1/timestamp")
    ways = {
        "v2": ("sign-blob", *config),
        "v2 again": ("sign-blob", *config),
        "v2 statement": ("attest-blob", *config, "--predicate", "predicate.json", "--type", "custom"),
        "v1": ("sign-blob", *v1),
        "v1 timestamped": ("sign-blob", *v1, *stamped),
        "v1 statement": ("attest-blob", *v1, *stamped, "--predicate", "predicate.json", "--type", "custom"),
    }
    (stack.shop.folder / "predicate.json").write_text('{"tested": true}')
    found = {}
    for name, (command, *flags) in ways.items():
        token = ("--identity-token", stack.write_token())
        stack.shop.run(Tool.OURS, command, *flags, *TRUST, *token, "--bundle", "b.json", "blob").expect_success()
        found[name] = json.loads((stack.shop.folder / "b.json").read_text())
    return found


def judge_ours(stack: Stack, changes: list[Change]) -> list[VerifiedBundle | str]:
    """Return what each shows, or why it is refused."""
    trust = Trust(parse_trusted_root((stack.shop.folder / "root.json").read_bytes()))
    artifact = Artifact.of((stack.shop.folder / "blob").read_bytes())
    rule = IdentityRule((Exactly(stack.person),), (Exactly(stack.provider.issuer),))
    policy = BundlePolicy(SignedByIdentity((rule,)), RequireLog(), AnyPredicateUnsafe("whatever it says"))

    def judge(changed: Change) -> VerifiedBundle | str:
        try:
            return verify_bundle(parse_bundle(json.dumps(changed.document).encode()), artifact, trust, policy)
        except CosignError as error:
            return f"{type(error).__name__}: {error}"

    return [judge(changed) for changed in changes]


def judge_theirs(stack: Stack, changes: list[Change]) -> list[str]:
    """Return why sigstore-python refuses each; nothing where it accepts."""
    python = peers.path("sigstore-python").with_name("python")
    words = [str(python), str(PROGRAM), "root.json", "blob", stack.person, stack.provider.issuer]
    lines = "".join([json.dumps(changed.document) + "\n" for changed in changes])
    run = subprocess.run(
        words, input=lines, capture_output=True, text=True, cwd=stack.shop.folder, check=True, timeout=600
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def shows_no_more(found: VerifiedBundle, whole: VerifiedBundle) -> bool:
    """Tell whether nothing is shown but what the unchanged bundle shows; times that were taken out are missing."""
    entries = [replace(entry, integrated_time=None, log_index=0) for entry in found.entries]
    return (
        set(found.times) <= set(whole.times)
        and entries == [replace(entry, integrated_time=None, log_index=0) for entry in whole.entries]
        and replace(found, times=whole.times, entries=whole.entries) == whole
    )


def test_two_verifiers_are_of_one_mind_or_it_is_known_why(stack: Stack) -> None:
    changes = list(change(signed_bundles(stack), seed=SEED))
    ours, theirs = judge_ours(stack, changes), judge_theirs(stack, changes)
    shown = {
        changed.bundle: found
        for changed, found in zip(changes, ours, strict=True)
        if changed.what == "nothing" and isinstance(found, VerifiedBundle)
    }
    used, unexplained, both = set(), [], Counter[bool]()
    for changed, found, reason in zip(changes, ours, theirs, strict=True):
        if not isinstance(found, str):
            assert shows_no_more(found, shown[changed.bundle]), f"{changed} is accepted, and shows something else"
        if isinstance(found, str) == bool(reason):
            both[not reason] += 1
            continue
        who, said = ("ours", found) if isinstance(found, str) else ("theirs", reason)
        fitting = [known for known in EXPLANATIONS if known.fits(who, changed, str(said))]
        used.update(fitting)
        if not fitting:
            unexplained.append(f"{who} refuse {changed}: {said}")
    assert not unexplained
    assert {known for known in EXPLANATIONS if not known.by_chance} <= used, "what is explained no longer differs"
    # Were both to refuse everything, or to accept it, they would be of one mind too.
    assert both[True] >= len(shown) * 5
    assert both[False] >= len(changes) * 3 // 4
