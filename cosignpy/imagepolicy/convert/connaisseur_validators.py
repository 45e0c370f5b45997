"""Connaisseur's validators as authorities."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from cosignpy.documents import Node, Place, Word
from cosignpy.imagepolicy.convert.drafts import REKOR, Signers
from cosignpy.imagepolicy.convert.findings import Findings, is_on, read
from cosignpy.imagepolicy.convert.keys import TRUST, identity_of, key_of, split_keys
from cosignpy.imagepolicy.convert.kyverno_attestors import parse_count
from cosignpy.imagepolicy.convert.writing import Content
from cosignpy.imagepolicy.fields import Fields, read_text
from cosignpy.values import value

MAX_VALIDATORS: Final = 500
"""And rules, and trust roots."""

_DEFAULT: Final = "default"
_EACH: Final = "*"
_IDENTITY: Final = {"issuer": "issuerRegex", "subject": "subjectRegex"}
_COSIGN: Final = ("name", "type", "trustRoots", "trust_roots", "host", "auth", "cert")
_WITH: Final = (
    "trustRoot",
    "trust_root",
    "threshold",
    "required",
    "mode",
    "verifyInTransparencyLog",
    "verify_in_transparency_log",
    "verifySCT",
)


class Static(StrEnum):
    """What a validator says of every image."""

    ALLOW = "pass"
    DENY = "fail"


@value
class Validator:
    """A validator: what it always says, or whom it trusts, each an authority without what rules say of logs."""

    place: Place
    name: str
    static: Static | None = None
    roots: Mapping[str, Mapping[str, Content]] | None = None
    log: str = REKOR


def read_validator(node: Node, findings: Findings) -> Validator:
    """Read a validator.

    Raises:
        DocumentError: It is of another kind than cosign and static, or cannot be said.
    """
    kind = Fields.read(node, tuple(getattr(node, "members", ()))).required("type")
    if kind == "static":
        fields = read(node, ("name", "type", "approve"))
        if "approve" not in fields:
            raise fields.error("approve", "missing")
        approved = Static.ALLOW if fields.flag("approve") else Static.DENY
        return Validator(node.place, fields.required("name"), approved)
    if kind != "cosign":
        why = f"the type {kind} cannot be converted"
        raise Place(node.place.file, node.place.line, f"{node.place.key}.type").error(why, "allowed: cosign, static")
    fields = read(node, _COSIGN, dict.fromkeys(("rekorPubkey", "fulcio", "ctLogPubkey"), TRUST))
    for name, why in (
        ("auth", "is not carried over: pods' own pull secrets are used, and an image that cannot be read is refused"),
        ("cert", "is not carried over: name a ConfigMap with it as registry.caBundle of the chart"),
    ):
        if name in fields:
            findings.warn(fields.place_of(name), why)
    listed = fields.only_one("trustRoots", "trust_roots")
    roots = dict[str, Mapping[str, Content]]()
    for some in fields.items(listed, lambda each: _read_root(each, findings), MAX_VALIDATORS):
        for name, authority in some:
            roots[name] = authority
    return Validator(node.place, fields.required("name"), None, roots, _read_log(fields))


def _read_log(fields: Fields) -> str:
    host = fields.members.get("host")
    if host is None:
        return REKOR
    named = read_text(host) if isinstance(host, Word) else read(host, ("rekor",)).text("rekor")
    return REKOR if not named else named if "://" in named else f"https://{named}"


def _read_root(node: Node, findings: Findings) -> list[tuple[str, Mapping[str, Content]]]:
    fields = read(node, ("name", "key", "keyless"), dict.fromkeys(("cert", "fulcio", "ctLogPubkey"), TRUST))
    name = fields.required("name")
    if fields.only_one("key", "keyless") == "keyless":
        keyless = fields.members["keyless"]
        identity = identity_of(read(keyless, (*_IDENTITY, *_IDENTITY.values())), _IDENTITY)
        return [(name, {"name": name, "keyless": {"identities": [identity]}})]
    place = fields.place_of("key")
    keys = split_keys(fields.required("key"), place)
    if len(keys) > 1:
        raise place.error("has several keys", "write a trust root for each")
    return [(name, {"name": name, "key": key_of(keys[0], place, findings)})]


def convert_with(rule: Fields, validator: Validator, findings: Findings) -> Iterator[Signers]:
    """Yield what a rule demands of images, all of it.

    Raises:
        DocumentError: It names what is not there, or cannot be said.
    """
    fields = read(rule.members["with"], _WITH, {"delegations": "of Notary"}) if "with" in rule else None
    if validator.static is not None:
        yield Signers(({"name": "static", "static": {"action": validator.static.value}},))
        return
    roots = validator.roots or {}
    chosen = (fields and (fields.text("trustRoot") or fields.text("trust_root"))) or _DEFAULT
    names = list(roots) if chosen == _EACH else [chosen]
    required = fields.items("required", read_text, MAX_VALIDATORS) if fields else ()
    for name in (*names, *required):
        if name not in roots:
            raise rule.place.error(f"{name} is no trust root of {validator.name}", f"there are: {', '.join(roots)}")
    authorities = {name: _complete(roots[name], validator, fields, findings) for name in (*names, *required)}
    threshold = len(names)
    if fields and "threshold" in fields:
        threshold = fields.parsed("threshold", parse_count, getattr(fields.members["threshold"], "text", ""))
        if threshold > len(names):
            raise fields.error("threshold", f"{threshold} is more than there are: {len(names)}")
    for name in required:
        yield Signers((authorities[name],))
    yield Signers(tuple([authorities[name] for name in names]), threshold)


def _complete(
    root: Mapping[str, Content], validator: Validator, fields: Fields | None, findings: Findings
) -> Mapping[str, Content]:
    """Return an authority with what a rule says of logs."""
    logged = fields is None or (
        is_on(fields, "verifyInTransparencyLog") and is_on(fields, "verify_in_transparency_log")
    )
    keyless = root.get("keyless")
    found = dict(root)
    if isinstance(keyless, dict):
        if fields and not is_on(fields, "verifySCT"):
            found["keyless"] = {**keyless, "insecureIgnoreSCT": True}
        if fields and not logged:
            findings.warn(fields.place, "an entry of the log is still demanded: it shows when the certificate was used")
        return {**found, "ctlog": {"url": validator.log}}
    return {**found, "ctlog": {"url": validator.log}} if logged else found
