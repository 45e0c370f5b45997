"""What is checked of a ClusterImagePolicy before anything is decided, as the policy controller's webhook does.

The checks of v1alpha1 and v1beta1 are the same. Names of resources are not looked at: the tester takes any.
"""

from collections.abc import Callable
from typing import Final

from cosignpy.core.policy.identity import Containing
from cosignpy.errors import MalformedError, UsageError
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.go_reader.field_errors import (
    FieldErrors,
    Level,
    below,
    both,
    disallowed,
    invalid,
    missing,
    neither,
)
from cosignpy.imagepolicy.go_reader.go_url import parse_url
from cosignpy.imagepolicy.go_reader.key_validation import validate_key
from cosignpy.imagepolicy.go_reader.names import GoRepository, parse_registry
from cosignpy.imagepolicy.go_reader.typed import Fields
from cosignpy.values import replace

SHORT_TYPES: Final = ("custom", "slsaprovenance", "spdx", "spdxjson", "cyclonedx", "link", "vuln")
_DEPRECATED: Final = "deprecated value, please use RFC 3986 conformant values"
_INPUTS: Final = ("fetchConfigFile", "includeSpec", "includeObjectMeta", "includeTypeMeta")


def validate_spec(spec: Fields) -> FieldErrors:
    """Return what is wrong with a spec, and what is to be warned of."""
    errors: FieldErrors = ()
    if not spec.children("images"):
        errors += missing("images")
    errors += _each(spec, "images", _validate_image)
    if not spec.children("authorities"):
        errors += missing("authorities")
    errors += _each(spec, "authorities", _validate_authority)
    if spec.text("mode") not in {"", "enforce", "warn"}:
        errors += invalid(spec.text("mode"), "mode", "unsupported mode")
    errors += _each(spec, "match", _validate_match)
    policy = spec.child("policy")
    return errors if policy is None else errors + _validate_policy(policy)


def _each(fields: Fields, name: str, validate: Callable[[Fields], FieldErrors]) -> FieldErrors:
    errors: FieldErrors = ()
    for number, each in enumerate(fields.children(name)):
        errors += below(validate(each), name, f"[{number}]")
    return errors


def _validate_image(image: Fields) -> FieldErrors:
    glob = image.text("glob")
    if not glob:
        return missing("glob")
    try:
        Glob.parse(glob)
    except MalformedError:
        wrong = "syntax error in pattern" if _is_open(glob) else f'invalid glob "{glob}"'
        return invalid(glob, "glob", f"glob is invalid: {wrong}")
    return ()


def _is_open(glob: str) -> bool:
    """Tell whether `filepath.Match` finds a bracket that is not closed, or nothing behind a backslash."""
    return glob.endswith("\\") or ("[" in glob and "]" not in glob.partition("[")[2])


def _validate_match(match: Fields) -> FieldErrors:
    named = [match.text(name) for name in ("group", "version", "resource")]
    if match.has("selector") and not any(named):
        return invalid("", "selector", "selector requires a resource type to match the labels")
    return ()


def _validate_authority(authority: Fields) -> FieldErrors:
    given = [name for name in _SIGNERS if authority.has(name)]
    if len(given) != 1:
        return both(*_SIGNERS) if given else neither(*_SIGNERS)
    signer = authority.child(given[0])
    errors = below(_SIGNERS[given[0]](Fields({}) if signer is None else signer), given[0])
    if given[0] == "static":
        for name in ("attestations", "source"):
            errors += both("static", name) if authority.children(name) else ()
        for name in ("ctlog", "rfc3161timestamp"):
            errors += both("static", name) if authority.has(name) else ()
    if len(authority.children("source")) > 1:
        errors += invalid("source", "source", "only single source is supported")
    else:
        errors += _each(authority, "source", _validate_source)
    for attestation in authority.children("attestations"):
        errors += below(_validate_attestation(attestation), "attestations")
    return errors


def _validate_static(static: Fields) -> FieldErrors:
    action = static.text("action")
    if not action:
        return missing("action")
    return () if action in {"fail", "pass"} else invalid(action, "action", "unsupported action")


