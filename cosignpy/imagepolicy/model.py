"""ClusterImagePolicy (policy.sigstore.dev, v1alpha1 and v1beta1) as values.

Fields have the names that they have in the document, so that a reader of one finds them in the other. What other
fields have to be beside a field was looked at when it was parsed; what it needs to be evaluated was not.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.identity import Containing, Exactly, IdentityRule
from cosignpy.documents import Place
from cosignpy.imagepolicy.globs import Glob
from cosignpy.values import field, value


class Mode(StrEnum):
    """What a policy that fails does: refuse the image, or warn of it."""

    ENFORCE = "enforce"
    WARN = "warn"


class Action(StrEnum):
    """What a static authority says of every image."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"


class SignatureFormat(StrEnum):
    """Where an authority looks for signatures; here both are read for either."""

    LEGACY = "legacy"
    BUNDLE = "bundle"


class Language(StrEnum):
    """What the text of a policy is written in."""

    CUE = "cue"
    REGO = "rego"


class Operator(StrEnum):
    """How a label is compared."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@value
class SecretRef:
    """A Secret of the cluster with one public key in it."""

    name: str
    namespace: str = ""


@value
class Key:
    """A public key: in the document, in a KMS or in a Secret, exactly one of them."""

    place: Place = field(compare=False, repr=False)
    data: PublicKey | None = None
    kms: str = ""
    secret_ref: SecretRef | None = None
    hash_algorithm: str = "sha256"


@value
class Identity:
    """A signer: issuer and subject, each exactly or by a pattern that is found anywhere in it."""

    issuer: Exactly | Containing
    subject: Exactly | Containing
    issuer_place: Place = field(compare=False, repr=False)
    subject_place: Place = field(compare=False, repr=False)

    @property
    def rule(self) -> IdentityRule:
        """The same, as verifying wants it."""
        return IdentityRule((self.subject,), (self.issuer,))


@value
class Keyless:
    """Certificates: whom they have to name, and who issues them. `url` says that it is Fulcio; nobody asks it."""

    place: Place = field(compare=False, repr=False)
    identities: tuple[Identity, ...]
    url: str = ""
    ca_cert: Key | None = None
    trust_root_ref: str = ""
    insecure_ignore_sct: bool = False


@value
class Static:
    """The same answer for every image, whoever signed it."""

    place: Place = field(compare=False, repr=False)
    action: Action
    message: str = ""


@value
class Source:
    """Where signatures lie, if not beside the image: the repository, and what their tags begin with."""

    place: Place = field(compare=False, repr=False)
    oci: str = ""
    signature_pull_secrets: tuple[str, ...] = ()
    tag_prefix: str | None = None


@value
class CtLog:
    """The transparency log; with neither member, none is asked for."""

    place: Place = field(compare=False, repr=False)
    url: str = ""
    trust_root_ref: str = ""


@value
class Rfc3161Timestamp:
    """A timestamp is demanded, in place of a log entry."""

    place: Place = field(compare=False, repr=False)
    trust_root_ref: str = ""


@value
class ConfigMapRef:
    """An entry of a ConfigMap of the cluster."""

    name: str
    key: str
    namespace: str = ""


@value
class Remote:
    """A text that is fetched, and known by its digest."""

    url: str
    sha256sum: str


@value
class PolicyText:
    """A condition in a language, and where its text is: exactly one of `data`, `config_map_ref` and `remote`."""

    place: Place = field(compare=False, repr=False)
    type: Language
    data: str = ""
    config_map_ref: ConfigMapRef | None = None
    remote: Remote | None = None
    fetch_config_file: bool = False
    include_spec: bool = False
    include_object_meta: bool = False
    include_type_meta: bool = False


@value
class Attestation:
    """An attestation that has to be there, of a type, and what has to hold for it."""

    place: Place = field(compare=False, repr=False)
    name: str
    predicate_type: str
    policy: PolicyText | None = None


Signer: TypeAlias = Key | Keyless | Static
"""What an authority is, exactly one of them."""


@value
class Authority:
    """One way to satisfy a policy; an image needs one of them."""

    place: Place = field(compare=False, repr=False)
    name: str
    signer: Signer
    source: Source | None = None
    ctlog: CtLog | None = None
    rfc3161timestamp: Rfc3161Timestamp | None = None
    attestations: tuple[Attestation, ...] = ()
    signature_format: SignatureFormat = SignatureFormat.LEGACY


@value
class Requirement:
    """What a label of a workload has to be."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


@value
class Selector:
    """Labels that a workload has to have, all of them."""

    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()


@value
class Match:
    """A kind of workload, and labels of its own, that a policy is about. A version is exact, or `*`."""

    place: Place = field(compare=False, repr=False)
    group: str = ""
    version: str = ""
    resource: str = ""
    selector: Selector | None = None


@value
class ImagePattern:
    """Images that a policy is about."""

    place: Place = field(compare=False, repr=False)
    glob: Glob


@value
class ImagePolicyDocument:
    """A ClusterImagePolicy: images, and authorities of which one has to vouch for each."""

    place: Place = field(compare=False, repr=False)
    name: str
    images: tuple[ImagePattern, ...]
    authorities: tuple[Authority, ...] = ()
    mode: Mode = Mode.ENFORCE
    match: tuple[Match, ...] = ()
    policy: PolicyText | None = None

    def covers(self, image: str) -> bool:
        """Tell whether one of the globs is about an image, as it is named in a command or a workload.

        Raises:
            MalformedError: It is no reference.
        """
        return any(pattern.glob.matches(image) for pattern in self.images)
