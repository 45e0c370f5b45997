"""What is wrong with a TrustRoot: what the policy controller's webhook says, and then what makes it of no use.

All mistakes are told, of which it tells those of the last entry of a list. Paths are its own, so that a chain is
`certchain` and the first list `certificateAuthority`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cosignpy.core.encoding import parse_json
from cosignpy.errors import CosignError, MalformedError
from cosignpy.imagepolicy.go_reader.field_errors import FieldErrors, below, both, invalid, missing, neither
from cosignpy.imagepolicy.go_reader.go_scalars import decode_octets
from cosignpy.imagepolicy.go_reader.schema import TRUST_ROOT
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.webhook.policies.compiled import read_trust_root
from cosignpy.webhook.policies.faults import Stage, fault_of

_CONTENTS: Final = ("repository", "remote", "sigstoreKeys")


def check_trust_root(document: Mapping[str, Any], open_repository: Callable[[TufRepository], object]) -> FieldErrors:
    """Return what is wrong; `open_repository` raises a CosignError where a repository in the object is none."""
    try:
        read = Fields.of(TRUST_ROOT.read({"spec": document.get("spec")}, TRUST_ROOT.zero(), ""))
    except MalformedError as error:
        return invalid("failed to decode", "spec", error.why)
    errors = below(_check_spec(read.child("spec") or Fields({})), "spec")
    return errors or _check_use(document, open_repository)


def _check_use(document: Mapping[str, Any], open_repository: Callable[[TufRepository], object]) -> FieldErrors:
    """Return why a trust root with all its fields cannot be used."""
    try:
        root = read_trust_root(document)
    except CosignError as error:
        return invalid("it cannot be used", "spec", fault_of(Stage.READING, error).message)
    if isinstance(root.content, TufRepository) and root.content.archive:
        try:
            open_repository(root.content)
        except CosignError as error:
            return invalid("failed to construct a TUF client", "spec.repository.mirrorFS", str(error))
    return ()


def _check_spec(spec: Fields) -> FieldErrors:
    given = [name for name in _CONTENTS if spec.has(name)]
    if len(given) != 1:
        return both(*_CONTENTS) if given else neither(*_CONTENTS)
    content = spec.child(given[0]) or Fields({})
    return below(_CHECKS[given[0]](content), given[0])


def _check_repository(repository: Fields) -> FieldErrors:
    errors = _check_root(repository)
    return errors if repository.text("mirrorFS") else (*errors, *missing("repository"))


def _check_remote(remote: Fields) -> FieldErrors:
    errors: FieldErrors = () if remote.text("mirror") else missing("mirror")
    return errors + _check_root(remote)


def _check_root(fields: Fields) -> FieldErrors:
    if not fields.text("root"):
        return missing("root")
    try:
        root = parse_json(decode_octets(fields.text("root"), "root"), what="root")
    except MalformedError as error:
        return invalid("failed to unmarshal", "root", error.why)
    if not isinstance(root, dict) or root.get("signatures") is None:
        return invalid("missing signatures in root.json", "root", "no signatures")
    return ()


def _check_keys(keys: Fields) -> FieldErrors:
    issuers, stamps = keys.children("certificateAuthorities"), keys.children("timestampAuthorities")
    if not issuers and not stamps:
        return neither("certificateAuthority", "timestampAuthorities")
    return (
        *_each(issuers, "certificateAuthority", _check_authority),
        *_each(stamps, "timestampAuthorities", _check_authority),
        *_each(keys.children("ctLogs"), "ctLogs", _check_log),
        *_each(keys.children("tLogs"), "tLogs", _check_log),
    )


def _each(items: Iterable[Fields], name: str, check: Callable[[Fields], FieldErrors]) -> FieldErrors:
    return tuple([error for at, each in enumerate(items) for error in below(check(each), name, f"[{at}]")])


def _check_authority(authority: Fields) -> FieldErrors:
    subject = authority.child("subject") or Fields({})
    named = [name for name in ("organization", "commonName") if not subject.text(name)]
    errors = below([error for name in named for error in missing(name)], "subject")
    if not authority.text("uri"):
        errors += missing("uri")
    return errors if authority.text("certChain") else (*errors, *missing("certchain"))


def _check_log(log: Fields) -> FieldErrors:
    absent = [name for name in ("baseURL", "hashAlgorithm", "publicKey") if not log.text(name)]
    return tuple([error for name in absent for error in missing(name)])


_CHECKS: Final[Mapping[str, Callable[[Fields], FieldErrors]]] = {
    "repository": _check_repository,
    "remote": _check_remote,
    "sigstoreKeys": _check_keys,
}
