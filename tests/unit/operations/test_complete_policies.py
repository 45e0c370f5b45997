"""What policies name elsewhere: had once, checked, recorded, and answered from the record."""

from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.trusted_root import TrustedRoot, encode_trusted_root
from cosignpy.documents import DocumentError
from cosignpy.errors import CosignError, DigestMismatch, RemoteError, UsageError
from cosignpy.imagepolicy.completeness import is_complete
from cosignpy.imagepolicy.model import ImagePolicyDocument, Key, Keyless
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.operations.complete_policies import PolicySupplies, complete_policy
from cosignpy.operations.policy_evidence import Recorder, Replay
from cosignpy.operations.policy_supplies import NoSupplies, RecordingSupplies, ReplayedSupplies
from cosignpy.operations.remembered import Memory
from tests.support.image_policies import ALICE, FILE, PASS, document, encode
from tests.support.policy_resources import trust_root
from tests.support.signed import KEY
from tests.support.virtual_sigstore import ROOT

URL: Final = "https://policies.example/x.rego"
REGO: Final = b"package sigstore\ndefault isCompliant = false\n"
KMS: Final = "gcpkms://projects/x"
MIRROR: Final = "https://tuf.example"
TUF: Final = {"root": encode_b64(b'{"signatures": []}'), "mirror": MIRROR}
BY_KMS: Final = {"key": {"kms": KMS}}


@dataclass
class Supplies:
    """What there is, and what was asked for."""

    text: bytes = REGO
    asked: list[str] = field(default_factory=list)
    failing: CosignError | None = None

    def fetch_text(self, url: str) -> bytes:
        self._ask(url)
        return self.text

    def load_key(self, reference: str) -> PublicKey:
        self._ask(reference)
        return KEY.public_key

    def read_repository(self, repository: TufRepository) -> bytes:
        self._ask(repository.mirror or "archive")
        return encode_trusted_root(ROOT)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failing is not None:
            raise self.failing


def remote(content: bytes = REGO) -> dict[str, Any]:
    return {"type": "rego", "remote": {"url": URL, "sha256sum": Digest.of(content).hex}}


def everything() -> ImagePolicyDocument:
    """Return a policy that has nothing itself."""
    keyless = {"identities": [dict(ALICE)], "trustRootRef": "own"}
    attested = [{"name": "a", "predicateType": "link", "policy": remote()}]
    authorities = (
        {"attestations": attested, **BY_KMS},
        {"keyless": keyless, "ctlog": {"trustRootRef": "own"}, "rfc3161timestamp": {"trustRootRef": "own"}},
    )
    raw = encode(document(*authorities, policy=remote()), trust_root(remote=TUF))
    (found,) = link_policies(parse_resources(raw, FILE))
    return found


def complete(policy: ImagePolicyDocument, supplies: PolicySupplies) -> ImagePolicyDocument:
    return complete_policy(policy, supplies, Memory())


def policy_of(*authorities: dict[str, Any], **spec: Any) -> ImagePolicyDocument:
    (found,) = link_policies(parse_resources(encode(document(*authorities, **spec)), FILE))
    return found


def test_everything_is_had_once() -> None:
    supplies = Supplies()
    found = complete(everything(), supplies)
    assert is_complete(found)
    assert sorted(supplies.asked) == sorted([URL, KMS, MIRROR])
    by_key, by_identity = found.authorities
    assert isinstance(by_key.signer, Key)
    assert by_key.signer.data == KEY.public_key
    assert isinstance(by_identity.signer, Keyless)
    assert by_identity.signer.trust_root is not None
    assert isinstance(by_identity.signer.trust_root.content, TrustedRoot)
    assert found.policy is not None
    assert found.policy.data == REGO.decode()
    assert found.policy.text_place is not None
    assert (found.policy.text_place.file, found.policy.text_place.line) == (URL, 1)


def test_a_policy_that_has_all_is_left_as_it_is() -> None:
    policy = policy_of(PASS)
    assert complete(policy, NoSupplies()) is policy


def test_a_trust_root_that_is_at_hand_is_not_asked_for() -> None:
    own = {"keyless": {"identities": [dict(ALICE)], "trustRootRef": "own"}}
    (policy,) = link_policies(parse_resources(encode(document(own, BY_KMS), trust_root()), FILE))
    supplies = Supplies()
    found = complete(policy, supplies)
    assert (supplies.asked, found.authorities[0]) == ([KMS], policy.authorities[0])


def test_policies_of_a_run_share_what_was_had() -> None:
    supplies, memory = Supplies(), Memory()
    policies = policy_of(BY_KMS), policy_of(BY_KMS)
    first, second = (complete_policy(each, supplies, memory) for each in policies)
    assert supplies.asked == [KMS]
    assert complete_policy(policies[0], supplies, memory) is first is not second


def test_a_text_that_is_another_than_the_one_that_is_meant() -> None:
    with pytest.raises(DigestMismatch) as caught:
        complete(policy_of(PASS, policy=remote(b"other")), Supplies())
    assert caught.value.what.endswith("spec.policy.remote")


def test_a_text_that_is_none() -> None:
    with pytest.raises(DocumentError) as caught:
        complete(policy_of(PASS, policy=remote(b"\xff")), Supplies(b"\xff"))
    assert caught.value.key == "spec.policy.remote"


def test_a_kms_that_nobody_can_ask_is_one_line_with_its_place() -> None:
    with pytest.raises(DocumentError) as caught:
        complete(policy_of(BY_KMS), Supplies(failing=UsageError("unknown key reference scheme gcpkms://", "a hint")))
    assert caught.value.key == "spec.authorities[0].key.kms"
    assert "unknown key reference scheme gcpkms://" in str(caught.value)


def test_what_cannot_be_had_is_told_to_all_who_ask_in_a_run() -> None:
    supplies, memory = Supplies(failing=RemoteError("there", URL, 503, "down")), Memory()
    for _ in range(2):
        with pytest.raises(RemoteError):
            complete_policy(policy_of(PASS, policy=remote()), supplies, memory)
    assert supplies.asked == [URL]


def test_where_nobody_may_be_asked() -> None:
    for policy in (policy_of(BY_KMS), policy_of(PASS, policy=remote()), everything()):
        with pytest.raises(UsageError):
            complete(policy, NoSupplies())
    with pytest.raises(UsageError):
        NoSupplies().read_repository(TufRepository(b"root", archive=b"archive"))


def test_what_was_had_is_had_again_from_the_record() -> None:
    recorder = Recorder()
    found = complete(everything(), RecordingSupplies(Supplies(), recorder))
    replay = Replay(recorder.answers, recorder.contents)
    again = complete(everything(), ReplayedSupplies(replay))
    assert (again.policy, again.authorities[0]) == (found.policy, found.authorities[0])
    assert replay.missing == []


def test_what_was_never_asked_for_is_not_in_the_record() -> None:
    replay = Replay({}, {})
    with pytest.raises(RemoteError):
        complete(policy_of(BY_KMS), ReplayedSupplies(replay))
    assert [each.place for each in replay.missing] == [KMS]
