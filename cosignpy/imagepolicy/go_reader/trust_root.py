"""A TrustRoot as the policy controller's tester reads it: nothing is checked that it does not use."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from cosignpy.core.encoding import JsonValue
from cosignpy.core.trust.building import build_log
from cosignpy.core.trust.chains import build_chains, build_timestamp_chains
from cosignpy.core.trust.trusted_root import CertificateAuthority, TransparencyLog, TrustedRoot
from cosignpy.core.trust.validity import Validity
from cosignpy.documents import Place
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.imagepolicy.go_reader.go_scalars import decode_octets
from cosignpy.imagepolicy.go_reader.json_fields import TEXT, Struct, TextMap
from cosignpy.imagepolicy.go_reader.key_validation import parse_first_pem
from cosignpy.imagepolicy.go_reader.schema import TRUST_ROOT
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.go_reader.yaml_values import read_yaml, write_number
from cosignpy.imagepolicy.model import Authority, CtLog, ImagePolicyDocument, Keyless, Rfc3161Timestamp
from cosignpy.imagepolicy.trust_roots import TARGETS, TrustRoot, TufRepository
from cosignpy.values import replace

Trusting = TypeVar("Trusting", Keyless, CtLog, Rfc3161Timestamp)

_ALWAYS: Final = Validity(datetime.min.replace(tzinfo=UTC))


def read_trust_root(raw: bytes, file: str) -> TrustRoot:
    """Read a TrustRoot, whatever it says of its kind.

    Raises:
        MalformedError: It is none, or has neither keys nor a repository.
        KeyUnusable: A log has a key that nobody should use.
    """
    read = Fields.of(TRUST_ROOT.read(_spell_texts(read_yaml(raw, file), TRUST_ROOT), TRUST_ROOT.zero(), ""))
    metadata, spec = read.child("metadata"), read.child("spec")
    assert metadata is not None and spec is not None  # noqa: S101, PT018 - both are structs
    for name, convert in _CONTENTS.items():
        found = spec.child(name)
        if found is not None:
            return TrustRoot(Place(file, 1, found.path), metadata.text("name"), convert(found))
    raise MalformedError(file, "provided trust root configuration is not supported")


def believe(policy: ImagePolicyDocument, root: TrustRoot) -> ImagePolicyDocument:
    """Return a policy whose authorities believe a trust root where they name it."""
    return replace(policy, authorities=tuple([_believe(each, root) for each in policy.authorities]))


def _believe(authority: Authority, root: TrustRoot) -> Authority:
    def named(part: Trusting) -> Trusting:
        return replace(part, trust_root=root) if part.trust_root_ref == root.name else part

    signer, ctlog, stamp = authority.signer, authority.ctlog, authority.rfc3161timestamp
    return replace(
        authority,
        signer=named(signer) if isinstance(signer, Keyless) else signer,
        ctlog=None if ctlog is None else named(ctlog),
        rfc3161timestamp=None if stamp is None else named(stamp),
    )


def _spell_texts(content: JsonValue, kind: object) -> JsonValue:
    """Spell numbers and booleans as texts where a text is wanted: `sigs.k8s.io/yaml` does where it knows the type."""
    if kind is TEXT and isinstance(content, bool | int | float):
        return str(content).lower() if isinstance(content, bool) else write_number(content)
    if isinstance(content, list):
        return [_spell_texts(each, getattr(kind, "of", None)) for each in content]
    if not isinstance(content, dict):
        return content
    inner = getattr(kind, "to", kind)
    return {name: _spell_texts(each, _member(inner, name)) for name, each in content.items()}


def _member(kind: object, name: str) -> object:
    if isinstance(kind, TextMap):
        return TEXT
    found = kind.field_of(name) if isinstance(kind, Struct) else None
    return kind.fields[found] if isinstance(kind, Struct) and found is not None else None


def _convert_keys(keys: Fields) -> TrustedRoot:
    """Return what the keys say; nobody is believed where one of the certificates is none."""
    try:
        return TrustedRoot(
            logs=tuple([_log(each) for each in keys.children("tLogs")]),
            certificate_authorities=_authorities(keys, "certificateAuthorities", build_chains),
            ct_logs=tuple([_log(each) for each in keys.children("ctLogs")]),
            timestamp_authorities=_authorities(keys, "timestampAuthorities", build_timestamp_chains),
        )
    except _BadChain:
        return TrustedRoot()


class _BadChain(MalformedError):
    """Certificates that are none, which the policy controller finds out when it needs them."""


def _authorities(
    keys: Fields, name: str, build: Callable[[bytes, str], tuple[CertificateAuthority, ...]]
) -> tuple[CertificateAuthority, ...]:
    found: list[CertificateAuthority] = []
    for each in keys.children(name):
        pem = decode_octets(each.text("certChain"), "certChain")
        if pem and b"-----BEGIN " not in pem:
            raise MalformedError("certChain", "failed to decode certificate chain PEM")
        try:
            found += build(pem, each.text("uri"))
        except (KeyUnusable, MalformedError) as error:
            raise _BadChain("certChain", error.why) from error
    return tuple(found)


def _log(log: Fields) -> TransparencyLog:
    pem = decode_octets(log.text("publicKey"), "publicKey").decode("utf-8", "replace")
    return build_log(log.text("baseURL"), parse_first_pem(pem), _ALWAYS)


def _convert_remote(remote: Fields) -> TufRepository:
    root = decode_octets(remote.text("root"), "root")
    return TufRepository(root, mirror=remote.text("mirror"), targets=remote.text("targets").strip("/") or TARGETS)


def _convert_repository(repository: Fields) -> TufRepository:
    root, archive = (decode_octets(repository.text(name), name) for name in ("root", "mirrorFS"))
    return TufRepository(root, archive=archive, targets=repository.text("targets").strip("/") or TARGETS)


_CONTENTS: Final[dict[str, Callable[[Fields], TrustedRoot | TufRepository]]] = {
    "remote": _convert_remote,
    "repository": _convert_repository,
    "sigstoreKeys": _convert_keys,
}
"""The first of them counts that is there."""
