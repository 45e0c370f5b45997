"""What was shown to be true, kept so that a decision can be explained later."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonValue
from cosignpy.core.intoto import COSIGN_SIGN_V1, Subject
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.core.verify.log import LogFinding
from cosignpy.core.verify.steps import StepFinding
from cosignpy.errors import Rejection
from cosignpy.values import field, value


class SignatureFormat(StrEnum):
    """How a signature is stored beside its image."""

    BUNDLE = "bundle"
    LEGACY = "legacy"


@value
class SignedClaim:
    """What the signed bytes say, once the signature over them has been verified.

    `docker_reference` is the name the signer signed along, empty where none was.
    """

    format: SignatureFormat
    type: str
    payload: bytes
    docker_reference: str
    annotations: Mapping[str, JsonValue]


@value
class VerifiedSignature:
    """One signature that satisfies the policy. Exists only as the result of a verification.

    `log` says why no log was asked for, and `proof` what certificate, logs and authorities show, where they were asked.
    `steps` are those that were taken, in order. `envelope` is what the statement lies in, where one was signed, and
    `stored_envelope` its octets in a legacy attestation; `bare_signature` is that of a payload without an envelope.
    """

    location: str
    digest: Digest
    key: PublicKey
    algorithm: Algorithm
    claim: SignedClaim
    log: LogFinding | None
    proof: VerifiedBundle | None = None
    steps: Sequence[StepFinding] = field(default=(), repr=False)
    envelope: Envelope | None = field(default=None, repr=False)
    stored_envelope: bytes = field(default=b"", repr=False)
    bare_signature: bytes = field(default=b"", repr=False)

    @property
    def signature(self) -> bytes:
        """What the signer made."""
        return self.bare_signature if self.envelope is None else self.envelope.signatures[0].signature

    @property
    def encoded_envelope(self) -> bytes:
        """The envelope in JSON: as it lies in a legacy attestation, else anew; empty where no statement was signed."""
        if self.stored_envelope or self.envelope is None:
            return self.stored_envelope
        return self.envelope.encode()

    @property
    def attested_subjects(self) -> tuple[Subject, ...]:
        """All that an attestation is about; empty of a signature, which is about one image."""
        if self.envelope is None or self.claim.type == COSIGN_SIGN_V1:
            return ()
        return self.envelope.statement.subjects

    @property
    def signer(self) -> object:
        """Whom to count it for: a key, or whoever the certificate names."""
        certificate = self.proof.certificate if self.proof is not None else None
        return self.key if certificate is None else str(certificate.identity)


@value
class VerifiedImage:
    """An image with enough signatures; those that did not pass are kept with their reasons."""

    digest: Digest
    signatures: Sequence[VerifiedSignature]
    rejections: Sequence[Rejection] = field(default_factory=tuple)
