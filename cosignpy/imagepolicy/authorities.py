"""The authorities of a ClusterImagePolicy: a key, an identity, or an answer that is always the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.oci.reference import parse_registry, parse_repository
from cosignpy.core.policy.bundle import MAX_RULES
from cosignpy.core.policy.identity import Containing, Exactly
from cosignpy.core.policy.threshold import distinct_rules
from cosignpy.core.trust.chains import build_chains
from cosignpy.core.trust.trusted_root import CertificateAuthority
from cosignpy.documents import Node, Place
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.dialect import Dialect
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.model import (
    Action,
    Attestation,
    Authority,
    CaCertificate,
    CtLog,
    Identity,
    Key,
    Keyless,
    Rfc3161Timestamp,
    SecretRef,
    SignatureFormat,
    Signer,
    Source,
    Static,
)
from cosignpy.imagepolicy.own_conditions import MAX_CONDITIONS, parse_field_condition
from cosignpy.imagepolicy.own_fields import read_max_age, read_require, read_window
from cosignpy.imagepolicy.scalars import parse_url
from cosignpy.imagepolicy.texts import parse_attestation_text

MAX_AUTHORITIES: Final = 100
"""Each may be looked at for each image."""
MAX_ATTESTATIONS: Final = 50
"""An authority that demands more demands something else."""
MAX_SECRETS: Final = 20
"""Pull secrets of a source."""

FULCIO: Final = "https://fulcio.sigstore.dev"
"""What the policy controller fills in where neither `url` nor `ca-cert` is given."""

KMS: Final = ("awskms://", "azurekms://", "hashivault://", "gcpkms://")
HASHES: Final = ("sha224", "sha256", "sha384", "sha512")

_AUTHORITY: Final = (
    "name",
    "key",
    "keyless",
    "static",
    "source",
    "ctlog",
    "rfc3161timestamp",
    "attestations",
    "signatureFormat",
)
_KEYLESS: Final = ("url", "identities", "ca-cert", "trustRootRef", "insecureIgnoreSCT")
_PATTERN: Final = "RegExp"
"""What the names of fields with a pattern end with."""
_ARN: Final = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]*:[0-9]*:(key|alias)/[A-Za-z0-9/_-]+")
_ENDPOINT: Final = re.compile(r"([A-Za-z0-9.-]+:[0-9]{1,5})?")


def parse_authority(dialect: Dialect, node: Node) -> Authority:
    """Parse an authority.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    fields = dialect.read(node, _AUTHORITY, "spec.authorities[]")
    kind = fields.only_one(*_SIGNERS)
    if kind == "static":
        fields.exclude(kind, "attestations", "source", "ctlog", "rfc3161timestamp", "maxAge")
    number = node.place.key.rpartition("[")[2].rstrip("]")
    sources = fields.items("source", _parse_source, 1)
    attestations = fields.items("attestations", partial(_parse_attestation, dialect), MAX_ATTESTATIONS)
    if dialect is Dialect.OWN:
        refuse_same_names(attestations)
    return Authority(
        node.place,
        fields.text("name") or f"authority-{number}",
        _SIGNERS[kind](dialect, fields.members[kind]),
        sources[0] if sources else None,
        fields.child("ctlog", _parse_ctlog),
        fields.child("rfc3161timestamp", _parse_timestamp),
        attestations,
        fields.choice("signatureFormat", SignatureFormat, SignatureFormat.LEGACY),
        max_age=read_max_age(fields),
    )


