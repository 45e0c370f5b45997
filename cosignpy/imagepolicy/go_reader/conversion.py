"""What was read of a ClusterImagePolicy, as the values that are decided by.

The policy controller decides by v1alpha1: what that conversion leaves out of a v1beta1 is left out here.
"""

from enum import StrEnum
from typing import Final

from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.core.predicates.types import select_predicate_type
from cosignpy.documents import Place
from cosignpy.imagepolicy.authorities import FULCIO
from cosignpy.imagepolicy.conduct import Conduct
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.go_reader.key_validation import parse_first_pem, parse_hash
from cosignpy.imagepolicy.go_reader.names import GoRepository
from cosignpy.imagepolicy.go_reader.selectors import convert_match
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import (
    Action,
    Attestation,
    Authority,
    CaCertificate,
    ConfigMapRef,
    CtLog,
    Identity,
    ImagePattern,
    ImagePolicyDocument,
    Key,
    Keyless,
    Mode,
    PolicyText,
    Remote,
    Rfc3161Timestamp,
    SecretRef,
    SignatureFormat,
    Signer,
    Source,
    Static,
)
from cosignpy.values import record


class Version(StrEnum):
    """The versions of a ClusterImagePolicy."""

    ALPHA = "policy.sigstore.dev/v1alpha1"
    BETA = "policy.sigstore.dev/v1beta1"


@record
class Conversion:
    """Of one document: what it is called in errors, its version, and how it is decided by."""

    file: str
    version: Version
    conduct: Conduct

    def policy(self, document: Fields) -> ImagePolicyDocument:
        """Return a policy that was found to be valid.

        Raises:
            MalformedError: A source of signatures is no repository.
        """
        metadata, spec = document.child("metadata"), document.child("spec")
        assert metadata is not None and spec is not None  # noqa: S101, PT018 - both are structs
        text = spec.child("policy")
        return ImagePolicyDocument(
            self._place(document),
            metadata.text("name"),
            tuple([ImagePattern(self._place(each), Glob.parse(each.text("glob"))) for each in spec.children("images")]),
            tuple([self._authority(number, each) for number, each in enumerate(spec.children("authorities"))]),
            Mode(spec.text("mode") or Mode.ENFORCE),
            tuple([convert_match(self._place(each), each) for each in spec.children("match")]),
            None if text is None else self._text(text),
            conduct=self.conduct,
        )

    def _place(self, fields: Fields) -> Place:
        return Place(self.file, 1, fields.path)

    def _authority(self, number: int, authority: Fields) -> Authority:
        sources = [self._source(each) for each in authority.children("source")]
        bundle = authority.text("signatureFormat") == SignatureFormat.BUNDLE
        return Authority(
            self._place(authority),
            authority.text("name") or f"authority-{number}",
            self._signer(authority),
            sources[0] if sources else None,
            self._ctlog(authority.child("ctlog")),
            self._timestamp(authority.child("rfc3161timestamp")),
            tuple([self._attestation(each) for each in authority.children("attestations")]),
            SignatureFormat.BUNDLE if bundle else SignatureFormat.LEGACY,
            conduct=self.conduct,
        )

    def _signer(self, authority: Fields) -> Signer:
        key, keyless, static = (authority.child(name) for name in ("key", "keyless", "static"))
        if key is not None:
            return self._key(key)
        if keyless is not None:
            return self._keyless(keyless)
        assert static is not None  # noqa: S101 - exactly one is there
        return Static(self._place(static), Action(static.text("action")), static.text("message"))

    def _key(self, key: Fields) -> Key:
        secret = key.child("secretRef")
        return Key(
            self._place(key),
            parse_first_pem(key.text("data")) if key.text("data") else None,
            key.text("kms"),
            None if secret is None else SecretRef(secret.text("name"), secret.text("namespace")),
            parse_hash(key.text("hashAlgorithm")) or "",
        )

    def _keyless(self, keyless: Fields) -> Keyless:
        certificate = keyless.child("ca-cert")
        named = keyless.text("url") or FULCIO
        return Keyless(
            self._place(keyless),
            tuple([self._identity(each) for each in keyless.children("identities")]),
            named if keyless.has("url") or certificate is None else "",
            None if certificate is None else CaCertificate(self._place(certificate)),
            keyless.text("trustRootRef"),
            keyless.flag("insecureIgnoreSCT"),
        )

    def _identity(self, identity: Fields) -> Identity:
        place = self._place(identity)
        return Identity(_rule(identity, "issuer"), _rule(identity, "subject"), place, place)

    def _source(self, source: Fields) -> Source:
        text = source.text("oci")
        return Source(
            self._place(source),
            GoRepository.parse(text).name if text else "",
            tuple([each.text("name") for each in source.children("signaturePullSecrets")]),
            source.text("tagPrefix") if source.has("tagPrefix") else None,
        )

    def _ctlog(self, ctlog: Fields | None) -> CtLog | None:
        """Return the log; of a v1beta1 it is left out without a URL, whatever else it names."""
        if ctlog is None or (self.version is Version.BETA and not ctlog.has("url")):
            return None
        return CtLog(self._place(ctlog), ctlog.text("url"), ctlog.text("trustRootRef"))

    def _timestamp(self, stamp: Fields | None) -> Rfc3161Timestamp | None:
        """Return the demand for a timestamp, which counts with the name of a trust root only."""
        if stamp is None or not stamp.text("trustRootRef"):
            return None
        return Rfc3161Timestamp(self._place(stamp), stamp.text("trustRootRef"))

    def _attestation(self, attestation: Fields) -> Attestation:
        kind, text = attestation.text("predicateType"), attestation.child("policy")
        return Attestation(
            self._place(attestation),
            attestation.text("name"),
            kind,
            None if text is None else self._text(text),
            types=() if self.conduct.older_types else (_uri(kind),),
        )

    def _text(self, text: Fields) -> PolicyText:
        reference, remote = text.child("configMapRef"), text.child("remote")
        place = self._place(text)
        return PolicyText(
            place,
            Language(text.text("type")),
            text.text("data"),
            None if reference is None else _config_map(reference),
            None if remote is None else Remote(remote.text("url"), remote.text("sha256sum")),
            *(text.flag("fetchConfigFile"), text.flag("includeSpec")),
            *(text.flag("includeObjectMeta"), text.flag("includeTypeMeta")),
            text_place=place,
            rego_1=self.conduct.rego_1,
        )


def _rule(identity: Fields, name: str) -> Exactly | Containing:
    pattern = identity.text(f"{name}RegExp")
    return Containing.parse(pattern) if pattern else Exactly(identity.text(name))


def _config_map(reference: Fields) -> ConfigMapRef:
    return ConfigMapRef(reference.text("name"), reference.text("key"), reference.text("namespace"))


def _uri(kind: str) -> str:
    """Return what a name stands for; what is no name stands for itself."""
    return select_predicate_type(kind) if kind in NAMES else kind


NAMES: Final = frozenset(
    {"custom", "cyclonedx", "link", "openvex", "slsaprovenance", "slsaprovenance02", "slsaprovenance1", "spdx"}
    | {"spdxjson", "vuln"}
)
"""The names that cosign 2.5 has; of the others that are ours the policy controller knows nothing."""
