"""Decide over a file by the policies that are about its name, with the bundles that are there for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.verify.artifact import HASHES
from cosignpy.core.verify.evidence import VerifiedImage, VerifiedSignature
from cosignpy.errors import NoSignatures
from cosignpy.imagepolicy.attestations import VerifiedAttestations
from cosignpy.imagepolicy.attested import match_wanted
from cosignpy.imagepolicy.authority_matches import Surroundings
from cosignpy.imagepolicy.decision import AuthorityVerdict
from cosignpy.imagepolicy.file_decision import NamedFile, decide_file
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument
from cosignpy.imagepolicy.requirements import build_image_policy
from cosignpy.operations.candidates import Candidate
from cosignpy.operations.complete_policies import PolicySupplies, complete_policy
from cosignpy.operations.file_signature import describe_file_signature
from cosignpy.operations.policy_conditions import check_matches, load_policy_text
from cosignpy.operations.policy_supplies import NoSupplies
from cosignpy.operations.remembered import Memory
from cosignpy.operations.verify_bundle import ArtifactSource, VerifyBundle, verify_bundle
from cosignpy.operations.verify_by_policies import AuthorityTrust, DecidedImage
from cosignpy.operations.verify_image import VerifyImage, verify_candidates
from cosignpy.values import field, record, value

if TYPE_CHECKING:
    from cosignpy.core.verify.bundle import Trust
    from cosignpy.operations.ports import TrustSource

_MISSING: Final = {False: ("sign-blob", "signatures"), True: ("attest-blob", "attestations")}
"""What there is none of, by whether attestations are wanted, and who makes one."""
_NAME: Final = "sha256"
"""By which digest a file is named."""


@value
class FileBundle:
    """A bundle: where it is, and its octets."""

    location: str
    content: bytes = field(repr=False)


@value
class VerifyFileByPolicies:
    """Which file (`path` as it was written, `name` without the folders), with which bundles, by which policies.

    `supplies` are what policies name elsewhere is had from, and the memory is that of the run.
    """

    path: str
    name: str
    bundles: tuple[FileBundle, ...]
    policies: tuple[ImagePolicyDocument, ...]
    moment: datetime
    supplies: PolicySupplies = field(default_factory=NoSupplies, repr=False)
    memory: Memory = field(default_factory=Memory, repr=False)


def verify_file_by_policies(
    request: VerifyFileByPolicies, source: ArtifactSource, trust: "TrustSource"
) -> DecidedImage:
    """Decide over a file; what a policy refuses, or why nothing could be looked at, is in the decision.

    Raises:
        DocumentError: A policy demands what cannot be shown.
        DeadlineExceeded: There was no time to look at everything.
        CosignError: What a policy about the file names elsewhere cannot be had.
    """
    file = _File(request, _Steady(source), trust)
    about = [policy for policy in request.policies if policy.covers_file(request.name)]
    policies = [complete_policy(policy, request.supplies, request.memory) for policy in about]
    named = NamedFile(request.path, request.name, file.digest)
    decision = decide_file(named, policies, file.verify, _conclude)
    return DecidedImage(file.known, decision)


@record
class _File:
    """The file that is decided over, and its digest once somebody had to know it."""

    request: VerifyFileByPolicies
    source: "_Steady"
    trust: "TrustSource"
    known: Digest | None = None

    def digest(self) -> Digest:
        self.known = self.source.digest()
        return self.known

    def verify(self, authority: Authority) -> VerifiedImage | VerifiedAttestations:
        policy = build_image_policy(authority, self.request.moment)
        wanted = VerifyImage(self.request.path, self.digest(), policy)
        trust = AuthorityTrust(authority, self.trust)
        candidates = [self._candidate(bundle, trust) for bundle in self.request.bundles]
        if not candidates:
            verb, what = _MISSING[policy.wants_attestation]
            raise NoSignatures(self.request.path, f"make one with: cosignpy {verb} {self.request.path}", what)
        found = verify_candidates(wanted, candidates, trust)
        return match_wanted(authority, self.request.path, found, load_policy_text)

    def _candidate(self, found: FileBundle, trust: AuthorityTrust) -> Candidate:
        def verify(policy: ImagePolicy, _trust: "Trust | None") -> VerifiedSignature:
            bundle = parse_bundle(found.content)
            verified = verify_bundle(VerifyBundle(bundle, policy.bundle), self.source, trust)
            return describe_file_signature(found.location, self.digest(), bundle, verified)

        return Candidate(found.location, verify)


def _conclude(policy: ImagePolicyDocument, verdicts: Sequence[AuthorityVerdict]) -> None:
    if policy.policy is not None:
        check_matches(policy, policy.policy, verdicts, Surroundings({}))


@record
class _Steady:
    """A file that is the same for all authorities: it is hashed once, and what is read later has to be that."""

    source: ArtifactSource
    digests: Mapping[str, bytes] = field(default_factory=dict)

    def digest(self) -> Digest:
        return Digest(_NAME, self.read_digests(frozenset({_NAME}))[_NAME].hex())

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        if not self.digests:
            self.digests = self.source.read_digests(frozenset(HASHES))
        return {name: self.digests[name] for name in algorithms & self.digests.keys()}

    def read_content(self) -> bytes | None:
        content = self.source.read_content()
        return None if content is None else self.digest().verify(content, what="the file")
