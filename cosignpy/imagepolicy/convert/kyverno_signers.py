"""One attestor of Kyverno, a key or identities, as an authority."""

from typing import Final

from cosignpy.documents import Node
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.authorities import HASHES
from cosignpy.imagepolicy.convert.drafts import REKOR
from cosignpy.imagepolicy.convert.findings import Findings, read
from cosignpy.imagepolicy.convert.keys import IDENTITY, TRUST, identity_of, key_of, secret_of
from cosignpy.imagepolicy.convert.private_trust import PrivateTrust
from cosignpy.imagepolicy.convert.rego import certificate_says
from cosignpy.imagepolicy.convert.writing import Content
from cosignpy.imagepolicy.fields import Fields
from cosignpy.values import value

_EXTENSIONS: Final = {
    "githubWorkflowTrigger": "githubWorkflowTrigger",
    "githubWorkflowSha": "githubWorkflowSha",
    "githubWorkflowName": "githubWorkflowName",
    "githubWorkflowRepository": "githubWorkflowRepo",
    "githubWorkflowRef": "githubWorkflowRef",
}
"""Extensions of certificates, and what conditions of ours call them."""


@value
class LogRules:
    """What is demanded of logs: an entry, and where that is; and the promise of certificate transparency."""

    url: str = REKOR
    ignored: bool = False
    promise_ignored: bool = False


def read_key(node: Node) -> Fields:
    """Read the fields of a key.

    Raises:
        DocumentError: One cannot be said.
    """
    return read(node, ("publicKeys", "kms", "secret", "signatureAlgorithm", "rekor", "ctlog"))


def convert_key(fields: Fields, text: str, findings: Findings) -> dict[str, Content]:
    """Convert a key; `text` is the one of `publicKeys` that is meant.

    Raises:
        DocumentError: It cannot be said.
    """
    kind = fields.only_one("publicKeys", "kms", "secret")
    place = fields.place_of(kind)
    if kind == "secret":
        secret = fields.child("secret", lambda each: read(each, ("name", "namespace")))
        key = secret_of(secret.required("name"), secret.text("namespace"), place, findings) if secret else {}
    else:
        key = key_of(text or fields.required(kind), place, findings)
    if "signatureAlgorithm" in fields:
        key["hashAlgorithm"] = fields.parsed("signatureAlgorithm", _parse_hash)
    rules = read_logs(fields)
    return {"key": key} if rules.ignored else {"key": key, "ctlog": {"url": rules.url}}


def convert_keyless(fields: Fields, findings: Findings) -> tuple[dict[str, Content], tuple[PrivateTrust, ...]]:
    """Convert identities, and who else than the public Sigstore vouches for them.

    Raises:
        DocumentError: They cannot be said.
    """
    trust = _read_trust(fields)
    rules = read_logs(fields, private=trust is not None)
    keyless: dict[str, Content] = {"identities": [identity_of(fields, IDENTITY)]}
    ctlog: dict[str, Content] = {"url": rules.url}
    if rules.promise_ignored:
        keyless["insecureIgnoreSCT"] = True
    if rules.ignored:
        why = "an entry of the log is still demanded: it shows when the certificate was used"
        findings.warn(fields.place_of("rekor"), why)
    if trust is not None:
        keyless["trustRootRef"] = trust.name
        if trust.log_key:
            ctlog["trustRootRef"] = trust.name
        if not trust.promise_key and not rules.promise_ignored:
            why = "a promise of certificate transparency is demanded, and `ctlog` names no key that could give one"
            findings.warn(fields.place_of("roots"), why)
    return {"keyless": keyless, "ctlog": ctlog}, () if trust is None else (trust,)


def _read_trust(fields: Fields) -> PrivateTrust | None:
    """Return whom `roots` and the keys beside them say to believe; None for the public Sigstore.

    Raises:
        DocumentError: Something else stands there.
    """
    if "roots" not in fields:
        return None
    rekor, ctlog = (fields.child(name, _read_private) for name in ("rekor", "ctlog"))
    return PrivateTrust(
        fields.required("roots"),
        (rekor.text("url") if rekor else "") or REKOR,
        rekor.text("pubkey") if rekor else "",
        ctlog.text("pubkey") if ctlog else "",
    )


def _read_private(node: Node) -> Fields:
    return read(node, ("url", "ignoreTlog", "ignoreSCT", "pubkey", "tsaCertChain"))


def read_keyless(node: Node) -> Fields:
    """Read the fields of identities.

    Raises:
        DocumentError: One cannot be said.
    """
    return read(node, (*IDENTITY, *IDENTITY.values(), "roots", "rekor", "ctlog", "additionalExtensions"))


def convert_extensions(fields: Fields, authority: str) -> tuple[str, ...]:
    """Return the conditions for what a certificate has to say besides.

    Raises:
        DocumentError: An extension is none of GitHub's, which are the ones that conditions see.
    """
    demanded = fields.texts("additionalExtensions", len(_EXTENSIONS))
    for name in demanded:
        if name not in _EXTENSIONS:
            raise fields.error(
                "additionalExtensions", f"{name} cannot be converted", f"allowed: {', '.join(_EXTENSIONS)}"
            )
    return certificate_says(authority, {_EXTENSIONS[name]: content for name, content in demanded.items()})


def read_logs(fields: Fields, *, private: bool = False) -> LogRules:
    """Return what `rekor` and `ctlog` say.

    Raises:
        DocumentError: They name keys, which belong into a TrustRoot, and none is made.
    """
    keys = {} if private else {"pubkey": TRUST}
    known = ("pubkey",) if private else ()
    rekor = fields.child("rekor", lambda each: read(each, ("url", "ignoreTlog", *known), keys))
    ctlog = fields.child("ctlog", lambda each: read(each, ("ignoreSCT", *known), {**keys, "tsaCertChain": TRUST}))
    return LogRules(
        (rekor.text("url") if rekor else "") or REKOR,
        rekor is not None and rekor.flag("ignoreTlog"),
        ctlog is not None and ctlog.flag("ignoreSCT"),
    )


def _parse_hash(text: str) -> str:
    if text not in HASHES:
        raise MalformedError("hash", f"{text!r} is none of {', '.join(HASHES)}")
    return text
