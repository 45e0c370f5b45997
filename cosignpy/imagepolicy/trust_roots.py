"""TrustRoot (policy.sigstore.dev, v1alpha1): whom authorities believe that name it, read strictly.

The keys are in the document, or in a TUF repository, which is on a mirror or in the document itself.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.building import build_log
from cosignpy.core.trust.chains import build_chains, build_timestamp_chains
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog, TrustedRoot
from cosignpy.core.trust.validity import Validity
from cosignpy.documents import Node, Place
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.headers import Kind, read_header
from cosignpy.imagepolicy.scalars import parse_octets, parse_url
from cosignpy.values import field, replace, value

TRUST_ROOT: Final = Kind("TrustRoot", ("policy.sigstore.dev/v1alpha1",))

MAX_ENTRIES: Final = 100
"""Logs or authorities of one kind, as authorities of a policy."""

TARGETS: Final = "targets"
TARGET: Final = "trusted_root.json"
"""What the policy controller asks a repository for where a TrustRoot does not say."""

_ALWAYS: Final = Validity(datetime.min.replace(tzinfo=UTC))
"""A TrustRoot does not say when its keys were in use."""
_HASHES: Final = {f"{name}{size}": f"SHA2_{size}" for name in ("sha", "sha-") for size in (256, 384, 512)}


@value
class TufRepository:
    """A TUF repository: the root that trust in it begins with, where it is, and which of its files is meant.

    It is on a mirror, or in `archive` (tar.gz); exactly one of them.
    """

    root: bytes = field(repr=False)
    mirror: str = ""
    archive: bytes = field(default=b"", repr=False)
    targets: str = TARGETS
    target: str = TARGET


@value
class TrustRoot:
    """Whom to believe, by a name that authorities refer to it with; of a repository nobody knows yet what it says."""

    place: Place = field(compare=False, repr=False)
    name: str
    content: TrustedRoot | TufRepository


def parse_trust_root(node: Node) -> TrustRoot:
    """Parse a TrustRoot.

    Raises:
        DocumentError: Something in it is not as it should be.
    """
    header = read_header(node, TRUST_ROOT)
    spec = header.child("spec", lambda each: Fields.read(each, tuple(_CONTENTS)))
    kind = spec.only_one(*_CONTENTS)
    return TrustRoot(node.place, header.name, _CONTENTS[kind](spec.members[kind]))


def _parse_keys(node: Node) -> TrustedRoot:
    fields = Fields.read(node, ("certificateAuthorities", "tLogs", "ctLogs", "timestampAuthorities"))
    found = TrustedRoot(
        logs=fields.items("tLogs", _parse_log, MAX_ENTRIES),
        certificate_authorities=_flat(fields.items("certificateAuthorities", _parse_issuer, MAX_ENTRIES)),
        ct_logs=fields.items("ctLogs", _parse_log, MAX_ENTRIES),
        timestamp_authorities=_flat(fields.items("timestampAuthorities", _parse_timestamper, MAX_ENTRIES)),
    )
    if not found.certificate_authorities and not found.timestamp_authorities:
        raise node.place.error("names no authority", "certificateAuthorities or timestampAuthorities")
    return found


def _flat(found: tuple[tuple[CertificateAuthority, ...], ...]) -> tuple[CertificateAuthority, ...]:
    return tuple([each for several in found for each in several])


def _parse_issuer(node: Node) -> tuple[CertificateAuthority, ...]:
    return _parse_authority(node, build_chains)


def _parse_timestamper(node: Node) -> tuple[CertificateAuthority, ...]:
    return _parse_authority(node, build_timestamp_chains)


def _parse_authority(
    node: Node, build: Callable[[bytes, str], tuple[CertificateAuthority, ...]]
) -> tuple[CertificateAuthority, ...]:
    """Parse an authority: each way from an issuer up to one of its roots is one of ours."""
    fields = Fields.read(node, ("subject", "uri", "certChain"))
    subject = fields.child("subject", lambda each: Fields.read(each, ("organization", "commonName")))
    if subject is None:
        raise fields.error("subject", "missing")
    organization, common_name = subject.required("organization"), subject.required("commonName")
    url = fields.parsed("uri", parse_url)
    found = fields.parsed("certChain", lambda text: build(parse_octets(text, "certChain"), url))
    return tuple([replace(each, organization=organization, common_name=common_name) for each in found])


def _parse_log(node: Node) -> TransparencyLog:
    fields = Fields.read(node, ("baseURL", "hashAlgorithm", "publicKey"))
    url = fields.parsed("baseURL", parse_url)
    hash_name = fields.required("hashAlgorithm")
    if hash_name not in _HASHES:
        raise fields.error("hashAlgorithm", f"{hash_name!r} is not known", f"allowed: {', '.join(_HASHES)}")
    log = build_log(url, fields.parsed("publicKey", _parse_log_key), _ALWAYS)
    known = log.hash_algorithm == _HASHES[hash_name]
    return log if known else replace(log, hash_algorithm=_HASHES[hash_name], key=None)


def _parse_log_key(text: str) -> PublicKey:
    return PublicKey.parse_pem(parse_octets(text, "publicKey"), what="publicKey")


def _parse_remote(node: Node) -> TufRepository:
    fields = Fields.read(node, ("root", "mirror", "targets", "trustedRootTarget"))
    return TufRepository(
        fields.parsed("root", _parse_tuf_root),
        mirror=fields.parsed("mirror", parse_url),
        targets=_folder(fields),
        target=fields.text("trustedRootTarget") or TARGET,
    )


def _parse_repository(node: Node) -> TufRepository:
    fields = Fields.read(node, ("root", "mirrorFS", "targets", "trustedRootTarget"))
    return TufRepository(
        fields.parsed("root", _parse_tuf_root),
        archive=fields.parsed("mirrorFS", lambda text: parse_octets(text, "mirrorFS")),
        targets=_folder(fields),
        target=fields.text("trustedRootTarget") or TARGET,
    )


def _folder(fields: Fields) -> str:
    return fields.text("targets").strip("/") or TARGETS


def _parse_tuf_root(text: str) -> bytes:
    raw = parse_octets(text, "root")
    if "signatures" not in JsonObject.parse(raw, what="root"):
        raise MalformedError("root", "no signatures in it, so that it is no root.json")
    return raw


_CONTENTS: Final[Mapping[str, Callable[[Node], TrustedRoot | TufRepository]]] = {
    "sigstoreKeys": _parse_keys,
    "remote": _parse_remote,
    "repository": _parse_repository,
}
"""Where a TrustRoot has its keys, exactly one of them."""
