"""What an authority demands of signatures, as verifying wants it; and what it demands that cannot be shown yet."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cosignpy.core.keys.algorithms import accepted_algorithms
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.transparency import (
    AssumeTimeUnsafe,
    RequireLog,
    RequireSct,
    RequireSignedTime,
    RequireTime,
    SkipLogUnsafe,
    SkipSctUnsafe,
)
from cosignpy.documents import DocumentError, Place
from cosignpy.errors import UsageError
from cosignpy.imagepolicy.model import (
    Authority,
    CtLog,
    ImagePolicyDocument,
    Key,
    Keyless,
    Rfc3161Timestamp,
    Source,
    Static,
)

_TRUST_ROOT: Final = "leave it out, and name whom to believe with --trusted-root"


def refuse_unsupported(policy: ImagePolicyDocument) -> None:
    """Refuse a policy that demands what cannot be shown: leaving that out would accept more than it does.

    Raises:
        DocumentError: It has such a field; the first one.
    """
    for error in _unsupported(policy):
        raise error


def build_image_policy(authority: Authority, moment: datetime) -> ImagePolicy:
    """Return what signatures of an image have to satisfy for a key or an identity.

    `moment` stands in for the time of signing where the authority waives all who would vouch for one.

    Raises:
        UsageError: The authority is static, or its key is not in the document.
    """
    signer = authority.signer
    if isinstance(signer, Keyless):
        return ImagePolicy((), _log_of_certificates(authority), identities=_signers(authority, signer, moment))
    if isinstance(signer, Static) or signer.data is None:
        raise UsageError(f"the authority {authority.name} has no key to verify with")
    asks_log = authority.ctlog is not None and bool(authority.ctlog.url)
    waived = SkipLogUnsafe(f"the authority {authority.name} names no ctlog")
    return ImagePolicy((signer.data,), RequireLog() if asks_log else waived)


def _signers(authority: Authority, signer: Keyless, moment: datetime) -> SignedByIdentity:
    rules = tuple([identity.rule for identity in signer.identities])
    sct = SkipSctUnsafe("insecureIgnoreSCT") if signer.insecure_ignore_sct else RequireSct()
    time: RequireTime | RequireSignedTime | AssumeTimeUnsafe = RequireTime()
    if authority.rfc3161timestamp is not None:
        time = RequireSignedTime()
    elif isinstance(_log_of_certificates(authority), SkipLogUnsafe):
        time = AssumeTimeUnsafe(moment, f"the ctlog of the authority {authority.name} is empty")
    return SignedByIdentity(rules, time, sct)


def _log_of_certificates(authority: Authority) -> RequireLog | SkipLogUnsafe:
    """Return what is demanded of logs: nothing beside a timestamp, or where `ctlog` is there and empty."""
    if authority.rfc3161timestamp is not None:
        return SkipLogUnsafe(f"the authority {authority.name} takes a timestamp in place of it")
    if authority.ctlog is not None and not authority.ctlog.url:
        return SkipLogUnsafe(f"the ctlog of the authority {authority.name} is empty")
    return RequireLog()


def _unsupported(policy: ImagePolicyDocument) -> Iterator[DocumentError]:
    if policy.policy is not None:
        yield policy.policy.place.error(f"conditions in {policy.policy.type} are not evaluated yet")
    for authority in policy.authorities:
        for attestation in authority.attestations:
            yield attestation.place.error("attestations are not looked at yet")
        yield from _unsupported_signer(authority)
        for named in (authority.signer, authority.ctlog, authority.rfc3161timestamp):
            if isinstance(named, Keyless | CtLog | Rfc3161Timestamp) and named.trust_root_ref:
                yield _below(named.place, "trustRootRef").error("is not read yet", _TRUST_ROOT)
        if authority.source is not None:
            yield from _unsupported_source(authority.source)


def _unsupported_signer(authority: Authority) -> Iterator[DocumentError]:
    signer = authority.signer
    if isinstance(signer, Key):
        yield from _unsupported_key(signer, authority)
    elif isinstance(signer, Keyless) and signer.ca_cert is not None:
        yield signer.ca_cert.place.error("is not read yet", _TRUST_ROOT)


def _unsupported_key(key: Key, authority: Authority) -> Iterator[DocumentError]:
    if key.kms:
        yield _below(key.place, "kms").error("keys in a KMS are not read yet", "write the public key to `data`")
    if key.secret_ref is not None:
        yield _below(key.place, "secretRef").error("there is no cluster to ask", "write the public key to `data`")
    hashes = {each.hash for each in accepted_algorithms(key.data.algorithm.key)} if key.data is not None else set()
    if key.hash_algorithm not in {"sha256", *hashes}:
        yield _below(key.place, "hashAlgorithm").error(f"{key.hash_algorithm} is not used with this kind of key")
    if authority.rfc3161timestamp is not None:
        yield authority.rfc3161timestamp.place.error("timestamps are not demanded of keys yet")


def _unsupported_source(source: Source) -> Iterator[DocumentError]:
    if source.oci and "/" not in source.oci:
        yield _below(source.place, "oci").error(f"{source.oci} is a registry", "name the repository with signatures")
    if source.signature_pull_secrets:
        hint = "leave it out, and log in: cosignpy login"
        yield _below(source.place, "signaturePullSecrets").error("there is no cluster to ask", hint)
    if source.tag_prefix:
        yield _below(source.place, "tagPrefix").error("prefixes of tags are not read yet")


def _below(place: Place, name: str) -> Place:
    return Place(place.file, place.line, f"{place.key}.{name}")
