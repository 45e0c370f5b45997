"""ClusterImagePolicy (policy.sigstore.dev, v1alpha1 and v1beta1) as values, and our own ImagePolicy, which has more.

Fields have the names that they have in the document, so that a reader of one finds them in the other. What other
fields have to be beside a field was looked at when it was parsed; what it needs to be evaluated was not.
"""

from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from cosignpy.core.encoding import JsonValue
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.deny import DenyList
from cosignpy.core.policy.identity import Containing, Exactly, IdentityRule
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.trust.trusted_root import CertificateAuthority
from cosignpy.documents import Place
from cosignpy.imagepolicy.conduct import Conduct
from cosignpy.imagepolicy.denial import Denials
from cosignpy.imagepolicy.file_globs import FileGlob
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.matches import Match
from cosignpy.imagepolicy.trust_roots import TrustRoot
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


@value
class SecretRef:
    """A Secret of the cluster with one public key in it."""

    name: str
    namespace: str = ""


@value
class Key:
    """A public key: in the document, in a KMS or in a Secret; `data` is there once the others were looked into."""

    place: Place = field(compare=False, repr=False)
    data: PublicKey | None = None
    kms: str = ""
    secret_ref: SecretRef | None = None
    hash_algorithm: str = "sha256"
    window: KeyWindow | None = None


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
class CaCertificate:
    """Who issues certificates in place of Fulcio: in the document, or in a Secret; `authorities` once that was read."""

    place: Place = field(compare=False, repr=False)
    authorities: tuple[CertificateAuthority, ...] = ()
    secret_ref: SecretRef | None = None


@value
class Keyless:
    """Certificates: whom they have to name, and who issues them. `url` says that it is Fulcio; nobody asks it.

    `trust_root` is what `trust_root_ref` names, once that was found; so it is wherever something is named.
    """

    place: Place = field(compare=False, repr=False)
    identities: tuple[Identity, ...]
    url: str = ""
    ca_cert: CaCertificate | None = None
    trust_root_ref: str = ""
    insecure_ignore_sct: bool = False
    require: int = 1
    trust_root: TrustRoot | None = None


@value
class Static:
    """The same answer for every image, whoever signed it."""

    place: Place = field(compare=False, repr=False)
    action: Action
    message: str = ""


@value
class Source:
    """Where signatures lie, if not beside the image: the repository, and what their tags begin with.

    `docker_config` is what the Secrets have that were found, as Docker's configuration file; empty where none was.
    """

    place: Place = field(compare=False, repr=False)
    oci: str = ""
    signature_pull_secrets: tuple[str, ...] = ()
    tag_prefix: str | None = None
    docker_config: str = field(default="", repr=False)


@value
class CtLog:
    """The transparency log; with neither member, none is asked for."""

    place: Place = field(compare=False, repr=False)
    url: str = ""
    trust_root_ref: str = ""
    trust_root: TrustRoot | None = None


@value
class Rfc3161Timestamp:
    """A timestamp is demanded, in place of a log entry."""

    place: Place = field(compare=False, repr=False)
    trust_root_ref: str = ""
    trust_root: TrustRoot | None = None


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
    """A condition in a language, and where its text is: in `data`, once what the others name was looked into.

    `text_place` is where the text stands; `rego_1` says whether Rego of version 1 has to be imported.
    """

    place: Place = field(compare=False, repr=False)
    type: Language
    data: str = ""
    config_map_ref: ConfigMapRef | None = None
    remote: Remote | None = None
    fetch_config_file: bool = False
    include_spec: bool = False
    include_object_meta: bool = False
    include_type_meta: bool = False
    text_place: Place | None = field(default=None, compare=False, repr=False)
    rego_1: bool = True


@value
class FieldCondition:
    """What one field of a statement has to be: the name of the comparison, and what is compared with it."""

    place: Place = field(compare=False, repr=False)
    path: str
    comparison: str
    operand: JsonValue


@value
class Attestation:
    """An attestation that has to be there, of a type, and what has to hold for it.

    `types` are the URIs that the type may have; those that its name stands for, if there are none.
    """

    place: Place = field(compare=False, repr=False)
    name: str
    predicate_type: str
    policy: PolicyText | None = None
    conditions: tuple[FieldCondition, ...] = ()
    types: tuple[str, ...] = ()


Signer: TypeAlias = Key | Keyless | Static
"""What an authority is, exactly one of them."""


@value
class Authority:
    """One way to satisfy a policy; an image needs one of them, or more.

    `deny` and `conduct` are what the policy denies, and how it is decided by.
    """

    place: Place = field(compare=False, repr=False)
    name: str
    signer: Signer
    source: Source | None = None
    ctlog: CtLog | None = None
    rfc3161timestamp: Rfc3161Timestamp | None = None
    attestations: tuple[Attestation, ...] = ()
    signature_format: SignatureFormat = SignatureFormat.LEGACY
    max_age: timedelta | None = None
    deny: DenyList = field(default_factory=DenyList)
    conduct: Conduct = field(default_factory=Conduct)


@value
class ImagePattern:
    """Images that a policy is about."""

    place: Place = field(compare=False, repr=False)
    glob: Glob


@value
class FilePattern:
    """Files that a policy is about."""

    place: Place = field(compare=False, repr=False)
    glob: FileGlob


@value
class ImagePolicyDocument:
    """A policy of either kind: images or files, and authorities of which one, or more, have to vouch for each."""

    place: Place = field(compare=False, repr=False)
    name: str
    images: tuple[ImagePattern, ...]
    authorities: tuple[Authority, ...] = ()
    mode: Mode = Mode.ENFORCE
    match: tuple[Match, ...] = ()
    policy: PolicyText | None = None
    require: int = 1
    deny: Denials = field(default_factory=Denials)
    files: tuple[FilePattern, ...] = ()
    conduct: Conduct = field(default_factory=Conduct)

    def covers_file(self, name: str) -> bool:
        """Tell whether one of the globs is about a file of this name."""
        return any(pattern.glob.matches(name) for pattern in self.files)

    def covers(self, image: str) -> bool:
        """Tell whether one of the globs is about an image, as it is named in a command or a workload.

        Raises:
            MalformedError: It is no reference.
        """
        return any(pattern.glob.matches(image) for pattern in self.images)

    def covers_full(self, name: str) -> bool:
        """Tell whether one of the globs is about an image by its full name."""
        return any(pattern.glob.describes(name) for pattern in self.images)
