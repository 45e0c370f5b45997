"""What an authority demands of signatures, as verifying wants it; and what it demands that nobody can show."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.keys.algorithms import accepted_algorithms
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.predicate import PredicateTypeIs
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
from cosignpy.imagepolicy.attestations import accept_wanted
from cosignpy.imagepolicy.model import (
    Authority,
    CtLog,
    ImagePolicyDocument,
    Key,
    Keyless,
    SignatureFormat,
    Source,
    Static,
)
from cosignpy.imagepolicy.own_demands import add_own_demands

_ANY_TIME: Final = KeyWindow(datetime.min.replace(tzinfo=UTC))
"""A signature counts whenever it was made, if an authority says when that was."""


def refuse_unsupported(policy: ImagePolicyDocument) -> None:
    """Refuse a policy that demands what cannot be shown: leaving that out would accept more than it does.

    Raises:
        DocumentError: It has such a field; the first one.
    """
    for error in _unsupported(policy):
        raise error


def build_image_policy(authority: Authority, moment: datetime) -> ImagePolicy:
    """Return what signatures of an image have to satisfy for a key or an identity.

    `moment` is now: ages are counted back from it, and it stands in for the time of signing where the authority waives
    all who would vouch for one.

    Raises:
        UsageError: The authority is static, or its key is not in the document.
    """
    return add_own_demands(_build(authority, moment), authority, moment)


def _build(authority: Authority, moment: datetime) -> ImagePolicy:
    signer = authority.signer
    predicate = accept_wanted(authority.attestations) if authority.attestations else PredicateTypeIs()
    if isinstance(signer, Keyless):
        log, identities = log_of_certificates(authority), _signers(authority, signer, moment)
        return ImagePolicy((), log, predicate=predicate, identities=identities)
    if isinstance(signer, Static) or signer.data is None:
        raise UsageError(f"the authority {authority.name} has no key to verify with")
    window = _ANY_TIME if authority.rfc3161timestamp is not None else None
    return ImagePolicy((signer.data,), _log_of_keys(authority), predicate=predicate, window=window)


def _signers(authority: Authority, signer: Keyless, moment: datetime) -> SignedByIdentity:
    rules = tuple([identity.rule for identity in signer.identities])
    sct = SkipSctUnsafe("insecureIgnoreSCT") if signer.insecure_ignore_sct else RequireSct()
    time: RequireTime | RequireSignedTime | AssumeTimeUnsafe = RequireTime()
    log = log_of_certificates(authority)
    if authority.rfc3161timestamp is not None:
        time = RequireSignedTime()
    elif isinstance(log, SkipLogUnsafe):
        time = AssumeTimeUnsafe(moment, log.reason)
    return SignedByIdentity(rules, time, sct)


def log_of_certificates(authority: Authority) -> RequireLog | SkipLogUnsafe:
    """Return what is demanded of logs beside certificates.

    Nothing beside a timestamp, nor where `ctlog` is there and empty. Authorities of one's own have a log of one's own
    where `ctlog` names it; but for bundles, which are judged by one trusted root.
    """
    if authority.rfc3161timestamp is not None:
        return SkipLogUnsafe(f"the authority {authority.name} takes a timestamp in place of it")
    if authority.ctlog is not None and not _names_log(authority.ctlog):
        return SkipLogUnsafe(f"the ctlog of the authority {authority.name} is empty")
    own = isinstance(authority.signer, Keyless) and authority.signer.trust_root is not None
    if authority.ctlog is None and own and authority.signature_format is not SignatureFormat.BUNDLE:
        return SkipLogUnsafe(f"the authority {authority.name} has authorities of its own, and names no ctlog")
    return RequireLog()


def _log_of_keys(authority: Authority) -> RequireLog | SkipLogUnsafe:
    if authority.rfc3161timestamp is not None:
        return SkipLogUnsafe(f"the authority {authority.name} takes a timestamp in place of it")
    if authority.ctlog is None or not _names_log(authority.ctlog):
        return SkipLogUnsafe(f"the authority {authority.name} names no ctlog")
    return RequireLog()


def _names_log(ctlog: CtLog) -> bool:
    return bool(ctlog.url or ctlog.trust_root_ref)


def _unsupported(policy: ImagePolicyDocument) -> Iterator[DocumentError]:
    for authority in policy.authorities:
        if isinstance(authority.signer, Key):
            yield from _unsupported_key(authority.signer)
        if isinstance(authority.signer, Keyless) and authority.signature_format is SignatureFormat.BUNDLE:
            yield from _unsupported_trust(authority, authority.signer)
        if authority.source is not None:
            yield from _unsupported_source(authority.source)


def _unsupported_key(key: Key) -> Iterator[DocumentError]:
    hashes = {each.hash for each in accepted_algorithms(key.data.algorithm.key)} if key.data is not None else set()
    if key.hash_algorithm not in {"sha256", *hashes}:
        yield _below(key.place, "hashAlgorithm").error(f"{key.hash_algorithm} is not used with this kind of key")


def _unsupported_trust(authority: Authority, signer: Keyless) -> Iterator[DocumentError]:
    """Refuse several trusted roots for one bundle, as the policy controller does."""
    for other in (authority.ctlog, authority.rfc3161timestamp):
        if other is not None and other.trust_root_ref != signer.trust_root_ref:
            why = f"{other.trust_root_ref or 'none'}, and keyless has {signer.trust_root_ref or 'none'}"
            hint = "bundles are judged by one TrustRoot: name the same, or leave out signatureFormat"
            yield _below(other.place, "trustRootRef").error(why, hint)


def _unsupported_source(source: Source) -> Iterator[DocumentError]:
    if source.oci and "/" not in source.oci:
        yield _below(source.place, "oci").error(f"{source.oci} is a registry", "name the repository with signatures")


def _below(place: Place, name: str) -> Place:
    return Place(place.file, place.line, f"{place.key}.{name}")