def _validate_keyless(keyless: Fields) -> FieldErrors:
    errors: FieldErrors = ()
    certificate = keyless.child("ca-cert")
    if certificate is not None:
        errors += both("url", "ca-cert") if keyless.has("url") else ()
        errors += below(validate_key(certificate), "ca-cert")
    if not keyless.children("identities"):
        errors += missing("identities")
    return errors + _each(keyless, "identities", _validate_identity)


def _validate_identity(identity: Fields) -> FieldErrors:
    errors: FieldErrors = ()
    for name in ("issuer", "subject"):
        pattern = f"{name}RegExp"
        if identity.text(name) and identity.text(pattern):
            errors += both(name, pattern)
        if not identity.text(name) and not identity.text(pattern):
            errors += missing(name, pattern)
        if identity.text(pattern):
            errors += _validate_pattern(identity.text(pattern), pattern)
    return errors


def _validate_pattern(pattern: str, path: str) -> FieldErrors:
    try:
        Containing.parse(pattern)
    except UsageError as error:
        return invalid(pattern, path, f"regex is invalid: {error.problem}")
    return ()


def _validate_source(source: Fields) -> FieldErrors:
    errors: FieldErrors = ()
    if source.text("oci"):
        try:
            check_oci(source.text("oci"))
        except MalformedError as error:
            errors += invalid(source.text("oci"), "oci", error.why)
    for number, secret in enumerate(source.children("signaturePullSecrets")):
        if not secret.text("name"):
            errors = below(errors + missing("name"), "signaturePullSecrets", f"[{number}]")
    return errors


def check_oci(text: str) -> None:
    """Check a repository, or a registry where there is none.

    Raises:
        MalformedError: It is neither.
    """
    first, slash, _rest = text.partition("/")
    if slash and ("." in first or ":" in first):
        GoRepository.parse_strictly(text)
    else:
        parse_registry(text)


def _validate_attestation(attestation: Fields) -> FieldErrors:
    errors: FieldErrors = () if attestation.text("name") else missing("name")
    kind = attestation.text("predicateType")
    if not kind:
        errors += missing("predicateType")
    elif kind in SHORT_TYPES or not _is_request_uri(kind):
        warning = invalid(kind, "predicateType", _DEPRECATED)
        errors += tuple([replace(each, level=Level.WARNING) for each in warning])
    policy = attestation.child("policy")
    if policy is None:
        return errors
    inputs = [each for name in _INPUTS if policy.has(name) for each in disallowed(name)]
    return errors + below((*_validate_policy(policy), *inputs), "policy")


def _is_request_uri(text: str) -> bool:
    """Tell whether `net/url` takes a text for a URI as requests have it: absolute, or a path."""
    try:
        parse_url(text, of_request=True)
    except MalformedError:
        return False
    return True


def _validate_policy(policy: Fields) -> FieldErrors:
    errors: FieldErrors = ()
    if policy.text("type") not in {"cue", "rego"}:
        errors += invalid(policy.text("type"), "type", "only [cue,rego] are supported at the moment")
    remote, reference = policy.child("remote"), policy.child("configMapRef")
    given = [bool(policy.text("data")), reference is not None, remote is not None].count(True)
    if given != 1:
        errors += both(*_TEXTS) if given else missing(*_TEXTS)
    if remote is not None:
        errors += below(_validate_remote(remote), "remote")
    if reference is not None:
        absent = [error for name in ("name", "key") if not reference.text(name) for error in missing(name)]
        errors += below(absent, "configMapRef")
    return errors


def _validate_remote(remote: Fields) -> FieldErrors:
    scheme, host = parse_url(remote.text("url"))
    errors: FieldErrors = ()
    if scheme != "https" or not host:
        errors += invalid(remote.text("url"), "url", "url valid is invalid. host and https scheme are expected")
    return errors if remote.text("sha256sum") else errors + missing("sha256sum")


_TEXTS: Final = ("data", "configMapRef", "remote")
_SIGNERS: Final[dict[str, Callable[[Fields], FieldErrors]]] = {
    "key": validate_key,
    "keyless": _validate_keyless,
    "static": _validate_static,
}
