"""What of a policy is not at hand: keys in a KMS, texts on the web, and TrustRoots in TUF repositories.

`cosignpy.operations.complete_policies` gets all of it. Until then nothing can be decided by the policy.
"""

from collections.abc import Iterator
from typing import TypeAlias

from cosignpy.documents import DocumentError, Place
from cosignpy.imagepolicy.model import (
    Authority,
    CtLog,
    ImagePolicyDocument,
    Key,
    Keyless,
    PolicyText,
    Rfc3161Timestamp,
)
from cosignpy.imagepolicy.trust_roots import TufRepository

Trusting: TypeAlias = Keyless | CtLog | Rfc3161Timestamp


def refuse_incomplete(policy: ImagePolicyDocument) -> None:
    """Refuse a policy that names what was not looked into.

    Raises:
        DocumentError: It has such a field; the first one.
    """
    for error in _missing(policy):
        raise error


def is_complete(policy: ImagePolicyDocument) -> bool:
    """Tell whether all of a policy is at hand."""
    return next(_missing(policy), None) is None


def texts_of(policy: ImagePolicyDocument) -> tuple[PolicyText, ...]:
    """Return all conditions of a policy."""
    texts = [each.policy for authority in policy.authorities for each in authority.attestations]
    return tuple([each for each in (*texts, policy.policy) if each is not None])


def trusting(authority: Authority) -> tuple[Trusting, ...]:
    """Return the parts of an authority that may say whom to believe."""
    parts = (authority.signer, authority.ctlog, authority.rfc3161timestamp)
    return tuple([each for each in parts if isinstance(each, Keyless | CtLog | Rfc3161Timestamp)])


def _missing(policy: ImagePolicyDocument) -> Iterator[DocumentError]:
    for authority in policy.authorities:
        if isinstance(authority.signer, Key):
            yield from _missing_key(authority.signer)
        for part in trusting(authority):
            yield from _missing_trust(part)
    for text in texts_of(policy):
        if not text.data:
            name = "remote" if text.remote is not None else "configMapRef"
            yield _below(text.place, name).error("is not at hand", "write the text to `data`")


def _missing_key(key: Key) -> Iterator[DocumentError]:
    if key.data is None:
        yield _below(key.place, "kms" if key.kms else "secretRef").error("is not at hand", "write the key to `data`")


def _missing_trust(part: Trusting) -> Iterator[DocumentError]:
    if isinstance(part, Keyless) and part.ca_cert is not None and not part.ca_cert.authorities:
        yield _below(part.ca_cert.place, "secretRef").error("is not at hand", "write the certificates to `data`")
    if part.trust_root_ref and (part.trust_root is None or isinstance(part.trust_root.content, TufRepository)):
        hint = "leave it out, and name whom to believe with --trusted-root"
        yield _below(part.place, "trustRootRef").error("is not at hand", hint)


def _below(place: Place, name: str) -> Place:
    return Place(place.file, place.line, f"{place.key}.{name}")