def parse_key(dialect: Dialect, node: Node) -> Key:
    """Parse a key.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    fields = dialect.read(node, ("data", "kms", "secretRef", "hashAlgorithm"), "spec.authorities[].key")
    kind = fields.only_one("data", "kms", "secretRef")
    return Key(
        node.place,
        fields.parsed("data", parse_pem) if kind == "data" else None,
        fields.parsed("kms", _parse_kms) if kind == "kms" else "",
        fields.child("secretRef", _parse_secret_ref),
        fields.parsed("hashAlgorithm", _parse_hash, fields.text("hashAlgorithm") or "sha256"),
        window=read_window(fields),
    )


def parse_pem(text: str) -> PublicKey:
    """Parse a public key.

    Raises:
        MalformedError: It is not PEM.
        KeyUnusable: It is no public key, or one that nobody should use.
    """
    return PublicKey.parse_pem(text.encode(), what="key")


def _parse_kms(text: str) -> str:
    if not text.startswith(KMS):
        raise MalformedError("kms", f"{text!r} does not begin with {', '.join(KMS)}")
    if text.startswith("awskms://"):
        endpoint, _, key = text.removeprefix("awskms://").partition("/")
        if not _ENDPOINT.fullmatch(endpoint) or not _ARN.fullmatch(key):
            raise MalformedError("kms", f"{text!r} is not awskms://[HOST:PORT]/ARN with the ARN of a key or an alias")
    return text


def _parse_secret_ref(node: Node) -> SecretRef:
    fields = Fields.read(node, ("name", "namespace"))
    return SecretRef(fields.required("name"), fields.text("namespace"))


def _parse_hash(text: str) -> str:
    name = text.strip().lower()
    if name not in HASHES:
        raise MalformedError("hashAlgorithm", f"{text!r} is none of {', '.join(HASHES)}")
    return name


def _parse_keyless(dialect: Dialect, node: Node) -> Keyless:
    fields = dialect.read(node, _KEYLESS, "spec.authorities[].keyless")
    if "url" in fields:
        fields.exclude("url", "ca-cert")
    if "ca-cert" in fields:
        fields.exclude("ca-cert", "trustRootRef")
    identities = fields.items("identities", _parse_identity, MAX_RULES)
    if not identities:
        raise fields.error("identities", "names nobody", "anybody can get a certificate: say who may have signed")
    default = "" if "ca-cert" in fields else FULCIO
    return Keyless(
        node.place,
        identities,
        fields.parsed("url", parse_url) if "url" in fields else default,
        fields.child("ca-cert", _parse_ca_certificate),
        fields.text("trustRootRef"),
        fields.flag("insecureIgnoreSCT"),
        require=read_require(fields, len(distinct_rules([each.rule for each in identities])), "different identities"),
    )


def _parse_ca_certificate(node: Node) -> CaCertificate:
    fields = Fields.read(node, ("data", "secretRef"))
    if fields.only_one("data", "secretRef") == "secretRef":
        return CaCertificate(node.place, secret_ref=fields.child("secretRef", _parse_secret_ref))
    return CaCertificate(node.place, fields.parsed("data", parse_ca_chain))


def parse_ca_chain(text: str) -> tuple[CertificateAuthority, ...]:
    """Parse the certificates of `ca-cert`, in PEM.

    Raises:
        MalformedError: Something else, none that signed itself, or more than a chain has.
    """
    return build_chains(text.encode(), "", what="ca-cert")


def _parse_identity(node: Node) -> Identity:
    fields = Fields.read(node, ("issuer", "issuerRegExp", "subject", "subjectRegExp"))
    issuer, subject = (fields.only_one(name, name + _PATTERN) for name in ("issuer", "subject"))
    rules = _parse_rule(fields, issuer), _parse_rule(fields, subject)
    return Identity(*rules, fields.place_of(issuer), fields.place_of(subject))


def _parse_rule(fields: Fields, name: str) -> Exactly | Containing:
    return fields.parsed(name, Containing.parse) if name.endswith(_PATTERN) else fields.parsed(name, Exactly)


def _parse_static(_dialect: Dialect, node: Node) -> Static:
    fields = Fields.read(node, ("action", "message"))
    return Static(node.place, fields.choice("action", Action), fields.text("message"))


def _parse_source(node: Node) -> Source:
    fields = Fields.read(node, ("oci", "signaturePullSecrets", "tagPrefix"))
    return Source(
        node.place,
        fields.parsed("oci", _parse_oci) if fields.text("oci") else "",
        fields.items("signaturePullSecrets", _parse_secret_name, MAX_SECRETS),
        fields.text("tagPrefix") if "tagPrefix" in fields else None,
    )


def _parse_oci(text: str) -> str:
    """Check a repository, or the host of a registry where there is no path."""
    if "/" in text:
        parse_repository(text)
    else:
        parse_registry(text)
    return text


def _parse_secret_name(node: Node) -> str:
    return Fields.read(node, ("name",)).required("name")


def _parse_ctlog(node: Node) -> CtLog:
    fields = Fields.read(node, ("url", "trustRootRef"))
    url = fields.parsed("url", parse_url) if "url" in fields else ""
    return CtLog(node.place, url, fields.text("trustRootRef"))


def _parse_timestamp(node: Node) -> Rfc3161Timestamp:
    return Rfc3161Timestamp(node.place, Fields.read(node, ("trustRootRef",)).text("trustRootRef"))


def refuse_same_names(found: Sequence[Attestation] | Sequence[Authority]) -> None:
    """Refuse two of one name: what is shown for one would stand for the other. The policy controller takes them.

    Raises:
        DocumentError: There are two.
    """
    names = set[str]()
    for each in found:
        if each.name in names:
            raise Place(each.place.file, each.place.line, f"{each.place.key}.name").error(f"{each.name} stands twice")
        names.add(each.name)


def _parse_attestation(dialect: Dialect, node: Node) -> Attestation:
    fields = dialect.read(node, ("name", "predicateType", "policy"), "spec.authorities[].attestations[]")
    return Attestation(
        node.place,
        fields.required("name"),
        fields.required("predicateType"),
        fields.child("policy", partial(parse_attestation_text, dialect)),
        fields.items("conditions", parse_field_condition, MAX_CONDITIONS),
    )


_SIGNERS: Final[Mapping[str, Callable[[Dialect, Node], Signer]]] = {
    "key": parse_key,
    "keyless": _parse_keyless,
    "static": _parse_static,
}
